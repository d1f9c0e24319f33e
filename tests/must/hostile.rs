//! What strangers may put into a journal or a commit message: no bytes make a reader panic, and none are read as
//! something that their writer did not sign. JSON, CBOR, ELC and Lua source have the same in their own rooms.

use gatos::canon::{Map, Value, json, trailers};
use gatos::git::commit_id;
use gatos::id::{Blake3, Ns, Oid, Ulid, Writer};
use gatos::ledger::{Check, Draft, Heads, Origin, Pen, Position, build, decode};
use gatos::state::Proof;
use gatos::trust::{Signer, Verifier};
use proptest::prelude::*;
use proptest::sample::Index;
use proptest::test_runner::{Config, RngAlgorithm, TestCaseError, TestRng, TestRunner};

const CASES: u32 = 200;

/// The same cases in each run.
fn run<S: Strategy>(strategy: S, test: impl Fn(S::Value) -> Result<(), TestCaseError>) {
    let config = Config { cases: CASES, failure_persistence: None, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::deterministic_rng(RngAlgorithm::ChaCha));
    runner.run(&strategy, test).unwrap_or_else(|e| panic!("{e}"));
}

fn origin() -> (Origin, Signer) {
    let signer = Signer::from_seed(&[1; 32]);
    let writer = Writer::new(&"user:alice".parse().unwrap(), signer.public(), "aaaaaa".parse().unwrap());
    (Origin::new(Blake3([7; 32]), Ns::main(), *signer.public(), writer).unwrap(), signer)
}

/// Appends of one event and of several, behind each other.
fn appends(origin: &Origin, signer: &Signer) -> Vec<Vec<u8>> {
    let payloads = [r#"{"n":1}"#, r#"{"text":"ä \n\n Sig: ed25519:"}"#, "[[],{}]", "0.5", "null", r#""Event-CID: x""#];
    let mut pen = Pen::new(origin, Oid([3; 20]), Position::default(), 0);
    let mut sealed = Vec::new();
    for (n, payload) in payloads.iter().enumerate() {
        let payload = json::parse(payload.as_bytes()).unwrap();
        let ulid = Ulid::from_parts(1_700_000_000_000, [n as u8; 10]).unwrap();
        let draft = Draft::new("add".parse().unwrap(), payload, ulid, None).unwrap();
        sealed.push(pen.seal(&draft, "2026-11-21T09:00:00Z".parse().unwrap()));
    }
    let mut raws = Vec::new();
    for group in [1, 2, 6] {
        raws.extend(build(origin, signer, None, &sealed, group).unwrap().commits.into_iter().map(|(_, raw)| raw));
    }
    raws
}

/// A change of some bytes: another byte, some gone, some twice, some from elsewhere, a word that means something.
#[derive(Debug, Clone)]
enum Change {
    Byte(Index, u8),
    Remove(Index, usize),
    Double(Index, usize),
    Splice(Index, Index, Index, usize),
    Word(Index, &'static str),
    Cut(Index),
}

const WORDS: [&str; 24] = [
    "\n\n",
    "\n",
    "{",
    "}",
    "\"",
    "[",
    "Sig: ed25519:",
    "Event-CID: ",
    "Events: 2\n",
    "parent ",
    "tree ",
    "\"seq\":1,",
    "1e999",
    "9007199254740993",
    "-0",
    "\\ud800",
    "\u{0}",
    "\u{FEFF}",
    "\"sig\":1,",
    "\"actor\"",
    "\"prev\":null,",
    "{}",
    "\r\n",
    "\u{1F600}",
];

fn change() -> impl Strategy<Value = Change> {
    let at = any::<Index>;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(i, b)| Change::Byte(i, b)),
        (at(), 1usize..80).prop_map(|(i, n)| Change::Remove(i, n)),
        (at(), 1usize..80).prop_map(|(i, n)| Change::Double(i, n)),
        (at(), at(), at(), 1usize..300).prop_map(|(i, from, j, n)| Change::Splice(i, from, j, n)),
        (at(), prop::sample::select(WORDS.to_vec())).prop_map(|(i, w)| Change::Word(i, w)),
        at().prop_map(Change::Cut),
    ]
}

