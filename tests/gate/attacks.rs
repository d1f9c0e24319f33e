//! Attacks by way of the law, of names, of other people's words, of bytes that only git reads.

use super::consent::Team;
use super::court::{ACTIVE, Court, JOURNALS, TRUST, draft, over_each};
use super::forged::changed;
use super::rules::enact;
use crate::harness::{Outcome, World};

const ULID: &str = "01ARYZ6S41TSV4RRFFQ69G5FAV";
const OTHER: &str = "01ARYZ6S41TSV4RRFFQ69G5FAW";

/// What a hook says to a list of updates that no client of git's would send.
pub(super) fn raw(court: &Court<'_>, list: impl Into<Vec<u8>>) -> Outcome {
    court.hook("").stdin(list).run()
}

#[test]
fn must_refuse_a_trust_graph_that_lost_a_revocation_or_is_an_older_one_of_its_version() {
    over_each(|court| {
        let before = court.alice.git(["rev-parse", TRUST]).ok().stdout();
        let aside = court.alice.copy("aside");
        court.alice.gatos(["trust", "revoke", &court.key("bob"), "--reason", "stolen"]).ok();
        court.push(&court.alice, [TRUST]).ok();
        let version = |at: &str| court.alice.git(["show", &format!("{at}:trust.json")]).ok().bytes();
        assert_eq!(version(&before), version(TRUST), "a revocation makes no version");
        court.refused(&court.alice, [format!("+{before}:{TRUST}")], "ref.non-ff");
        // What a root signed beside it, knowing nothing of the revocation, in its place.
        aside.gatos(["trust", "grant", "user:alice", "bus:publish"]).ok();
        court.refused(&aside, [format!("+{TRUST}:{TRUST}")], "ref.non-ff");
        // Behind it, and without it.
        let forge = format!(
            "t=$(git ls-tree {TRUST} | grep -v revocations | git mktree) && git commit-tree -p {TRUST} -m lost $t"
        );
        let lost = court.alice.git(["-c", &format!("alias.forge=!{forge}"), "forge"]).ok().stdout();
        court.refused(&court.alice, [format!("{lost}:{TRUST}")], "trust.invalid").err_says("is gone");
    });
}

#[test]
fn must_judge_a_push_by_the_trust_before_it() {
    over_each(|court| {
        // A root brings a new member and what she says in one push: her word counts from the next one on.
        let carol = court.alice.clone_to("carol").as_person("carol");
        court.admit(&carol);
        carol.gatos(["key", "new"]).ok();
        court.alice.gatos(["trust", "add-actor", "user:carol", &court.key("carol")]).ok();
        let mut how = court.honest(&court.alice, &[ULID]);
        how.position = Default::default();
        how.writer = format!("user.carol+{}.aaaaaa", court.signer("carol").public().key8());
        let said = court.sealed(&carol, "carol", &how);
        court.git(&court.alice, ["fetch", "-q", carol.path().to_str().expect("UTF-8"), &said]).run().ok();
        let journal = format!("{said}:refs/gatos/journal/main/{}", how.writer);
        court.refused(&court.alice, [TRUST, &journal], "key.unknown");
        court.push(&court.alice, [TRUST]).ok();
        court.push(&court.alice, [journal]).ok();
    });
}

#[test]
fn must_judge_by_the_law_that_stands_whichever_an_event_names() {
    let world = World::new();
    let court = Court::new(&world);
    let permissive = court.alice.git(["rev-parse", ACTIVE]).ok().stdout();
    enact(&court, "rule \"large\"\n  on emit \"main\"\n  deny if payload.n > 10000\n  because \"too much\"\n");
    court.emit(&court.alice, "{\"n\":2}");
    court.push(&court.alice, [JOURNALS]).ok();
    // In a journal that has no event yet the oldest law may be named; it does not judge.
    let (name, _) = court.journal(&court.alice);
    let mut how = court.honest(&court.alice, &[ULID]);
    how.position = Default::default();
    how.policy.clone_from(&permissive);
    how.writer = format!(
        "{}aaaaaa",
        &name.rsplit('/').next().expect("a writer")[..name.rsplit('/').next().map_or(0, str::len) - 6]
    );
    how.drafts = vec![draft(ULID, "{\"n\":50000}")];
    let fresh = format!("refs/gatos/journal/main/{}", how.writer);
    let large = court.sealed(&court.alice, "alice", &how);
    court.refused(&court.alice, [format!("{large}:{fresh}")], "large");
    how.drafts = vec![draft(ULID, "{\"n\":5}")];
    let small = court.sealed(&court.alice, "alice", &how);
    court.push(&court.alice, [format!("{small}:{fresh}")]).ok();
    // Behind an event that named the newer one it is not even a name.
    let mut back = court.honest(&court.alice, &[OTHER]);
    assert_ne!(back.policy, permissive);
    back.policy = permissive;
    let forged = court.sealed(&court.alice, "alice", &back);
    court.refused(&court.alice, [format!("{forged}:{name}")], "event.policy").err_says("is older than");
}

