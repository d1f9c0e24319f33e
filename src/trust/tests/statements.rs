//! Grants and revocations: their documents, and what the judge makes of them.

use super::doc::{genesis, next};
use super::judge::{Files, files, first, oid};
use super::signer;
use crate::id::{Actor, Cid, PublicKey, Timestamp, Ulid, Writer};
use crate::trust::judge::{DOC, SIGNATURES, judge};
use crate::trust::statement::{OF_ROOTS, STATEMENTS_MAX};
use crate::trust::{
    Cap, Grant, GrantState, Graph, GraphFault, Proposal, Revocation, Said, Statement, Target, TrustDoc, Void,
};
use std::collections::BTreeMap;

fn actor(name: &str) -> Actor {
    name.parse().unwrap()
}

fn cap(text: &str) -> Cap {
    text.parse().unwrap()
}

fn ulid(n: u8) -> Ulid {
    Ulid::from_parts(u64::from(n), [n; 10]).unwrap()
}

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn key(n: u8) -> PublicKey {
    *signer(n).public()
}

/// alice (keys 1, 2) and bob (3) are roots, two must sign; the gate has key 4. Carol (5) and dave (6) are let in.
fn graph() -> Graph {
    let mut doc = next(&genesis());
    doc.actors.insert(actor("user:carol"), vec![key(5)]);
    doc.actors.insert(actor("user:dave"), vec![key(6)]);
    judge(oid(2), &files(&doc, &[1, 3]), Some(first())).unwrap()
}

fn grant(graph: &Graph, n: u8, from: &str, to: &str, caps: &[&str], exp: Option<&str>) -> Said {
    Said::Grant(Grant {
        repo: graph.repo(),
        ulid: ulid(n),
        issuer: actor(from),
        subject: actor(to),
        caps: caps.iter().map(|c| cap(c)).collect(),
        exp: exp.map(time),
    })
}

fn revocation(graph: &Graph, n: u8, target: Target, from: Option<BTreeMap<Writer, Vec<Cid>>>) -> Said {
    Said::Revocation(Revocation { repo: graph.repo(), ulid: ulid(n), target, reason: "test".into(), from })
}

/// The files that a commit with these statements brings.
fn brought(graph: &Graph, said: &[(Said, &[u8])]) -> Files {
    let mut files = vec![(DOC.to_owned(), graph.current().encode()), (SIGNATURES.to_owned(), Vec::new())];
    for (said, by) in said {
        let bytes = said.encode();
        let signatures: Vec<_> =
            by.iter().map(|n| crate::trust::dsse::sign(said.kind(), &bytes, &signer(*n)).unwrap()).collect();
        let (document, beside) = said.paths();
        files.push((document, bytes));
        files.push((beside, crate::trust::dsse::encode(&signatures)));
    }
    files
}

fn said(graph: &Graph, commit: u8, said: Said, by: &[u8]) -> Result<Graph, GraphFault> {
    judge(oid(commit), &brought(graph, &[(said, by)]), Some(graph.clone()))
}

/// The bytes of a grant and of the revocation of a key.
pub(super) fn samples() -> (Vec<u8>, Vec<u8>) {
    let graph = graph();
    let given = grant(&graph, 7, "user:alice", "agent:clerk", &["job:work"], Some("2027-01-01T00:00:00Z"));
    let writer: Writer = format!("user.carol+{}.k7q2mz", key(5).key8()).parse().unwrap();
    let from = BTreeMap::from([(writer, vec![Cid([3; 32])])]);
    (given.encode(), revocation(&graph, 8, Target::Key(key(5)), Some(from)).encode())
}

