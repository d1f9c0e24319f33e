//! Branches with rules: what a push to them may hide, and what it may take away.

use super::court::{Court, over_each};
use super::liar::{Liar, passes};
use super::rules::enact;
use crate::cli::fits;
use crate::harness::World;
use crate::must::forge::Forge;

const API: &str = r#"
rule "api"
  on push "refs/heads/main"
  deny if changed("api/**")
  allow
"#;

fn tree(forge: &Forge<'_>, entries: &[(&str, String, &str)]) -> String {
    let mut bytes = Vec::new();
    for (mode, name, id) in entries {
        bytes.extend_from_slice(format!("{mode} {name}\0").as_bytes());
        bytes.extend((0..20).map(|n| u8::from_str_radix(&id[2 * n..2 * n + 2], 16).expect("digits")));
    }
    forge.write("tree", &bytes)
}

fn commit(forge: &Forge<'_>, tree: &str) -> String {
    let who = "a <a@example.org> 1795251600 +0000";
    forge.write("commit", format!("tree {tree}\nauthor {who}\ncommitter {who}\n\nx\n").as_bytes())
}

/// A hundred names in each of five directories, all of them one object a level.
fn bomb(forge: &Forge<'_>, leaf: String) -> String {
    let level = |below: String| {
        let names: Vec<_> = (0..100).map(|n| ("40000", format!("d{n:02}"), below.as_str())).collect();
        tree(forge, &names)
    };
    (0..5).fold(leaf, |below, _| level(below))
}

/// A number that the record of the last refusal holds among its facts.
#[track_caller]
fn fact(court: &Court<'_>, name: &str) -> u64 {
    let decision = court.decision();
    decision["facts"][name].as_u64().unwrap_or_else(|| panic!("no {name}: {decision}"))
}

#[test]
fn must_refuse_a_tree_of_trees_before_it_is_walked_through() {
    over_each(|court| {
        enact(court, API);
        let forge = court.forge(&court.alice);
        let blob = forge.write("blob", b"x");
        let file = tree(&forge, &[("100644", "f".into(), &blob)]);
        let files = bomb(&forge, file);
        let files = commit(&forge, &files);
        court.refused(&court.alice, [format!("{files}:refs/heads/main")], "push.too-many").err_says("changed paths");
        assert!(fact(court, "entries_seen") < 300_000, "ten thousand million paths");
        let hollow = bomb(&forge, forge.write("tree", b""));
        let hollow = commit(&forge, &hollow);
        let told = court.refused(&court.alice, [format!("{hollow}:refs/heads/main")], "push.too-many");
        told.err_says("entries of directories");
        assert!(fact(court, "entries_seen") <= 1_000_001);
    });
}

#[test]
fn must_see_every_path_that_a_checkout_would_write() {
    let world = World::new();
    let court = Court::new(&world);
    enact(&court, API);
    let forge = court.forge(&court.alice);
    let blob = forge.write("blob", b"x");
    let inner = tree(&forge, &[("100644", "f".into(), &blob)]);
    let odd = commit(&forge, &tree(&forge, &[("40755", "api".into(), &inner)]));
    court.refused(&court.alice, [format!("{odd}:refs/heads/main")], "api");
    let twice = tree(&forge, &[("100644", "api".into(), &blob), ("40000", "api".into(), &inner)]);
    court.refused(&court.alice, [format!("{}:refs/heads/main", commit(&forge, &twice))], "tree.shape");
    let link = tree(&forge, &[("120000", "l".into(), &blob), ("160000", "sub".into(), &"1".repeat(40))]);
    court.push(&court.alice, [format!("{}:refs/heads/main", commit(&forge, &link))]).ok();
}

#[test]
fn must_tell_rules_of_a_deletion() {
    over_each(|court| {
        enact(
            court,
            r#"
rule "keep"
  on push "refs/heads/keep/**"
  deny if deleted
  allow if fast_forward
  because "{ref} is kept"

rule "short"
  on push "refs/heads/short/**"
  allow if deleted or created
"#,
        );
        court.alice.commit("code");
        court.push(&court.alice, ["HEAD:refs/heads/keep/a", "HEAD:refs/heads/short/a"]).ok();
        court.refused(&court.alice, [":refs/heads/keep/a"], "keep").err_says("refs/heads/keep/a is kept");
        let decision = court.decision();
        assert_eq!(decision["intent"]["deleted"], true);
        // To speak of deletions is not to speak of rewriting.
        court.alice.git(["commit", "-q", "--amend", "--allow-empty", "-m", "other"]).ok();
        court.refused(&court.alice, ["+HEAD:refs/heads/short/a"], "ref.non-ff");
        court.push(&court.alice, [":refs/heads/short/a"]).ok();
    });
}

/// What is new on a new branch hangs on the branches that stood beside it, as receipts tell of them.
#[test]
fn must_judge_a_new_branch_by_what_stood_beside_it_then() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, liar) = (&court.alice, Liar::of(&court));
    enact(&court, "rule \"any\"\n  on push \"refs/heads/r/*\"\n  allow if created\n");
    let bad = alice.commit("not seen");
    court.push(alice, [format!("{bad}:refs/heads/r/1")]).ok();
    enact(&court, "rule \"seen\"\n  on push \"refs/heads/r/*\"\n  allow if deleted or every_message(\"good\")\n");
    let good = alice.commit("good");
    court.push(alice, [format!("{good}:refs/heads/r/2")]).ok();
    let judged = |reader: &str| {
        let report = fits("verify", liar.stranger(reader).gatos(["--json", "verify"]).ok().json());
        (report["judged"]["pushes to branches"].as_u64(), report["not_judged"].clone())
    };
    assert_eq!(judged("carol"), (Some(2), serde_json::json!([])));
    // Where nothing stands beside it any more, all of it is new.
    court.push(alice, [":refs/heads/r/1", ":refs/heads/r/2"]).ok();
    court.refused(alice, [format!("{good}:refs/heads/r/3")], "none");
    liar.accept(alice, &[("refs/heads/r/3", &good)]);
    let (count, unknown) = judged("dave");
    assert_eq!(
        (count, unknown[0]["what"].as_str()),
        (Some(4), Some("pushes to branches: what stood beside a new branch"))
    );
}

