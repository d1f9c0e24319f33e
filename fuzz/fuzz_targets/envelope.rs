#![no_main]

use gatos::git::commit_id;
use gatos::id::{Blake3, Ns, Writer};
use gatos::ledger::{Check, Heads, Origin, decode};
use gatos::state::Proof;
use gatos::trust::{Signer, Verifier};
use libfuzzer_sys::fuzz_target;
use std::sync::LazyLock;

/// The journal to which every input claims to belong.
static ORIGIN: LazyLock<Origin> = LazyLock::new(|| {
    let key = *Signer::from_seed(&[1; 32]).public();
    let actor = "user:alice".parse().expect("an actor");
    let writer = Writer::new(&actor, &key, "aaaaaa".parse().expect("a replica"));
    Origin::new(Blake3([7; 32]), Ns::main(), key, writer).expect("the writer is named after the key")
});

fuzz_target!(|data: &[u8]| {
    let id = commit_id(data);
    // With the signature believed, everything behind it is reached.
    if let Ok(append) = decode(id, data, &ORIGIN, Check::Remembered) {
        assert!(!append.events.is_empty());
    }
    let verifier = Verifier::new(&ORIGIN.key).expect("a key that signs");
    if decode(id, data, &ORIGIN, Check::Hashed(&verifier)).is_ok() {
        assert!(decode(id, data, &ORIGIN, Check::Remembered).is_ok(), "checking more accepts less");
    }
    if let Ok(heads) = Heads::from_json(data) {
        assert_eq!(heads.to_json(), data);
    }
    if let Ok(proof) = Proof::from_json(data) {
        assert_eq!(proof.to_json(), data);
    }
});