#[test]
fn documents_are_read_back_and_show_the_bytes_of_the_format() {
    let graph = graph();
    let Said::Grant(g) =
        grant(&graph, 7, "user:alice", "agent:clerk", &["journal:append:finance"], Some("2027-01-01T00:00:00Z"))
    else {
        unreachable!()
    };
    let shown = format!(
        r#"{{"caps":["journal:append:finance"],"exp":"2027-01-01T00:00:00Z","gatos":"capability/1","issuer":"user:alice","repo":"{}","subject":"agent:clerk","ulid":"{}"}}"#,
        graph.repo(),
        ulid(7)
    );
    assert_eq!(String::from_utf8(g.encode()).unwrap(), shown);
    assert_eq!(Grant::parse(&g.encode()).unwrap(), g);
    let writer: Writer = format!("user.carol+{}.k7q2mz", key(5).key8()).parse().unwrap();
    let last = Cid([3; 32]);
    let from = BTreeMap::from([(writer.clone(), vec![last])]);
    let Said::Revocation(r) = revocation(&graph, 8, Target::Key(key(5)), Some(from)) else { unreachable!() };
    let shown = format!(
        r#"{{"from":{{"{writer}":"{last}"}},"gatos":"revocation/1","reason":"test","repo":"{}","target":"{}","ulid":"{}"}}"#,
        graph.repo(),
        key(5),
        ulid(8)
    );
    assert_eq!(String::from_utf8(r.encode()).unwrap(), shown);
    assert_eq!(Revocation::parse(&r.encode()).unwrap(), r);
    let mut two = [Cid([9; 32]), Cid([4; 32])];
    two.sort_by_key(Cid::to_string);
    let several = Revocation { from: Some(BTreeMap::from([(writer, two.to_vec())])), ..r };
    assert_eq!(Revocation::parse(&several.encode()).unwrap(), several);
}

#[test]
fn must_refuse_grants_and_revocations_that_break_a_rule() {
    let graph = graph();
    let good = String::from_utf8(
        grant(&graph, 7, "user:alice", "agent:clerk", &["job:work"], Some("2027-01-01T00:00:00Z")).encode(),
    );
    let good = good.unwrap();
    assert!(Grant::parse(good.as_bytes()).is_ok());
    for (from, to) in [
        ("capability/1", "capability/2"),
        ("[\"job:work\"]", "[]"),
        ("[\"job:work\"]", "[\"job:work\",\"job:work\"]"),
        ("job:work", "job"),
        ("\"caps\":", "\"cap\":"),
        ("user:alice", "alice"),
        ("agent:clerk", "Agent:clerk"),
        ("2027-01-01T00:00:00Z", "2027-01-01"),
        ("\"exp\":", "\"expires\":"),
        ("\"gatos\"", " \"gatos\""),
        ("\"ulid\":\"0", "\"ulid\":\"8"),
        ("blake3:", "sha256:"),
    ] {
        assert!(good.contains(from), "{from}");
        assert!(Grant::parse(good.replacen(from, to, 1).as_bytes()).is_err(), "{from} -> {to}");
    }
    let writer = format!("user.carol+{}.k7q2mz", key(5).key8());
    let from = BTreeMap::from([(writer.parse().unwrap(), vec![Cid([3; 32])])]);
    let good = String::from_utf8(revocation(&graph, 8, Target::Key(key(5)), Some(from)).encode()).unwrap();
    let cid = Cid([3; 32]).to_string();
    for (from, to) in [
        ("revocation/1".to_owned(), "revocation/2".to_owned()),
        (format!("\"{cid}\""), "[]".to_owned()),
        (format!("\"{cid}\""), format!("[\"{cid}\"]")),
        (format!("\"{cid}\""), format!("[\"{cid}\",\"{cid}\"]")),
        (cid.clone(), "x".to_owned()),
        (".k7q2mz".to_owned(), String::new()),
        ("\"test\"".to_owned(), "\"\"".to_owned()),
        ("\"test\"".to_owned(), "\"a\\nb\"".to_owned()),
        ("\"test\"".to_owned(), format!("\"{}\"", "x".repeat(1001))),
        (key(5).to_string(), "user:carol".to_owned()),
        (key(5).to_string(), ulid(3).to_string()),
        ("\"reason\"".to_owned(), "\"why\"".to_owned()),
    ] {
        assert!(good.contains(&from), "{from}");
        assert!(Revocation::parse(good.replacen(&from, &to, 1).as_bytes()).is_err(), "{from} -> {to}");
    }
}