fn apply(bytes: &mut Vec<u8>, all: &[Vec<u8>], change: &Change) {
    if bytes.is_empty() {
        return;
    }
    let len = bytes.len();
    let end = |at: usize, n: usize| (at + n).min(len);
    match change {
        Change::Byte(i, byte) => bytes[i.index(len)] = *byte,
        Change::Remove(i, n) => drop(bytes.drain(i.index(len)..end(i.index(len), *n))),
        Change::Double(i, n) => {
            let part = bytes[i.index(len)..end(i.index(len), *n)].to_vec();
            bytes.splice(i.index(len)..i.index(len), part);
        }
        Change::Splice(i, from, j, n) => {
            let from = from.get(all);
            let part = &from[j.index(from.len())..(j.index(from.len()) + n).min(from.len())];
            bytes.splice(i.index(len)..i.index(len), part.iter().copied());
        }
        Change::Word(i, word) => drop(bytes.splice(i.index(len)..i.index(len), word.bytes())),
        Change::Cut(i) => bytes.truncate(i.index(len)),
    }
}

/// A valid text of some, and a few changes to it.
fn changed() -> impl Strategy<Value = (Index, Vec<Change>)> {
    (any::<Index>(), prop::collection::vec(change(), 1..4))
}

fn make(all: &[Vec<u8>], which: &Index, changes: &[Change]) -> Vec<u8> {
    let mut bytes = which.get(all).clone();
    changes.iter().for_each(|change| apply(&mut bytes, all, change));
    bytes
}

#[test]
fn must_not_crash_on_appends() {
    let (origin, signer) = origin();
    let all = appends(&origin, &signer);
    let verifier = Verifier::new(&origin.key).unwrap();
    for raw in &all {
        decode(commit_id(raw), raw, &origin, Check::Hashed(&verifier)).unwrap();
    }
    run(changed(), |(which, changes)| {
        let raw = make(&all, &which, &changes);
        // Under its right id, as a stranger pushes it, and with the signature believed, as after a first look.
        for check in [Check::Hashed(&verifier), Check::Remembered] {
            if let Ok(append) = decode(commit_id(&raw), &raw, &origin, check) {
                prop_assert!(!append.events.is_empty());
                // What names no parent is not signed: the chain of CIDs says where an append stands.
                let known = all.iter().any(|good| without_parent(good) == without_parent(&raw));
                prop_assert!(known || matches!(check, Check::Remembered), "{}", String::from_utf8_lossy(&raw));
            }
        }
        Ok(())
    });
}

fn without_parent(raw: &[u8]) -> String {
    let text = String::from_utf8_lossy(raw);
    text.split('\n').filter(|line| !line.starts_with("parent ")).collect::<Vec<_>>().join("\n")
}

/// What a field may be replaced by: other types, other forms of the same type, the edges of numbers.
const ODD: [&str; 21] = [
    "null",
    "true",
    "0",
    "-1",
    "1",
    "9007199254740991",
    "0.5",
    "1e300",
    "[]",
    "{}",
    "[[[]]]",
    r#""""#,
    r#""A B""#,
    r#""\u0000""#,
    r#""2026-02-30T00:00:00Z""#,
    r#""bafyr4i""#,
    r#""ed25519:00""#,
    r#""7ZZZZZZZZZZZZZZZZZZZZZZZZZ""#,
    r#""0000000000000000000000000000000000000000""#,
    r#""user:alice""#,
    r#""event/1""#,
];
const FIELDS: [&str; 17] = [
    "actor",
    "caps",
    "clock",
    "gatos",
    "key",
    "more",
    "ns",
    "payload",
    "policy_root",
    "prev",
    "replica",
    "repo",
    "seq",
    "sig",
    "ts",
    "type",
    "ulid",
];

/// The envelope with a field that is another, or gone; one that is not there yet is added.
fn with_field(envelope: &Map, field: &'static str, value: Option<&str>) -> Map {
    let mut envelope = envelope.clone();
    match value {
        Some(value) => drop(envelope.insert(field, json::parse(value.as_bytes()).unwrap())),
        None => drop(envelope.remove(field)),
    }
    envelope
}

fn line_of(envelope: Map) -> Vec<u8> {
    let mut line = Vec::new();
    json::write(&Value::Map(envelope), &mut line).unwrap();
    line
}

