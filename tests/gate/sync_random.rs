//! Clones that append, fold and sync in any order through a gated server come to one state.

use super::court::Court;
use super::sync::{open, payloads, state_root, synced};
use crate::harness::{Repo, World};

/// SplitMix64: the same acts for the same seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, n: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) as usize % n
    }
}

/// Runs clones of two people through random acts, and gives how often something came too late.
fn converge(count: usize, acts: usize, seed: u64) -> usize {
    let world = World::new();
    let court = open(&world);
    let clones = clones(&court, count);
    // Bob's clone was made before the law was.
    synced(&court.bob);
    let mut said = vec![1];
    let mut chance = Chance(seed);
    for n in 2..acts as i64 + 2 {
        let repo = &clones[chance.below(count)];
        match chance.below(8) {
            0..4 => {
                court.emit(repo, &format!("{{\"n\":{n}}}"));
                said.push(n);
            }
            4 | 5 => drop(repo.gatos(["state", "checkpoint"]).ok()),
            _ => drop(synced(repo)),
        }
    }
    // The second round brings what the later ones of the first pushed.
    for repo in clones.iter().chain(&clones) {
        synced(repo);
    }
    let refusals = court.record();
    assert!(refusals.iter().all(|rule| rule == "event.late"), "seed {seed}: {refusals:?}");
    let root = state_root(&clones[0]);
    for (at, repo) in clones.iter().enumerate() {
        assert_eq!(payloads(repo), said, "seed {seed}, clone {at}");
        assert_eq!(state_root(repo), root, "seed {seed}, clone {at}");
        repo.gatos(["verify"]).ok();
    }
    court.server.git(["fsck", "--strict", "--no-dangling", "--no-progress"]).ok().silent();
    refusals.len()
}

/// Alice's and bob's, and clones made by the verb, which are theirs in turn.
fn clones<'w>(court: &Court<'w>, count: usize) -> Vec<Repo<'w>> {
    let url = court.alice.git(["remote", "get-url", "origin"]).ok().stdout();
    let mut clones = vec![court.alice.clone(), court.bob.clone()];
    for at in 2..count {
        let owner = clones[at % 2].clone();
        let dir = court.world.path().join(format!("clone{at}"));
        owner.gatos(["clone", &url, dir.to_str().expect("UTF-8")]).ok();
        clones.push(owner.at(dir));
    }
    clones
}

#[test]
fn must_converge_four_clones_through_a_gate() {
    let late: usize = (0..3).map(|seed| converge(4, 40, seed)).sum();
    assert!(late > 0, "nothing came late: these acts show too little");
}

#[test]
fn must_converge_eight_clones_through_a_gate() {
    assert!(converge(8, 48, 8) > 0, "nothing came late: these acts show too little");
}