#[test]
fn must_let_nobody_give_what_he_does_not_hold() {
    let graph = graph();
    let clerk = actor("agent:clerk");
    let one = said(
        &graph,
        3,
        grant(&graph, 1, "user:alice", "user:carol", &["journal:append:fin*", "trust:grant"], None),
        &[1],
    )
    .unwrap();
    assert!(one.holds(&actor("user:carol"), &cap("journal:append:finance"), None));
    let hand = |caps: &[&str], exp: Option<&str>, by: &[u8]| {
        said(&one, 4, grant(&one, 2, "user:carol", "agent:clerk", caps, exp), by).map(|g| g.caps_of(&clerk, None))
    };
    assert_eq!(hand(&["journal:append:finance"], None, &[5]), Ok(vec![cap("journal:append:finance")]));
    let overreach = |cap_text: &str| Err(GraphFault::Overreach { issuer: actor("user:carol"), cap: cap(cap_text) });
    assert_eq!(hand(&["journal:append:*"], None, &[5]), overreach("journal:append:*"));
    assert_eq!(hand(&["journal:append:finance", "job:work"], None, &[5]), overreach("job:work"));
    assert_eq!(hand(&["gate:receipt"], None, &[5]), overreach("gate:receipt"));
    // Another's signature, and roots that do not speak for carol.
    for by in [&[1, 3][..], &[6], &[9]] {
        assert!(matches!(hand(&["journal:append:finance"], None, by), Err(GraphFault::Unsigned { .. })), "{by:?}");
    }
    // Who holds something but not trust:grant gives nothing on.
    let two = said(&one, 4, grant(&one, 2, "user:carol", "user:dave", &["journal:append:fin"], None), &[5]).unwrap();
    let on = said(&two, 5, grant(&two, 3, "user:dave", "agent:clerk", &["journal:append:fin"], None), &[6]);
    assert_eq!(on.err(), Some(GraphFault::Overreach { issuer: actor("user:dave"), cap: cap("journal:append:fin") }));
    // A root gives receipts away without holding them.
    assert!(!graph.holds(&actor("user:alice"), &cap("gate:receipt"), None));
    let gate = said(&graph, 3, grant(&graph, 1, "user:alice", "service:gate", &["gate:receipt"], None), &[2]).unwrap();
    assert!(gate.holds(&actor("service:gate"), &cap("gate:receipt"), None));
    assert_eq!(gate.caps_of(&actor("user:alice"), None), [Cap::of_roots()]);
}

#[test]
fn must_judge_expiry_by_the_time_that_is_asked_about() {
    let graph = graph();
    let (carol, clerk, asked) = (actor("user:carol"), actor("agent:clerk"), cap("job:work"));
    let exp = Some("2027-01-01T00:00:00Z");
    let one =
        said(&graph, 3, grant(&graph, 1, "user:alice", "user:carol", &["job:work", "trust:grant"], exp), &[1]).unwrap();
    let hand = |exp: Option<&str>| said(&one, 4, grant(&one, 2, "user:carol", "agent:clerk", &["job:work"], exp), &[5]);
    let outlives = Some(GraphFault::Outlives { issuer: carol.clone(), cap: asked.clone() });
    assert_eq!(hand(None).err(), outlives);
    assert_eq!(hand(Some("2027-01-01T00:00:01Z")).err(), outlives);
    let two = hand(exp).unwrap();
    let (before, after) = (time("2026-12-31T23:59:59Z"), time("2027-01-01T00:00:00Z"));
    for who in [&carol, &clerk] {
        assert!(two.holds(who, &asked, Some(&before)) && !two.holds(who, &asked, Some(&after)));
        assert!(two.holds(who, &asked, None), "without a time expiry is not judged");
    }
    let state = |graph: &Graph, n: usize, at: &Timestamp| {
        let (statement, grant) = graph.grants().nth(n).unwrap();
        graph.grant_state(statement, grant, Some(at))
    };
    assert_eq!((state(&two, 1, &before), state(&two, 1, &after)), (GrantState::Counts, GrantState::Expired));
    // The issuer's own grant revoked, what he gave is worth nothing.
    let ended = said(&two, 5, revocation(&two, 3, Target::Grant(ulid(1)), None), &[1]).unwrap();
    assert!(!ended.holds(&carol, &asked, None) && !ended.holds(&clerk, &asked, None));
    assert_eq!((state(&ended, 0, &before), state(&ended, 1, &before)), (GrantState::Revoked, GrantState::Baseless));
    // Only the issuer and the roots end a grant.
    for by in [&[5][..], &[3], &[6]] {
        let refused = said(&two, 5, revocation(&two, 3, Target::Grant(ulid(1)), None), by);
        assert!(matches!(refused, Err(GraphFault::Unsigned { .. })), "{by:?}");
    }
    assert!(said(&two, 5, revocation(&two, 3, Target::Grant(ulid(2)), None), &[5]).is_ok());
    assert!(said(&two, 5, revocation(&two, 3, Target::Grant(ulid(2)), None), &[2, 3]).is_ok());
    let nothing = said(&two, 5, revocation(&two, 3, Target::Grant(ulid(9)), None), &[1, 3]);
    assert!(matches!(nothing, Err(GraphFault::NoTarget { .. })));
    // An actor that is a root no more gives nothing on: his grants stood on that.
    let mut doc = next(two.current());
    doc.roots.actors.retain(|root| root.as_str() != "user:alice");
    doc.roots.threshold = 1;
    let fallen = judge(oid(5), &files(&doc, &[1, 3]), Some(two)).unwrap();
    assert!(!fallen.holds(&carol, &asked, None));
}

