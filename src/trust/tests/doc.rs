use super::signer;
use crate::canon::{digest, json};
use crate::id::{Actor, Segment};
use crate::trust::{DocError, Origin, Roots, TrustDoc};

/// A genesis of two roots, the second without a vote to spare.
pub(super) fn genesis() -> TrustDoc {
    let actor = |name: &str| -> Actor { name.parse().unwrap() };
    let keys = |numbers: &[u8]| numbers.iter().map(|n| *signer(*n).public()).collect();
    TrustDoc {
        version: 1,
        origin: Origin::Genesis { nonce: [9; 16] },
        roots: Roots { threshold: 2, actors: vec![actor("user:bob"), actor("user:alice")] },
        actors: [
            (actor("user:alice"), keys(&[1, 2])),
            (actor("user:bob"), keys(&[3])),
            (actor("service:gate"), keys(&[4])),
            (actor("agent:gone"), keys(&[])),
        ]
        .into(),
        groups: [("leads".parse::<Segment>().unwrap(), vec![actor("user:bob"), actor("user:carol")])].into(),
    }
}

/// The version after a document, with nothing changed but what must be.
pub(super) fn next(doc: &TrustDoc) -> TrustDoc {
    let repo = match doc.origin {
        Origin::Genesis { .. } => doc.content_id(),
        Origin::Next { repo, .. } => repo,
    };
    let origin = Origin::Next { repo, prev: doc.content_id() };
    TrustDoc { version: doc.version + 1, origin, ..doc.clone() }
}

