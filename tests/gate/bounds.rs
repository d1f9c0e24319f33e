//! What one push, and one actor, may make of a server: trees, journals, statements of trust.

use super::court::{Court, OPEN, TRUST};
use crate::harness::World;
use crate::must::forge::Forge;

const NAMESPACES: usize = 32;
const JOURNALS_EACH: usize = 32;

/// The bytes of a tree of one kind of entries.
fn tree(forge: &Forge<'_>, mode: &str, names: impl Iterator<Item = String>, id: &str) -> String {
    let id: Vec<u8> = (0..20).map(|n| u8::from_str_radix(&id[2 * n..2 * n + 2], 16).expect("digits")).collect();
    let entry = |name: String| [format!("{mode} {name}\0").as_bytes(), &id].concat();
    forge.write("tree", &names.flat_map(entry).collect::<Vec<u8>>())
}

#[test]
fn must_refuse_a_tree_of_long_paths_before_they_are_held() {
    let world = World::new();
    let court = Court::new(&world);
    court.alice.write("gatos/policies/open.rgs", OPEN);
    court.enact(&court.alice);
    let forge = court.forge(&court.bob);
    let files = tree(&forge, "100644", (0..1000).map(|n| format!("f{n:03}")), &forge.write("blob", b""));
    let long = tree(&forge, "40000", std::iter::once("a".repeat(1 << 20)), &files);
    let who = "a <a@example.org> 1795251600 +0000";
    let commit = |parent: &str| {
        forge.write("commit", format!("tree {long}\n{parent}author {who}\ncommitter {who}\n\nx\n").as_bytes())
    };
    let (alone, tip) = (commit(""), court.server.git(["rev-parse", TRUST]).ok().stdout());
    let behind = commit(&format!("parent {tip}\n"));
    let id = "a".repeat(64);
    // Every reader of a pushed tree stops there.
    for (commit, name, rule) in [
        (&alone, format!("refs/gatos/policies/{id}"), "policy.invalid"),
        (&alone, format!("refs/gatos/proposals/{id}"), "proposal.invalid"),
        (&alone, "refs/gatos/state/main".to_owned(), "tree.shape"),
        (&behind, TRUST.to_owned(), "trust.invalid"),
    ] {
        let told = court.refused(&court.bob, [format!("{commit}:{name}")], rule);
        told.err_says("holds more than 4194304 bytes of paths");
    }
}

#[test]
fn must_bound_the_journals_of_one_actor_over_all_namespaces() {
    let world = World::new();
    let court = Court::new(&world);
    let [refspec] = &court.beginnings(1)[..] else { panic!("one") };
    let (name, tip) = court.journal(&court.alice);
    let writer = name.rsplit('/').next().expect("a writer");
    let stem = &writer[..writer.len() - 6];
    // What the gate counts are names: these were all let in once. Alice has one in `main` beside them.
    let other = |n: usize| format!("refs/gatos/journal/n{}/{stem}re{:04}", n % NAMESPACES, n / NAMESPACES);
    let all: String = (1..NAMESPACES * JOURNALS_EACH).map(|n| format!("create {} {tip}\n", other(n))).collect();
    let stdin = |text: &str| {
        let update = court.world.command("git", "git", court.server.path()).args(["update-ref", "--stdin"]);
        update.stdin(text.as_bytes()).run().ok();
    };
    stdin(&all);
    court.refused(&court.alice, [refspec], "quota.journals").err_says("has 1024 journals in all namespaces already");
    // Others have as many of their own.
    court.emit(&court.bob, "{\"n\":2}");
    court.push(&court.bob, [super::court::JOURNALS]).ok();
    stdin(&format!("delete {}\n", other(1)));
    court.push(&court.alice, [refspec]).ok();
}
