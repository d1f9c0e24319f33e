//! Pushes that need no forged bytes: names, ends and kinds.

use super::attacks::raw;
use super::court::{ACTIVE, JOURNALS, TRUST, over_each};

#[test]
fn must_refuse_a_rewind_a_fork_and_an_unrelated_history() {
    over_each(|court| {
        let (name, first) = court.journal(&court.alice);
        court.emit(&court.alice, "{\"n\":2}");
        court.push(&court.alice, [JOURNALS]).ok();
        court.refused(&court.alice, [format!("+{first}:{name}")], "ref.non-ff");
        // A fork: the journal of a copy that went on by itself.
        let sealed = court.sealed(&court.alice, "alice", &{
            let mut how = court.honest(&court.alice, &["01ARYZ6S41TSV4RRFFQ69G5FAV"]);
            let raw = court.alice.git(["log", "-1", "--format=%B", &first]).ok().stdout();
            let cid = raw.lines().find_map(|l| l.strip_prefix("Event-CID: ")).expect("a CID");
            how.position.seq = 1;
            how.position.clock = 1;
            how.clock = 1;
            how.position.cid = Some(cid.parse().expect("a CID"));
            how.position.commit = Some(gatos::id::Oid::from_hex(&first).expect("an id"));
            how
        });
        court.refused(&court.alice, [format!("+{sealed}:{name}")], "ref.non-ff");
        court.alice.commit("code");
        court.refused(&court.alice, [format!("+HEAD:{name}")], "ref.non-ff");
        for (name, from) in [(TRUST, "HEAD"), (ACTIVE, "HEAD")] {
            court.refused(&court.alice, [format!("+{from}:{name}")], "ref.non-ff");
        }
    });
}

#[test]
fn must_refuse_a_deletion_of_anything_of_ours() {
    over_each(|court| {
        let (journal, _) = court.journal(&court.alice);
        for name in [journal.as_str(), TRUST, ACTIVE] {
            court.refused(&court.alice, [format!(":{name}")], "ref.delete");
        }
        // Git's client does not send the deletion of what is not there; a client of another kind may.
        let (refs, record) = (court.refs(), court.record());
        let nothing = "0".repeat(40);
        let line = format!("{nothing} {nothing} refs/gatos/state/main\n");
        raw(court, line).code(1).err_says("rule    ref.delete  ");
        court.stands(&refs, &record, "ref.delete");
    });
}

#[test]
fn must_refuse_every_name_that_no_plane_has() {
    over_each(|court| {
        let (journal, tip) = court.journal(&court.alice);
        let writer = journal.rsplit('/').next().expect("a writer");
        let unknown = [
            "refs/gatos/xyz".to_owned(),
            "refs/gatos".to_owned(),
            "refs/GATOS/trust/graph".to_owned(),
            "refs/Gatos/journal/main/x".to_owned(),
            format!("refs/gatos/journal/Main/{writer}"),
            format!("refs/gatos/journal/con/{writer}"),
            format!("refs/gatos/journal/main/{writer}x"),
            format!("refs/gatos/journal/main/{writer}/deeper"),
            "refs/gatos/journal/shop".to_owned(),
            "refs/gatos/policies/0123".to_owned(),
            "refs/gatos/jоurnal/main/x".to_owned(),
            "refs/gаtos/trust/graph".to_owned(),
            "refs/ｇatos/trust/graph".to_owned(),
            "refs/gatosx/y".to_owned(),
            format!("refs/gatos/mbus/deploy/{writer}/000001"),
            format!("refs/gatos/jobs/{}/spec", "0".repeat(64)),
            format!("refs/gatos/epoch/main/{:06}", 1),
        ];
        for name in &unknown {
            court.refused(&court.alice, [format!("{tip}:{name}")], "ref.unknown");
        }
    });
}

#[test]
fn must_refuse_what_a_server_keeps_for_itself() {
    over_each(|court| {
        let (journal, tip) = court.journal(&court.alice);
        let writer = journal.rsplit('/').next().expect("a writer");
        let gate = court.gate();
        let kept = [
            format!("refs/gatos/audit/policy/{writer}"),
            format!("+{tip}:{gate}"),
            format!("refs/gatos/audit/resolve/{writer}"),
            "refs/gatos-cache/x".to_owned(),
            format!("refs/replace/{tip}"),
            format!("refs/gatos-remotes/origin/journal/main/{writer}"),
            format!("refs/gatos-lost/main/{writer}"),
        ];
        for name in &kept {
            let spec = if name.contains(':') { name.clone() } else { format!("{tip}:{name}") };
            court.refused(&court.alice, [spec], "ref.server-only");
        }
    });
}

#[test]
fn must_refuse_what_is_no_commit() {
    over_each(|court| {
        let forge = court.forge(&court.alice);
        let (journal, tip) = court.journal(&court.alice);
        court.alice.git(["tag", "-a", "-m", "t", "t1", &tip]).ok();
        let blob = forge.write("blob", b"a blob");
        let tree = court.alice.git(["rev-parse", &format!("{tip}^{{tree}}")]).ok().stdout();
        let fresh = journal.replace(&journal[journal.len() - 6..], "zzzzzz");
        for object in [blob.as_str(), &tree, "refs/tags/t1"] {
            court.refused(&court.alice, [format!("{object}:{fresh}")], "object.type");
            court.refused(&court.alice, [format!("+{object}:{TRUST}")], "object.type");
        }
    });
}

#[test]
fn must_refuse_more_refs_than_one_push_may_move() {
    over_each(|court| {
        let (_, tip) = court.journal(&court.alice);
        let many: Vec<String> =
            (0..1100).map(|n| format!("{tip}:refs/gatos/journal/main/user.alice+0000000{:x}.{n:06}", n % 16)).collect();
        court.refused(&court.alice, many, "push.too-many");
        // Branches are not counted with ours.
        court.alice.commit("code");
        let branches: Vec<String> = (0..1100).map(|n| format!("HEAD:refs/heads/b{n}")).collect();
        court.push(&court.alice, branches).ok();
    });
}

#[test]
fn must_refuse_a_push_over_a_symbolic_ref_of_the_server() {
    over_each(|court| {
        let (name, _) = court.journal(&court.alice);
        court.emit(&court.alice, "{\"n\":2}");
        // Somebody with a shell on the server turns the journal into another name for a branch.
        court.server.git(["update-ref", "refs/heads/side", &name]).ok();
        court.server.git(["update-ref", "-d", &name]).ok();
        court.server.git(["symbolic-ref", &name, "refs/heads/side"]).ok();
        court.refused(&court.alice, [JOURNALS], "ref.symbolic");
    });
}

#[test]
fn must_move_nothing_where_one_ref_of_a_push_is_refused() {
    over_each(|court| {
        court.emit(&court.alice, "{\"n\":2}");
        court.alice.commit("code");
        for atomic in [&["--atomic"][..], &[]] {
            let refs = [JOURNALS, "HEAD:refs/heads/main", "HEAD:refs/gatos/xyz"];
            court.refused(&court.alice, atomic.iter().chain(&refs), "ref.unknown");
        }
        court.push(&court.alice, [JOURNALS, "HEAD:refs/heads/main"]).ok();
    });
}
