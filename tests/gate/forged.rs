//! Pushes of forged appends: bytes, signatures, owners, clocks.

use super::court::{ACTIVE, Court, JOURNALS, draft, over_each, stranger};
use gatos::id::Oid;

const ULID: &str = "01ARYZ6S41TSV4RRFFQ69G5FAV";

/// The last commit of alice's journal with something changed in its text.
#[track_caller]
pub fn changed(court: &Court<'_>, change: impl FnOnce(String) -> String) -> String {
    court.emit(&court.alice, "{\"n\":2}");
    let (_, tip) = court.journal(&court.alice);
    let forge = court.forge(&court.alice);
    let raw = String::from_utf8(forge.raw(&tip)).expect("UTF-8");
    let spoilt = change(raw.clone());
    assert_ne!(raw, spoilt, "nothing was changed");
    forge.write("commit", spoilt.as_bytes())
}

/// The envelope with other text for its payload's one field; the subject stays as it was.
fn in_envelope(raw: &str, field: &str) -> String {
    let (before, after) = raw.rsplit_once("\"n\":2").expect("the payload");
    format!("{before}{field}{after}")
}

#[track_caller]
fn refused(rule: &str, change: impl Fn(String) -> String) {
    over_each(|court| {
        let (name, _) = court.journal(&court.alice);
        let forged = changed(court, &change);
        court.refused(&court.alice, [format!("{forged}:{name}")], rule);
        // The honest one still passes.
        court.push(&court.alice, [JOURNALS]).ok();
    });
}

#[test]
fn must_refuse_an_append_without_a_signature() {
    refused("sig.none", |raw| {
        let at = raw.find("\nSig: ").expect("a trailer");
        raw[..=at].to_owned()
    });
}

#[test]
fn must_refuse_an_append_signed_by_another() {
    refused("sig.bad", |raw| {
        let at = raw.find("\nSig: ").expect("a trailer");
        let sig = gatos::id::SigBytes(stranger().sign(b"anything").expect("a signature").0);
        format!("{}\nSig: {sig}\n", &raw[..at])
    });
}

#[test]
fn must_refuse_an_append_that_is_not_canonical() {
    refused("append.bytes", |raw| in_envelope(&raw, "\"n\": 2"));
}

#[test]
fn must_refuse_an_append_that_is_not_json() {
    refused("event.form", |raw| raw.replacen("\n{\"actor\"", "\n{actor", 1));
}

#[test]
fn must_refuse_an_append_with_two_signature_headers() {
    refused("append.bytes", |raw| {
        let sig = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n -----END PGP SIGNATURE-----\n";
        raw.replacen("\n\n", &format!("\n{sig}{sig}\n"), 1)
    });
}

#[test]
fn must_refuse_a_merge_in_a_journal() {
    over_each(|court| {
        let (name, first) = court.journal(&court.alice);
        let head = court.alice.commit("code");
        let forged = changed(court, |raw| {
            let parent = format!("parent {first}\n");
            raw.replacen(&parent, &format!("{parent}parent {head}\n"), 1)
        });
        court.refused(&court.alice, [format!("{forged}:{name}")], "journal.linear");
    });
}

#[test]
fn must_refuse_an_append_with_files() {
    over_each(|court| {
        let world = court.world;
        let (name, _) = court.journal(&court.alice);
        let forge = court.forge(&court.alice);
        let blob = forge.write("blob", b"target");
        let head = court.alice.commit("code");
        for entry in [
            format!("100644 blob {blob}\tfile"),
            format!("120000 blob {blob}\tlink"),
            format!("160000 commit {head}\tsub"),
        ] {
            let tree = world.command("git", "alice", court.alice.path()).args(["mktree"]).stdin(entry + "\n").run();
            let tree = tree.ok().stdout();
            let forged = changed(court, |raw| format!("tree {tree}\n{}", raw.split_once('\n').expect("a line").1));
            court.refused(&court.alice, [format!("{forged}:{name}")], "tree.shape");
        }
    });
}

#[test]
fn must_refuse_one_bad_append_among_good_ones() {
    over_each(|court| {
        let (name, first) = court.journal(&court.alice);
        for n in 0..5 {
            court.emit(&court.alice, &format!("{{\"n\":{n}}}"));
        }
        let (_, tip) = court.journal(&court.alice);
        let forge = court.forge(&court.alice);
        let raws: Vec<Vec<u8>> = forge.chain(&tip).into_iter().map(|(_, raw)| raw).collect();
        let ids = forge.rechain(&raws, |place, raw| {
            if place == 3 {
                let at = raw.windows(6).position(|w| w == b"\nSig: ").expect("a trailer");
                raw.truncate(at + 1);
            }
        });
        assert_eq!(ids[0], first, "what stands before is as it was");
        court.refused(&court.alice, [format!("{}:{name}", ids[5])], "sig.none").err_says(&name);
    });
}

#[test]
fn must_refuse_an_append_that_was_parked_on_a_branch() {
    over_each(|court| {
        let (name, _) = court.journal(&court.alice);
        let forged = changed(court, |raw| {
            let at = raw.find("\nSig: ").expect("a trailer");
            raw[..=at].to_owned()
        });
        court.push(&court.alice, [format!("{forged}:refs/heads/parked")]).ok();
        court.refused(&court.alice, [format!("{forged}:{name}")], "sig.none");
    });
}