#[test]
fn must_take_the_word_of_a_revoked_key_for_nothing() {
    let graph = graph();
    let carol = actor("user:carol");
    let held = said(&graph, 3, grant(&graph, 1, "user:alice", "user:carol", &["job:work"], None), &[1]).unwrap();
    let gone = said(&held, 4, revocation(&held, 2, Target::Key(key(1)), None), &[2]).unwrap();
    assert!(
        gone.is_revoked(&key(1))
            && gone.knows(&actor("user:alice"), &key(1))
            && !gone.stands(&actor("user:alice"), &key(1))
    );
    assert!(!gone.is_root_key(&key(1)) && gone.is_root_key(&key(2)));
    // What it signed in the graph before does not count, for nobody can tell when it was stolen.
    assert!(!gone.holds(&carol, &cap("job:work"), None));
    // It votes no more, and grants nothing.
    let version =
        |by: &[u8]| judge(oid(5), &files(&next(gone.current()), by), Some(gone.clone())).map(|g| g.current().version);
    assert_eq!(version(&[1, 3]), Err(GraphFault::Threshold { have: 1, need: 2 }));
    assert_eq!(version(&[2, 3]), Ok(3));
    let refused = said(&gone, 5, grant(&gone, 3, "user:alice", "user:carol", &["job:work"], None), &[1]);
    assert!(matches!(refused, Err(GraphFault::Unsigned { .. })));
    assert!(said(&gone, 5, grant(&gone, 3, "user:alice", "user:carol", &["job:work"], None), &[2]).is_ok());
    // What the roots signed stays signed.
    assert!(gone.was_signed_by_roots(&[key(1), key(3)]) && !gone.was_signed_by_roots(&[key(1), key(4)]));
    // Neither a stranger nor another actor ends a key; the last keys of the roots cannot be ended.
    for by in [&[3][..], &[5], &[9]] {
        let refused = said(&graph, 4, revocation(&graph, 2, Target::Key(key(1)), None), by);
        assert!(matches!(refused, Err(GraphFault::Unsigned { .. })), "{by:?}");
    }
    let locked = said(&gone, 5, revocation(&gone, 3, Target::Key(key(2)), None), &[2]);
    assert_eq!(locked.err(), Some(GraphFault::LockedOut { have: 1, need: 2 }));
    let unknown = said(&graph, 4, revocation(&graph, 2, Target::Key(key(9)), None), &[1, 3]);
    assert!(matches!(unknown, Err(GraphFault::NoTarget { .. })));
}