#[test]
fn must_not_crash_on_envelopes() {
    let (origin, signer) = origin();
    let all = appends(&origin, &signer);
    let text = String::from_utf8(all[1].clone()).unwrap();
    let old = text.lines().find(|l| l.starts_with("{\"actor\"")).expect("an envelope");
    let (before, after) = text.split_once(old).expect("it stands there");
    // The commit is put together again around the envelope, so that its surroundings do not give the change away first.
    let look = |line: &[u8]| {
        let raw = [before.as_bytes(), line, after.as_bytes()].concat();
        decode(commit_id(&raw), &raw, &origin, Check::Remembered)
    };
    let refuses = |line: &[u8]| {
        if line != old.as_bytes() {
            let fault = look(line).expect_err("it is not what was sealed");
            assert!(fault.code.contains('.') && !fault.sentence.is_empty(), "{fault:?}");
        }
    };
    look(old.as_bytes()).unwrap();
    let envelope = json::parse(old.as_bytes()).unwrap().as_map().expect("an object").clone();
    for field in FIELDS {
        refuses(&line_of(with_field(&envelope, field, None)));
        ODD.iter().for_each(|odd| refuses(&line_of(with_field(&envelope, field, Some(odd)))));
    }
    let pick = || (prop::sample::select(FIELDS.to_vec()), prop::sample::select(ODD.to_vec()));
    run((pick(), pick(), prop::collection::vec(change(), 0..3)), |(one, two, changes)| {
        let twice = with_field(&with_field(&envelope, one.0, Some(one.1)), two.0, Some(two.1));
        let mut line = line_of(twice);
        changes.iter().for_each(|change| apply(&mut line, &all, change));
        refuses(&line);
        Ok(())
    });
}

#[test]
fn must_not_crash_on_windows_and_proofs() {
    let window =
        br#"[{"head":"0303030303030303030303030303030303030303","journal":"user.alice+8a88e3dd.aaaaaa","seq":3}]"#
            .to_vec();
    let cid = r#""bafyr4iffxnzjm7yiu2lqqjvmdkwp46rbp3iemcq6mxqfbfmllnm2zpytuq""#;
    let root = format!("\"blake3:{}\"", "07".repeat(32));
    let sha = format!("\"sha256:{}\"", "07".repeat(32));
    let commit = format!("\"{}\"", "03".repeat(20));
    let proof = format!(
        "{{\"base\":{{\"checkpoint\":{commit},\"state_root\":{root}}},\"events\":2,\"fold_id\":\"main\",\"fold_root\":{sha},\
         \"gatos\":\"fold/1\",\"ledger_end\":{cid},\"ledger_start\":{cid},\"ns\":\"main\",\"policy_code_root\":{sha},\
         \"policy_root\":{commit},\"repo\":{root},\"reverted\":[{{\"cid\":{cid},\"class\":\"type\"}}],\"state_root\":{root},\
         \"window_root\":{root}}}"
    );
    Heads::from_json(&window).unwrap();
    Proof::from_json(proof.as_bytes()).unwrap();
    let all = [window, proof.into_bytes()];
    run(changed(), |(which, changes)| {
        let bytes = make(&all, &which, &changes);
        if let Ok(heads) = Heads::from_json(&bytes) {
            prop_assert_eq!(heads.to_json(), &bytes[..]);
        }
        if let Ok(proof) = Proof::from_json(&bytes) {
            prop_assert_eq!(proof.to_json(), bytes);
        }
        Ok(())
    });
}

#[test]
fn must_not_crash_on_trailers() {
    let good = b"subject\n\nbody: of text\n\nState-Root: blake3:00\nLedger-Head: 00\nState-Root: blake3:01\n".to_vec();
    let all = [good, b"a\n\nKey: value\n".to_vec()];
    run(changed(), |(which, changes)| {
        let bytes = make(&all, &which, &changes);
        let message = String::from_utf8_lossy(&bytes);
        let read = trailers::read(&message);
        for (name, value) in &read {
            let line = format!("\n{name}: {value}\n");
            prop_assert!(message.contains(&line), "{line:?} does not stand in {message:?}");
            if let Some(only) = trailers::once(&read, name) {
                prop_assert_eq!(only, *value);
            }
        }
        Ok(())
    });
}