#[test]
fn must_refuse_anothers_event_in_ones_own_journal() {
    over_each(|court| {
        court.emit(&court.bob, "{\"n\":5}");
        court.push(&court.bob, [JOURNALS]).ok();
        let (name, tip) = court.journal(&court.bob);
        let (_, theirs) = court.journal(&court.alice);
        let forge = court.forge(&court.bob);
        court.git(&court.bob, ["fetch", "-q", "origin", &theirs]).run().ok();
        let raws = [forge.raw(&tip), forge.raw(&theirs)];
        let ids = forge.rechain(&raws, |_, _| ());
        assert_eq!(ids[0], tip);
        court.refused(&court.bob, [format!("{}:{name}", ids[1])], "ref.owner");
    });
}

#[test]
fn must_refuse_a_journal_under_another_actor_namespace_or_repository() {
    over_each(|court| {
        let world = court.world;
        court.emit(&court.bob, "{\"n\":5}");
        let (theirs, _) = court.journal(&court.bob);
        let (name, tip) = court.journal(&court.alice);
        court.refused(&court.alice, [format!("{tip}:{theirs}")], "event.bound");
        court.refused(&court.alice, [format!("{tip}:{}", name.replace("/main/", "/other/"))], "event.bound");
        court.refused(
            &court.alice,
            [format!("{tip}:{}", &(name[..name.len() - 6].to_owned() + "aaaaaa"))],
            "event.bound",
        );
        // The same key in another repository.
        let elsewhere = world.repo("elsewhere");
        elsewhere.gatos(["init"]).ok();
        elsewhere.gatos(["emit", "add", "{\"n\":1}"]).ok();
        court.admit(&elsewhere);
        let (name, _) = court.journal(&elsewhere);
        court.refused(&elsewhere, [JOURNALS], "event.bound").err_says(&name);
    });
}

#[test]
fn must_refuse_a_journal_of_a_key_that_nobody_knows() {
    over_each(|court| {
        let mallory = court.alice.clone_to("mallory").as_person("mallory");
        court.admit(&mallory);
        mallory.gatos(["key", "new"]).ok();
        let mut how = court.honest(&court.alice, &[ULID]);
        how.position = Default::default();
        how.writer = format!("user.alice+{}.aaaaaa", court.signer("mallory").public().key8());
        let forged = court.sealed(&mallory, "mallory", &how);
        court.refused(&mallory, [format!("{forged}:refs/gatos/journal/main/{}", how.writer)], "key.unknown");
    });
}

#[test]
fn must_refuse_a_clock_far_ahead_and_a_ulid_used_twice() {
    over_each(|court| {
        let (name, _) = court.journal(&court.alice);
        let mut how = court.honest(&court.alice, &[ULID]);
        how.clock = 2_000_000;
        let forged = court.sealed(&court.alice, "alice", &how);
        court.refused(&court.alice, [format!("{forged}:{name}")], "event.clock");
        let twice = court.honest(&court.alice, &[ULID, ULID]);
        let forged = court.sealed(&court.alice, "alice", &twice);
        court.refused(&court.alice, [format!("{forged}:{name}")], "event.ulid");
        let once = court.honest(&court.alice, &[ULID]);
        let good = court.sealed(&court.alice, "alice", &once);
        court.push(&court.alice, [format!("{good}:{name}")]).ok();
        court.alice.git(["update-ref", &name, &good]).ok();
        let mut again = court.honest(&court.alice, &[ULID]);
        again.drafts = vec![draft(ULID, "{\"n\":9}")];
        let forged = court.sealed(&court.alice, "alice", &again);
        court.refused(&court.alice, [format!("{forged}:{name}")], "event.ulid");
    });
}

#[test]
fn must_refuse_an_event_that_names_another_policy_than_was_active() {
    over_each(|court| {
        let (name, tip) = court.journal(&court.alice);
        let mut how = court.honest(&court.alice, &[ULID]);
        how.policy = tip;
        let forged = court.sealed(&court.alice, "alice", &how);
        court.refused(&court.alice, [format!("{forged}:{name}")], "event.policy");
    });
}

#[test]
fn must_refuse_a_payload_that_is_too_large() {
    over_each(|court| {
        let (name, _) = court.journal(&court.alice);
        let forged = changed(court, |raw| in_envelope(&raw, &format!("\"n\":\"{}\"", "x".repeat(70_000))));
        court.refused(&court.alice, [format!("{forged}:{name}")], "event.form");
        let forged = changed(court, |raw| raw + &"y".repeat(2 << 20));
        court.refused(&court.alice, [format!("{forged}:{name}")], "append.size");
    });
}

#[test]
fn must_refuse_a_policy_of_somebody_who_may_not_make_one() {
    over_each(|court| {
        let forge = court.forge(&court.bob);
        let active = court.bob.git(["rev-parse", "refs/gatos-remotes/origin/policies/active"]).ok().stdout();
        // Bob's own bundle: the rules with a word changed.
        let raw = forge.with_file(&active, "policy/default.lua", b"return function(i, f) return i end");
        let first = forge.write("commit", &raw);
        let raw = String::from_utf8(forge.raw(&first)).expect("UTF-8");
        let (head, rest) = raw.split_once('\n').expect("a line");
        let child = forge.write("commit", format!("{head}\nparent {active}\n{rest}").as_bytes());
        court.emit(&court.bob, "{\"n\":5}");
        for atomic in [&["--atomic"][..], &[]] {
            let refs = [JOURNALS.to_owned(), format!("{child}:{ACTIVE}")];
            court.refused(&court.bob, atomic.iter().map(|s| s.to_string()).chain(refs), "policy.invalid");
        }
        court.push(&court.bob, [JOURNALS]).ok();
        assert!(Oid::from_hex(&child).is_ok());
    });
}