#[test]
fn must_write_the_bytes_that_the_format_shows() {
    let mut doc = genesis();
    doc.actors.retain(|a, _| a.as_str() == "user:alice");
    doc.actors.values_mut().for_each(|keys| keys.truncate(1));
    doc.roots = Roots { threshold: 1, actors: vec!["user:alice".parse().unwrap()] };
    let key = signer(1).public().to_string();
    let shown = format!(
        r#"{{"actors":{{"user:alice":{{"keys":["{key}"]}}}},"gatos":"trust/1","groups":{{"leads":["user:bob","user:carol"]}},"nonce":"{}","roots":{{"actors":["user:alice"],"threshold":1}},"version":1}}"#,
        "09".repeat(16)
    );
    assert_eq!(String::from_utf8(doc.encode()).unwrap(), shown);
    assert_eq!(doc.content_id(), digest::blake3(shown.as_bytes()));
    let second = String::from_utf8(next(&doc).encode()).unwrap();
    let middle = format!(r#","prev":"{0}","repo":"{0}","roots":"#, doc.content_id());
    assert!(second.contains(&middle) && second.ends_with(r#""version":2}"#), "{second}");
}

#[test]
fn a_document_is_read_back() {
    for doc in [genesis(), next(&genesis()), next(&next(&genesis()))] {
        assert_eq!(TrustDoc::parse(&doc.encode()).unwrap(), doc);
    }
}

#[test]
fn a_document_answers_who_is_who() {
    let doc = genesis();
    let [alice, gate, nobody] = ["user:alice", "service:gate", "user:nobody"].map(|n| n.parse::<Actor>().unwrap());
    assert_eq!(doc.keys_of(&alice), [*signer(1).public(), *signer(2).public()]);
    assert!(doc.keys_of(&nobody).is_empty());
    assert!(doc.is_root(&alice) && !doc.is_root(&gate));
    assert_eq!(doc.holder(signer(4).public()), Some(&gate));
    assert_eq!(doc.holder(signer(5).public()), None);
}

#[test]
fn several_keys_of_one_root_are_one_vote() {
    let votes = |by: &[u8]| genesis().votes(&by.iter().map(|n| *signer(*n).public()).collect::<Vec<_>>());
    assert_eq!([votes(&[]), votes(&[1]), votes(&[1, 2]), votes(&[1, 3]), votes(&[4, 5])], [0, 1, 1, 2, 0]);
}

/// The reason why a text that was changed in one place is refused.
fn refused(doc: &TrustDoc, from: &str, to: &str) -> DocError {
    let text = String::from_utf8(doc.encode()).unwrap();
    let changed = text.replacen(from, to, 1);
    assert_ne!(changed, text, "{from}");
    TrustDoc::parse(changed.as_bytes()).expect_err(&changed)
}

#[test]
fn must_refuse_bytes_that_are_not_canonical() {
    for (from, to) in [("{", "{ "), ("trust/1", "trust\\/1"), ("\"version\":1}", "\"version\":1}\n"), (":2}", ":2.0}")]
    {
        let why = refused(&genesis(), from, to);
        assert!(matches!(&why, DocError::Json(e) if e.code() == "JSON_NOT_CANONICAL"), "{why}");
    }
    let doubled = refused(&genesis(), "\"version\":1", "\"version\":1,\"version\":1");
    assert_eq!(doubled.code(), "JSON_DUPLICATE");
}

#[test]
fn must_refuse_documents_that_break_a_rule() {
    let (first, second) = (genesis(), next(&genesis()));
    let key = |n: u8| signer(n).public().to_string();
    let cases = [
        (&first, "trust/1", "trust/2", "gatos"),
        (&first, "\"version\":1", "\"version\":0", "version"),
        (&first, "\"version\":1", "\"version\":4294967296", "version"),
        (&first, "\"version\":1", "\"version\":\"1\"", "version"),
        (&first, "\"version\":1", "\"version\":2", "the document, nonce"),
        (&second, "\"version\":2", "\"version\":1", "the document, prev"),
        (&first, "\"nonce\":\"0909", "\"nonce\":\"09", "nonce"),
        (&first, "\"nonce\":\"09", "\"nonce\":\"0A", "nonce"),
        (&first, "\"nonce\":\"09", "\"nonce\":\"0909", "nonce"),
        (&second, "\"prev\":\"blake3:", "\"prev\":\"sha256:", "prev"),
        (&second, "\"repo\":\"blake3:", "\"repo\":\"", "repo"),
        (&first, "\"groups\":", "\"grants\":{},\"groups\":", "the document, grants"),
        (&first, ",\"threshold\":2", "", "roots, threshold"),
        (&first, "\"threshold\":2", "\"threshold\":0", "threshold"),
        (&first, "\"threshold\":2", "\"threshold\":3", "roots.threshold"),
        (&first, "\"threshold\":2", "\"threshold\":2,\"zeal\":1", "roots, zeal"),
        (&first, "[\"user:bob\",\"user:alice\"]", "[\"user:bob\",\"user:bob\"]", "roots.actors"),
        (&first, "[\"user:bob\",\"user:alice\"]", "[\"user:bob\",\"agent:gone\"]", "agent:gone"),
        (&first, "[\"user:bob\",\"user:alice\"]", "[\"user:bob\",\"user:zoe\"]", "user:zoe"),
        (&first, "[\"user:bob\",\"user:alice\"]", "[\"user:bob\",7]", "roots.actors"),
        (&first, "\"user:bob\":{", "\"user:boB\":{", "actors[user:boB]"),
        (&first, "\"user:bob\":{\"keys\"", "\"user:bob\":{\"key\"", "actors[user:bob], key"),
        (&first, "\"agent:gone\":{\"keys\":[]}", "\"agent:gone\":[]", "actors[agent:gone]"),
        (&first, "\"leads\":[", "\"Leads\":[", "groups[Leads]"),
        (&first, "\"leads\":[\"user:bob\"", "\"leads\":[\"user:carol\"", "groups[leads]"),
        (&first, &key(2), &key(1), "actors[user:alice]"),
        (&first, &key(4), &key(3), &key(3)),
        (&first, &key(4), &key(4).to_uppercase(), "actors[service:gate]"),
    ];
    for (doc, from, to, place) in cases {
        match refused(doc, from, to) {
            DocError::Rule { place: found, .. } => assert_eq!(found, place, "{from} -> {to}"),
            other => panic!("{from} -> {to}: {other}"),
        }
    }
}

#[test]
fn must_refuse_other_values_and_long_files() {
    for text in ["[]", "null", "7", "{}", "\"trust/1\""] {
        assert!(TrustDoc::parse(text.as_bytes()).is_err(), "{text}");
    }
    let long = json::document(&crate::canon::Value::from("x".repeat(1 << 20))).unwrap();
    assert!(matches!(TrustDoc::parse(&long), Err(DocError::Rule { why: "it is longer than 1 MiB", .. })));
}

#[test]
fn must_accept_only_what_it_would_write() {
    let bytes = next(&genesis()).encode();
    let mut accepted = 0;
    for at in 0..bytes.len() {
        for byte in (0..=u8::MAX).filter(|byte| *byte != bytes[at]) {
            let mut changed = bytes.clone();
            changed[at] = byte;
            if let Ok(doc) = TrustDoc::parse(&changed) {
                assert_eq!(doc.encode(), changed, "byte {at}");
                accepted += 1;
            }
        }
    }
    assert!(accepted > 1000, "other digits make other documents: {accepted}");
}

#[test]
fn a_message_repeats_no_control_characters() {
    let why = refused(&genesis(), "\"version\":1", "\"version\":1,\"\u{7f}\\u001b[31m\":1");
    assert_eq!(why.to_string(), "the document, \\u{7f}\\u{1b}[31m: this field has no place here");
}
