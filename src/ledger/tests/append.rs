use super::*;
use crate::git::commit_id;
use crate::ledger::{Check, Fault, decode};
use crate::trust::Verifier;

fn check(origin: &Origin, raw: &[u8]) -> Result<super::super::Append, Fault> {
    let verifier = Verifier::new(&origin.key).unwrap();
    decode(commit_id(raw), raw, origin, Check::Hashed(&verifier))
}

fn code(origin: &Origin, raw: &[u8]) -> &'static str {
    check(origin, raw).unwrap_err().code
}

fn edit(raw: &[u8], from: &str, to: &str) -> Vec<u8> {
    let text = std::str::from_utf8(raw).unwrap();
    assert!(text.contains(from), "{from} is not in {text}");
    text.replacen(from, to, 1).into_bytes()
}

#[test]
fn one_event_reads_as_people_expect() {
    let (_, built) = journal(1, "aaaaaa", &[draft(1, r#"{"n":10}"#)], 1);
    let text = String::from_utf8(built.commits[0].1.clone()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "tree 4b825dc642cb6eb9a060e54bf8d69288fbee4904");
    assert!(lines[1].starts_with("author user:alice <user.alice+"), "{}", lines[1]);
    assert!(lines[1].ends_with(".aaaaaa@gatos> 1795251600 +0000"), "{}", lines[1]);
    assert_eq!(lines[1].replacen("author", "committer", 1), lines[2]);
    assert_eq!(&lines[3..6], ["", "add {\"n\":10}", ""]);
    assert!(lines[6].starts_with("{\"actor\":\"user:alice\",\"clock\":1,\"gatos\":\"event/1\",\"key\":\"ed25519:"));
    assert_eq!(lines[7], "");
    assert!(lines[8].starts_with("Event-CID: bafyr4i"));
    assert_eq!(lines[9], "Sig-Alg: ed25519");
    assert!(lines[10].starts_with("Sig: ed25519:") && lines.len() == 11);
    assert!(text.ends_with('\n') && !text.ends_with("\n\n"));
}

#[test]
fn a_group_is_signed_by_its_root_and_counts_in_its_subject() {
    let (origin, built) = journal(1, "aaaaaa", &numbers(0..5), 3);
    assert_eq!(built.commits.len(), 2);
    let text = String::from_utf8(built.commits[0].1.clone()).unwrap();
    assert!(text.contains("\n\nadd {\"n\":0} (+2)\n\n"), "{text}");
    assert!(text.contains("\nEvents: 3\nEvents-Root: blake3:"), "{text}");
    let second = check(&origin, &built.commits[1].1).unwrap();
    assert_eq!(second.parent, Some(built.commits[0].0));
    assert_eq!(second.events.iter().map(|e| e.header.seq).collect::<Vec<_>>(), [4, 5]);
}

#[test]
fn a_long_subject_is_cut_at_72_scalars() {
    let payload = format!("{{\"text\":\"{}\"}}", "ä".repeat(100));
    let (origin, built) = journal(1, "aaaaaa", &[draft(1, &payload)], 1);
    let append = check(&origin, &built.commits[0].1).unwrap();
    let text = String::from_utf8(built.commits[0].1.clone()).unwrap();
    assert_eq!(text.lines().nth(4).unwrap().chars().count(), 72);
    assert_eq!(append.events[0].payload().get("text").and_then(Value::as_str).unwrap().chars().count(), 100);
}

#[test]
fn every_changed_byte_is_refused() {
    for group in [1, 3] {
        let (origin, built) = journal(1, "aaaaaa", &numbers(0..3), group);
        let (id, raw) = &built.commits[0];
        check(&origin, raw).unwrap();
        for at in 0..raw.len() {
            for flip in [0x01, 0x20] {
                let mut bad = raw.clone();
                bad[at] ^= flip;
                assert!(check(&origin, &bad).is_err(), "byte {at} of {group}: {}", String::from_utf8_lossy(&bad));
                // Under the old id the bytes do not even pass where the signature is believed.
                let verifier = Verifier::new(&origin.key).unwrap();
                assert!(decode(*id, &bad, &origin, Check::Hashed(&verifier)).is_err());
            }
        }
    }
}

#[test]
fn each_rule_has_its_code() {
    let (origin, built) = journal(1, "aaaaaa", &numbers(0..2), 1);
    let raw = &built.commits[1].1;
    let parent = built.commits[0].0;
    assert_eq!(code(&origin, &edit(raw, "4b825dc642cb", "5b825dc642cb")), "tree.shape");
    let two = edit(raw, &format!("parent {parent}\n"), &format!("parent {parent}\nparent {parent}\n"));
    assert_eq!(code(&origin, &two), "journal.linear");
    assert_eq!(code(&origin, &edit(raw, "Sig: ed25519:", "Sug: ed25519:")), "sig.none");
    let sig = String::from_utf8(raw.clone()).unwrap();
    let sig = sig.lines().last().unwrap().to_owned();
    let other = if sig.ends_with('0') { '1' } else { '0' };
    let forged = format!("{}{other}", &sig[..sig.len() - 1]);
    assert_eq!(code(&origin, &edit(raw, &sig, &forged)), "sig.bad");
    assert_eq!(code(&origin, &edit(raw, "Event-CID: bafyr4i", "Event-CID: bafyr4j")), "append.cid");
    assert_eq!(code(&origin, &edit(raw, "add {", "bad {")), "append.bytes");
    assert_eq!(code(&origin, &edit(raw, "\"n\":1},\"policy", "\"n\":01},\"policy")), "event.form");
    assert_eq!(code(&origin, &edit(raw, "{\"actor\"", "{ \"actor\"")), "append.bytes");
    assert_eq!(code(&origin, &edit(raw, "\"ns\":\"main\"", "\"ns\":\"prod\"")), "event.bound");
    assert_eq!(code(&origin, &edit(raw, "\"replica\":\"aaaaaa\"", "\"replica\":\"bbbbbb\"")), "event.bound");
    assert_eq!(code(&origin, &edit(raw, "\"seq\":2", "\"seq\":0")), "event.form");
    let (strange, _) = journal(2, "aaaaaa", &numbers(0..1), 1);
    assert_eq!(code(&strange, raw), "event.bound");
    let grouped = journal(1, "aaaaaa", &numbers(0..3), 3).1;
    assert_eq!(
        code(&origin, &edit(&grouped.commits[0].1, "Events-Root: blake3:", "Events-Root: blake4:")),
        "append.root"
    );
}

#[test]
fn a_stored_id_that_is_not_the_hash_is_refused() {
    let (origin, built) = journal(1, "aaaaaa", &numbers(0..1), 1);
    let verifier = Verifier::new(&origin.key).unwrap();
    let fault = decode(Oid([9; 20]), &built.commits[0].1, &origin, Check::Hashed(&verifier)).unwrap_err();
    assert_eq!(fault.code, "object.hash");
}

#[test]
fn drafts_are_refused_by_the_rules_of_a_payload() {
    let code = |payload: &str| {
        let value = json::parse(payload.as_bytes()).unwrap();
        Draft::new("add".parse().unwrap(), value, ulid(1), None).map_err(|e| e.code())
    };
    assert_eq!(code("0.1").map(|d| d.payload_json), Ok("0.1".to_owned()));
    assert_eq!(code("0.1000000000000001"), Err("PAYLOAD_NUMBER"));
    assert_eq!(code("1e300"), Err("PAYLOAD_NUMBER"));
    assert_eq!(code(&format!("{}{}", "[".repeat(61), "]".repeat(61))), Err("PAYLOAD_DEPTH"));
    assert!(code(&format!("{}{}", "[".repeat(60), "]".repeat(60))).is_ok());
    assert_eq!(code(&format!("\"{}\"", "x".repeat((64 << 10) - 1))), Err("PAYLOAD_SIZE"));
    assert!(code(&format!("\"{}\"", "x".repeat((64 << 10) - 2))).is_ok());
}

#[test]
fn a_journal_refuses_what_does_not_continue_it() {
    let (origin, built) = journal(1, "aaaaaa", &numbers(0..4), 1);
    let appends: Vec<_> = built.commits.iter().map(|(_, raw)| check(&origin, raw).unwrap()).collect();
    let mut at = Position::default();
    at.accept(&appends[0]).unwrap();
    let before = at;
    assert_eq!(at.accept(&appends[2]).unwrap_err().code, "journal.linear");
    assert_eq!(at, before, "a refused append moves nothing");
    // The same place said twice, with a parent that is right: the chain of CIDs decides.
    let forged = seal(
        &origin,
        Position { seq: 1, clock: 1, cid: Some(appends[1].events[0].cid), commit: None },
        1,
        &numbers(9..10),
    );
    let forged = build(&origin, &signer(1), Some(built.commits[0].0), &forged, 1).unwrap();
    let forged = check(&origin, &forged.commits[0].1).unwrap();
    assert_eq!(at.accept(&forged).unwrap_err().code, "event.chain");
    for append in &appends[1..] {
        at.accept(append).unwrap();
    }
    assert_eq!((at.seq, at.clock), (4, 4));
}

#[test]
fn signatures_made_on_many_threads_stay_in_order() {
    let (origin, built) = journal(1, "aaaaaa", &numbers(0..100), 1);
    let mut at = Position::default();
    for (_, raw) in &built.commits {
        at.accept(&check(&origin, raw).unwrap()).unwrap();
    }
    assert_eq!(at.seq, 100);
}