#[test]
fn must_let_nobody_use_up_the_ulid_of_another() {
    let world = World::new();
    let team = Team::new(&world);
    let (court, bob) = (&team.court, &team.court.bob);
    team.granted();
    // What was granted to bob is done once under its ULID. Alice says something of her own under it first.
    team.pay(&court.alice, 1, "--json").ok();
    court.push(&court.alice, [JOURNALS]).ok();
    team.pay(bob, 20_000, "--json").ok();
    court.push(bob, [JOURNALS]).ok();
    assert_eq!(court.record(), Vec::<String>::new());
    // Both count.
    court.fetch(&court.alice);
    court.alice.gatos(["verify"]).ok().says("was used before by");
    let said = court.alice.gatos(["--json", "log", "--ns", "finance"]).ok().jsonl();
    let mut amounts: Vec<_> = said.iter().filter_map(|event| event["payload"]["amount"].as_i64()).collect();
    amounts.sort_unstable();
    assert_eq!(amounts, [1, 20_000]);
}

#[test]
fn must_refuse_an_append_with_words_that_only_git_reads() {
    over_each(|court| {
        let (name, _) = court.journal(&court.alice);
        for (from, to) in [
            ("\ncommitter ", "\ncommitter mallory <m@example.org> 1795251600 +0000\nx-"),
            ("\nauthor user:alice", "\nauthor user:bob"),
            (" +0000\ncommitter", " +0100\ncommitter"),
            ("\n\nadd", "\nencoding latin-1\n\nadd"),
            ("\n\nadd", "\nmergetag object 1\n\nadd"),
            ("\n\nadd ", "\n\nnothing to see here "),
            ("\nSig: ", "\nSig-Alg: ed25519\nSig: "),
        ] {
            let forged = changed(court, |raw| raw.replacen(from, to, 1));
            court.refused(&court.alice, [format!("{forged}:{name}")], "append.bytes");
        }
        court.push(&court.alice, [JOURNALS]).ok();
    });
}

#[test]
fn must_refuse_names_that_git_would_not_have_and_repeat_none_of_their_signs() {
    let world = World::new();
    let court = Court::new(&world);
    let (_, tip) = court.journal(&court.alice);
    let zero = "0".repeat(40);
    let mut names: Vec<Vec<u8>> = [
        "refs/heads/a..b",
        "refs/heads/.hidden",
        "refs/heads/a.lock",
        "refs/heads/a/",
        "refs/heads//a",
        "refs/heads/a b",
        "refs/heads/a~1",
        "refs/heads/a^",
        "refs/heads/a:b",
        "refs/heads/a\\b",
        "refs/heads/@{u}",
        "refs/heads/\u{1b}[31mred\u{7}",
        "refs/heads/tab\tbed",
        "refs/heads/nul\0bed",
        "refs/gatos/../heads/main",
        "refs/../../config",
        "../../config",
        "HEAD.lock",
        "",
    ]
    .map(|name| name.as_bytes().to_vec())
    .to_vec();
    names.push([b"refs/heads/".as_slice(), &b"x".repeat(70_000), b"..y"].concat());
    for name in names {
        let (refs, record) = (court.refs(), court.record());
        let list = [format!("{zero} {tip} ").as_bytes(), &name, b"\n"].concat();
        let said = raw(&court, list).code(1).err_says("rule    ref.name  ").stderr();
        assert!(!said.contains(['\u{1b}', '\u{7}', '\0', '\t']) && said.len() < 2_000, "{said:?}");
        court.stands(&refs, &record, "ref.name");
    }
}

#[test]
fn must_stay_closed_to_what_is_no_list_of_updates() {
    let world = World::new();
    let court = Court::new(&world);
    let (name, tip) = court.journal(&court.alice);
    let zero = "0".repeat(40);
    let good = format!("{zero} {tip} refs/heads/x\n");
    let lists: [Vec<u8>; 7] = [
        b"hello\n".to_vec(),
        format!("{tip} {name}\n").into_bytes(),
        format!("{good}{} {tip} refs/heads/y\n", &zero[1..]).into_bytes(),
        format!("{good}{} {tip} refs/heads/y\n", "g".repeat(40)).into_bytes(),
        format!("{good}{zero} {tip}").into_bytes(),
        format!("{good}{}", &good[..50]).into_bytes(),
        b"\xff\xfe".to_vec(),
    ];
    let stands = || (court.refs(), court.record(), court.receipts(), court.waiting());
    let before = stands();
    for list in lists {
        raw(&court, list.clone()).code(3).err_says("of the list of updates is not");
        assert_eq!(stands(), before, "{:?}", String::from_utf8_lossy(&list));
    }
    // More than anybody moves is not read to its end, and its refusal is on record as that of every push.
    let (refs, record) = (court.refs(), court.record());
    raw(&court, good.repeat(70_000_000 / good.len())).code(1).err_says("is longer than");
    court.stands(&refs, &record, "gate.error");
}

/// Whoever may move nothing must not keep the gate busy with branches while he has it alone.
#[test]
fn must_look_at_no_branch_beside_law_that_is_refused() {
    let world = World::new();
    let court = Court::new(&world);
    enact(&court, "rule \"closed\"\n  on push \"refs/heads/**\"\n  deny\n");
    court.alice.commit("code");
    court.refused(&court.alice, ["HEAD:refs/heads/b"], "closed");
    let told =
        court.refused(&court.alice, ["HEAD:refs/heads/b".into(), format!("+HEAD:{TRUST}")], "ref.non-ff").stderr();
    assert!(!told.contains("DENY refs/heads/b"), "{told}");
}