#[test]
fn must_say_what_a_revocation_leaves_of_a_journal() {
    let graph = graph();
    let writer =
        |n: u8, replica: &str| -> Writer { format!("user.carol+{}.{replica}", key(n).key8()).parse().unwrap() };
    let (named, other) = (writer(5, "k7q2mz"), writer(5, "aaaaaa"));
    let from = |cid: u8| Some(BTreeMap::from([(named.clone(), vec![Cid([cid; 32])])]));
    assert_eq!(graph.void_from(&named, &key(5)), None);
    let gone = said(&graph, 3, revocation(&graph, 1, Target::Key(key(5)), from(1)), &[5]).unwrap();
    assert_eq!(gone.void_from(&named, &key(5)), Some(Void::After(vec![Cid([1; 32])])));
    assert_eq!(gone.void_from(&other, &key(5)), Some(Void::All));
    // The owner's first word stands until the roots speak; theirs is the last one.
    let mut more = next(gone.current());
    more.actors.get_mut(&actor("user:carol")).unwrap().push(key(8));
    let more = judge(oid(4), &files(&more, &[1, 3]), Some(gone)).unwrap();
    let again = said(&more, 5, revocation(&more, 2, Target::Key(key(5)), None), &[8]);
    assert!(matches!(again, Err(GraphFault::Ended { .. })));
    let roots = said(&more, 6, revocation(&more, 3, Target::Key(key(5)), from(2)), &[1, 3]).unwrap();
    assert_eq!(roots.void_from(&named, &key(5)), Some(Void::After(vec![Cid([2; 32])])));
    // A revocation names writers of its key.
    let strange = Some(BTreeMap::from([(writer(6, "k7q2mz"), vec![Cid([1; 32])])]));
    let refused = said(&graph, 3, revocation(&graph, 1, Target::Key(key(5)), strange), &[1, 3]);
    assert!(matches!(refused, Err(GraphFault::NotItsWriter { .. })));
    // As of an older commit.
    let old = roots.at(oid(2)).unwrap();
    assert_eq!((old.tip(), old.void_from(&named, &key(5))), (oid(2), None));
    assert_eq!(roots.at(oid(4)).unwrap().statements().len(), 1);
    assert!(roots.at(oid(99)).is_none());
    // All of it is remembered.
    let recalled = Graph::recall(&roots.to_bytes().unwrap()).unwrap();
    assert_eq!((recalled.commits(), recalled.versions()), (roots.commits(), roots.versions()));
    assert_eq!(recalled.statements(), roots.statements());
    assert_eq!(recalled.void_from(&named, &key(5)), roots.void_from(&named, &key(5)));
    assert!(Graph::recall(b"").is_none());
}

#[test]
fn must_refuse_statements_that_lie_wrong() {
    let graph = graph();
    let good = || (grant(&graph, 1, "user:alice", "user:carol", &["job:work"], None), &[1u8][..]);
    let judged = |change: &dyn Fn(&mut Files)| {
        let mut files = brought(&graph, &[good()]);
        change(&mut files);
        judge(oid(3), &files, Some(graph.clone())).err()
    };
    assert_eq!(judged(&|_| ()), None);
    let path = format!("grants/{}.json", ulid(1));
    let without = |end: &'static str| judged(&move |files: &mut Files| files.retain(|(path, _)| !path.ends_with(end)));
    assert!(matches!(without(".sig.json"), Some(GraphFault::Alone { .. })));
    let alone = judged(&|files| files.retain(|(p, _)| *p != path));
    assert!(matches!(alone, Some(GraphFault::Alone { .. })));
    let renamed = judged(&|files| {
        for (path, _) in files.iter_mut() {
            *path = path.replace(&ulid(1).to_string(), &ulid(2).to_string());
        }
    });
    assert!(matches!(renamed, Some(GraphFault::Statement { .. })), "{renamed:?}");
    for stranger in ["grants/x.json", "grants/a/b.json", "grants/README", "revocations/x.sig.json"] {
        let found = judged(&|files| files.push((stranger.into(), b"{}".to_vec())));
        assert_eq!(found, Some(GraphFault::Stranger { path: stranger.into() }));
    }
    // Grants and a new version go in commits of their own.
    let mut mixed = brought(&graph, &[good()]);
    let doc: TrustDoc = next(graph.current());
    mixed[0].1 = doc.encode();
    mixed[1].1 = files(&doc, &[1, 3])[0].1.clone();
    assert_eq!(judge(oid(3), &mixed, Some(graph.clone())).err(), Some(GraphFault::Mixed));
    // Another repository's.
    let mut foreign = good().0;
    if let Said::Grant(grant) = &mut foreign {
        grant.repo = crate::id::Blake3([7; 32]);
    }
    assert!(matches!(said(&graph, 3, foreign, &[1]), Err(GraphFault::Repo { .. })));
    // Under a signature of another kind, and a grant twice.
    let other = judged(&|files| {
        let bytes = files[2].1.clone();
        files[3].1 = crate::trust::dsse::encode(&[crate::trust::dsse::sign("revocation", &bytes, &signer(1)).unwrap()]);
    });
    assert_eq!(other, Some(GraphFault::BadSignature { key: key(1) }));
    let once = said(&graph, 3, good().0, &[1]).unwrap();
    assert!(matches!(said(&once, 4, good().0, &[1]), Err(GraphFault::Changed { .. })));
}

