//! fold(all) = fold(checkpoint) + rest, byte for byte, through the front door.

use super::{emit, fetch, passes, ready, text};
use crate::harness::{Repo, World};
use serde_json::{Value, json};
use std::fs;

/// The order of events decides, some events err after they have changed the state, and fractions add up.
const FOLD: &str = r#"
return function(state, event)
  local n = event.payload.n
  state.sum = ((state.sum or 0) * 31 + n) % 1000003
  state.share = (state.share or 0.5) * 0.75 + n / 8
  state.by = state.by or {}
  state.by[event.actor] = (state.by[event.actor] or 0) + 1
  state.list = state.list or json.array({})
  if #state.list > 3 then state.list = json.array({}) end
  state.list[#state.list + 1] = event.cid
  if n % 5 == 3 then error("no") end
  return state
end
"#;

fn raw(repo: &Repo<'_>) -> Vec<u8> {
    repo.gatos(["state", "show", "--raw"]).ok().bytes()
}

fn drop_cache(repo: &Repo<'_>, below: &str) {
    let path = repo.path().join(".git/gatos/cache").join(below);
    if path.exists() {
        fs::remove_dir_all(path).expect("a cache may go");
    }
}

/// The state by each way to compute it: from what was shown last, from the newest checkpoint, from the first event.
#[track_caller]
fn state_by_all_ways(repo: &Repo<'_>) -> Vec<u8> {
    let continued = raw(repo);
    drop_cache(repo, "state");
    let from_checkpoint = raw(repo);
    let saved = repo.copy_of_cache();
    drop_cache(repo, "");
    let whole = raw(repo);
    saved.put_back();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert_eq!(text(&continued), text(&whole), "continued from the last look");
    assert_eq!(text(&from_checkpoint), text(&whole), "continued from the newest checkpoint");
    whole
}

/// What a clone has computed, put aside.
struct Cache {
    from: std::path::PathBuf,
    to: std::path::PathBuf,
}

trait HasCache {
    fn copy_of_cache(&self) -> Cache;
}

impl HasCache for Repo<'_> {
    fn copy_of_cache(&self) -> Cache {
        let from = self.path().join(".git/gatos/cache");
        let to = self.path().join(".git/gatos/cache-aside");
        fs::rename(&from, &to).expect("there is a cache");
        Cache { from, to }
    }
}

impl Cache {
    fn put_back(self) {
        fs::remove_dir_all(&self.from).expect("there is a new cache");
        fs::rename(&self.to, &self.from).expect("the old one comes back");
    }
}

fn checkpoint(repo: &Repo<'_>) -> Value {
    repo.gatos(["--json", "state", "checkpoint"]).ok().json()
}

fn counted(repo: &Repo<'_>, from: u64, to: u64) {
    for n in from..to {
        emit(repo, &json!({"n": n}).to_string());
    }
}

#[test]
fn must_continue_checkpoints_exactly() {
    let world = World::new();
    let repo = ready(&world, "repo");
    repo.write("gatos/fold.lua", FOLD);
    let mut before: Option<Value> = None;
    let mut n = 0;
    // Checkpoints behind 1, 2, 5, 6 and 13 events: behind one that errs, in the middle of an append, with nothing new.
    for step in [1, 1, 3, 1, 0, 7] {
        if step == 7 {
            let lines: String =
                (n..n + step).map(|n| json!({"type": "add", "payload": {"n": n}}).to_string() + "\n").collect();
            repo.command(["emit", "--jsonl", "-", "--group", "4"]).stdin(lines).run().ok();
        } else {
            counted(&repo, n, n + step);
        }
        n += step;
        let whole = state_by_all_ways(&repo);
        let written = checkpoint(&repo);
        let root = format!("blake3:{}", gatos::canon::digest::blake3(&whole).hex());
        assert_eq!((text(&written, "state_root"), &written["events"]), (root, &json!(n)));
        match &before {
            Some(before) if step == 0 => {
                assert_eq!((&written["commit"], &written["unchanged"]), (&before["commit"], &json!(true)))
            }
            Some(before) => assert_eq!(written["base"], before["commit"], "it continued the one before"),
            None => assert_eq!(written["base"], Value::Null),
        }
        repo.gatos(["fold", "verify"]).ok().says("PASSED");
        repo.gatos(["fold", "verify", "--deep"]).ok().says("from the first event");
        before = Some(written);
    }
    repo.gatos(["verify", "--deep"]).ok().says("PASSED");
    // A stranger who has computed nothing finds the same.
    let mirror = repo.clone_mirror("mirror").as_person("carol");
    mirror.gatos(["verify", "--deep"]).ok().says("PASSED");
    let fold = repo.path().join("gatos/fold.lua");
    let args = ["state", "show", "--raw", "--fold", fold.to_str().expect("UTF-8")];
    assert_eq!(mirror.gatos(args).ok().bytes(), raw(&repo));
}

#[test]
fn must_go_back_before_what_arrives_late() {
    let world = World::new();
    let here = ready(&world, "here");
    here.write("gatos/fold.lua", FOLD);
    counted(&here, 0, 3);
    let early = checkpoint(&here);
    // The other copy says little, and early: its clock is behind.
    let there = here.copy("there");
    counted(&there, 100, 102);
    counted(&here, 3, 9);
    let late = checkpoint(&here);
    assert_eq!(late["base"], early["commit"]);
    fetch(&here, &there, "there");
    let joined = state_by_all_ways(&here);
    let written = checkpoint(&here);
    assert_eq!(written["base"], early["commit"], "the newest whose whole window precedes what arrived");
    assert_eq!(written["events"], json!(11));
    // The late one still says what was known when it was written.
    here.gatos(["verify", "--deep"]).ok().says("PASSED").says("checkpoint.late");
    // The other side meets the events in another order and finds the same.
    fetch(&there, &here, "here");
    assert_eq!(state_by_all_ways(&there), joined);
    passes(&there);
    let roots = [checkpoint(&here), checkpoint(&there)].map(|c| text(&c, "state_root"));
    assert_eq!(roots[0], roots[1]);
}

#[test]
fn must_show_the_past_the_same_from_checkpoints() {
    let world = World::new();
    let here = ready(&world, "here");
    here.write("gatos/fold.lua", FOLD);
    counted(&here, 0, 3);
    checkpoint(&here);
    let there = here.copy("there");
    counted(&there, 100, 102);
    counted(&here, 3, 7);
    let late = checkpoint(&here);
    counted(&here, 7, 9);
    fetch(&here, &there, "there");
    let last = checkpoint(&here);
    let mut points = vec![text(&late, "commit"), text(&last, "commit"), "2026-11-21T09:00:12Z".to_owned()];
    for event in here.gatos(["log", "--json"]).ok().jsonl() {
        points.extend(["cid", "ulid", "commit", "ts"].map(|name| text(&event, name)));
    }
    let look = || {
        let at = |point: &String| {
            let shown = here.gatos(["--json", "state", "show", "--at", point]).ok().bytes();
            (shown, here.gatos(["--json", "state", "diff", point]).ok().bytes())
        };
        let run = ["--json", "bisect", "run", "--jq", ".sum > 900000"];
        let found = here.gatos(run).json();
        (points.iter().map(at).collect::<Vec<_>>(), found)
    };
    let begun = look();
    drop_cache(&here, "");
    let whole = look();
    for ((point, begun), whole) in points.iter().zip(&begun.0).zip(&whole.0) {
        assert_eq!(begun, whole, "{point}");
    }
    assert_eq!(begun.1, whole.1);
}