#[test]
fn must_see_a_link_or_submodule_in_the_place_of_a_folder() {
    see_links(API);
    // Also where a folder below it is named.
    see_links(&API.replace("api/**", "api/v1/*.proto"));
    see_links(&API.replace("api/**", "**/secret/**"));
    see_links(&API.replace("api/**", "a*/gen/x"));
}

#[track_caller]
fn see_links(rules: &str) {
    let world = World::new();
    let court = Court::new(&world);
    enact(&court, rules);
    let forge = court.forge(&court.alice);
    let blob = forge.write("blob", b"x");
    let (link, module) = (("120000", "api".to_owned(), blob.as_str()), ("160000", "api".to_owned(), "1".repeat(40)));
    let linked = commit(&forge, &tree(&forge, &[link]));
    let held = commit(&forge, &tree(&forge, &[(module.0, module.1, &module.2)]));
    for head in [linked, held] {
        court.refused(&court.alice, [format!("{head}:refs/heads/main")], "api");
    }
    // A file of that name is no folder.
    let file = commit(&forge, &tree(&forge, &[("100644", "api".into(), &blob)]));
    court.push(&court.alice, [format!("{file}:refs/heads/main")]).ok();
}

#[test]
fn must_read_a_message_that_is_not_utf8() {
    let world = World::new();
    let court = Court::new(&world);
    court.alice.write(
        "gatos/policies/says.lua",
        "local function says(commits, what)\n  for _, c in ipairs(commits) do\n    \
         if string.contains(c.message, what) then return true end\n  end\n  return false\nend\n",
    );
    enact(&court, "rule \"skip\"\n  on push \"refs/heads/main\"\n  deny if says(commits, \"[skip ci]\")\n  allow\n");
    let forge = court.forge(&court.alice);
    let tree = forge.write("tree", b"");
    let who = "a <a@example.org> 1795251600 +0000";
    let head = format!("tree {tree}\nauthor {who}\ncommitter {who}\n\nx [skip ci] ");
    for end in [&b"\n"[..], b"\xff\n"] {
        let head = forge.write("commit", &[head.as_bytes(), end].concat());
        court.refused(&court.alice, [format!("{head}:refs/heads/main")], "skip");
    }
}

/// Who pushes and where to may be why a rule let commits in: on another branch they have not been judged for this one.
#[test]
fn must_ask_again_about_commits_that_were_parked_where_another_rule_lets_them_in() {
    let split = r#"
rule "reviewed"
  on push "refs/heads/**"
  allow if every_message("Reviewed-by:")

rule "free"
  on push "refs/heads/wip"
  allow
"#;
    let paths = r#"
rule "reviewed"
  on push "refs/heads/**"
  allow if not changed("**/*.txt") or every_message("Reviewed-by:")
"#;
    for rules in [split, paths] {
        let world = World::new();
        let court = Court::new(&world);
        let alice = &court.alice;
        enact(&court, rules);
        alice.commit("Reviewed-by: all");
        court.push(alice, ["HEAD:refs/heads/wip"]).ok();
        alice.write("a.txt", "not reviewed");
        alice.git(["add", "a.txt"]).ok();
        alice.git(["commit", "-q", "-m", "not reviewed"]).ok();
        let hidden = alice.git(["rev-parse", "HEAD"]).ok().stdout();
        alice.git(["revert", "--no-edit", "HEAD"]).ok();
        court.push(alice, ["HEAD:refs/heads/wip"]).ok();
        let over = ["commit-tree", "-p", &hidden, "-m", "Reviewed-by: me", &format!("{hidden}^{{tree}}")];
        let bad = alice.git(over).ok().stdout();
        court.refused(alice, [format!("{bad}:refs/heads/release")], "none");
    }
}

#[test]
fn must_ask_again_about_commits_that_were_parked_where_the_same_rule_let_them_in() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, liar) = (&court.alice, Liar::of(&court));
    enact(
        &court,
        r#"
rule "reviewed"
  on push "refs/heads/**"
  allow if ref == "refs/heads/wip" or every_message("Reviewed-by:")
"#,
    );
    let hidden = alice.commit("not reviewed");
    let bad = alice.commit("Reviewed-by: me");
    court.refused(alice, [format!("{bad}:refs/heads/release")], "none");
    court.push(alice, [format!("{hidden}:refs/heads/wip")]).ok();
    court.refused(alice, [format!("{bad}:refs/heads/release")], "none");
    passes(&liar.stranger("carol"));
    liar.accept(alice, &[("refs/heads/next", &bad)]);
    // A reader does not take it for allowed; what stood beside a new branch before there was a gate it cannot know.
    let report = passes(&liar.stranger("dave"));
    assert_eq!(report["not_judged"][0]["what"], "pushes to branches: what stood beside a new branch", "{report}");
}