#[test]
fn must_keep_room_for_the_roots_whoever_fills_the_rest() {
    let mut full =
        said(&graph(), 3, grant(&graph(), 1, "user:alice", "user:carol", &["job:work", "trust:grant"], None), &[1]);
    let Ok(full) = &mut full else { panic!("a root gives what he likes") };
    let Said::Grant(given) = grant(full, 2, "user:alice", "user:carol", &["job:work"], None) else { unreachable!() };
    let others = |full: &Graph| full.statements().iter().filter(|s| !s.by_roots).count();
    for n in 0.. {
        if others(full) == STATEMENTS_MAX - OF_ROOTS {
            break;
        }
        let said = Said::Grant(Grant { ulid: Ulid::from_parts(1000 + n, [1; 10]).unwrap(), ..given.clone() });
        full.push_statement(Statement { commit: oid(4), said, signers: vec![key(1)], by_roots: false });
    }
    let more = |by: &[u8]| said(full, 5, grant(full, 3, "user:carol", "user:dave", &["job:work"], None), by);
    assert_eq!(more(&[5]).err(), Some(GraphFault::Reserved { most: STATEMENTS_MAX - OF_ROOTS }));
    assert!(more(&[5, 1, 3]).is_ok());
    assert!(said(full, 5, revocation(full, 3, Target::Key(key(5)), None), &[1, 3]).is_ok());
}

#[test]
fn several_statements_of_one_commit_see_each_other() {
    let graph = graph();
    let first = grant(&graph, 1, "user:alice", "user:carol", &["job:work", "trust:grant"], None);
    let second = grant(&graph, 2, "user:carol", "agent:clerk", &["job:work"], None);
    let end = revocation(&graph, 3, Target::Grant(ulid(2)), None);
    let files = brought(&graph, &[(first, &[1]), (second, &[5]), (end, &[5])]);
    let all = judge(oid(3), &files, Some(graph.clone())).unwrap();
    assert_eq!((all.statements().len(), all.commits().len()), (3, 3));
    assert!(all.holds(&actor("user:carol"), &cap("job:work"), None));
    assert!(!all.holds(&actor("agent:clerk"), &cap("job:work"), None));
}

#[test]
fn must_refuse_every_flipped_byte_of_a_statement() {
    let graph = graph();
    let given = grant(&graph, 1, "user:alice", "user:carol", &["job:work"], None);
    let writer: Writer = format!("user.carol+{}.k7q2mz", key(5).key8()).parse().unwrap();
    let ended = revocation(&graph, 2, Target::Key(key(5)), Some(BTreeMap::from([(writer, vec![Cid([1; 32])])])));
    let good = brought(&graph, &[(given, &[1]), (ended, &[5, 1])]);
    assert!(judge(oid(3), &good, Some(graph.clone())).is_ok());
    for file in 2..good.len() {
        for at in 0..good[file].1.len() {
            for bit in [0x01, 0x20, 0x80] {
                let mut wrong = good.clone();
                wrong[file].1[at] ^= bit;
                let judged = judge(oid(3), &wrong, Some(graph.clone()));
                assert!(judged.is_err(), "byte {at} of {}", good[file].0);
            }
        }
    }
}

#[test]
fn a_proposal_goes_from_hand_to_hand() {
    let graph = graph();
    let mut proposal = Proposal::version(next(graph.current()));
    proposal.sign(&signer(1)).unwrap();
    assert_eq!(proposal.judge(Some(&graph)).err(), Some(GraphFault::Threshold { have: 1, need: 2 }));
    let mut there = Proposal::parse(&proposal.to_bytes()).unwrap();
    assert_eq!(there, proposal);
    there.sign(&signer(3)).unwrap();
    there.sign(&signer(3)).unwrap();
    assert_eq!(there.signers().len(), 2);
    assert!(there.is_current(&graph) && there.judge(Some(&graph)).is_ok());
    let later = judge(oid(3), &files(&next(graph.current()), &[1, 3]), Some(graph.clone())).unwrap();
    assert!(!there.is_current(&later));
    let text = String::from_utf8(there.to_bytes()).unwrap();
    for (from, to) in [
        ("trust-proposal/1", "trust-proposal/2"),
        ("\"threshold\":2", "\"threshold\":1"),
        ("document", "doc"),
        ("trust/1", "x/1"),
    ] {
        assert!(text.contains(from) && Proposal::parse(text.replacen(from, to, 1).as_bytes()).is_err(), "{from}");
    }
}
