use super::*;
use crate::id::Replica;
use proptest::prelude::*;
use std::path::PathBuf;

/// A clone made by copying the directory: the same key, a new replica.
fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-r").arg(from).arg(to).output().unwrap();
    assert!(done.status.success(), "{done:?}");
}

pub(super) fn fetch(into: &Path, from: &Path, name: &str) {
    let refspec = format!("refs/gatos/*:refs/gatos-remotes/{name}/*");
    git(into, &["fetch", "-q", from.to_str().unwrap(), &refspec]);
}

fn replica_of(dir: &Path) -> Option<Replica> {
    super::super::replica::read(&dir.join(".git")).unwrap()
}

/// A fold whose result depends on the order of events and that fails on some of them.
pub(super) const FOLD: &str = r#"
return function(state, event)
  local p = event.payload
  if p.n % 7 == 3 then error("no") end
  state.sum = (state.sum or 0) * 3 + p.n
  state.sum = state.sum % 1000003
  state.last = event.actor .. p.n
  state.list = state.list or json.array({})
  if #state.list > 5 then state.list = json.array({}) end
  state.list[#state.list + 1] = p.n
  return state
end
"#;

pub(super) struct Clones {
    pub home: TempDir,
    pub dirs: Vec<PathBuf>,
}

impl Clones {
    pub fn new(count: usize) -> Clones {
        let (home, _) = ready();
        let first = home.path().join("repo");
        std::fs::write(first.join("gatos/fold.lua"), FOLD).unwrap();
        let mut dirs = vec![first.clone()];
        for i in 1..count {
            let dir = home.path().join(format!("clone{i}"));
            copy(&first, &dir);
            dirs.push(dir);
        }
        Clones { home, dirs }
    }

    pub fn node(&self, i: usize, seed: usize) -> Node {
        Node::open(&ambient(self.home.path(), &self.dirs[i], &format!("{i} {seed}"))).unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..ProptestConfig::default() })]

    /// Clones append, fetch from each other, look and write checkpoints in any order. In the end all have the same events,
    /// and the state is the same whether it was continued from what was computed before or folded from the first event.
    #[test]
    fn must_fold_the_same_whatever_arrived_first(
        count in prop::sample::select(vec![1usize, 2, 3, 8]),
        acts in prop::collection::vec((0usize..8, 0usize..4, 0usize..8), 1..40),
    ) {
        let clones = Clones::new(count);
        for (step, (who, act, other)) in acts.iter().enumerate() {
            let (who, other) = (who % count, other % count);
            let node = clones.node(who, step);
            match act {
                0 | 1 => {
                    emit(&node, "add", &format!("{{\"n\":{}}}", step * 5 + who));
                }
                2 if other != who => fetch(&clones.dirs[who], &clones.dirs[other], &format!("c{other}")),
                _ if !node.view(&Ns::main()).unwrap().journals.is_empty() => {
                    state(&node);
                    if step % 2 == 0 {
                        match checkpoint(&node) {
                            Ok(_) | Err(NodeError::EmptyWindow) => {}
                            Err(other) => panic!("{other}"),
                        }
                    }
                }
                _ => {}
            }
        }
        emit(&clones.node(0, 1000), "add", r#"{"n":1}"#);
        let mut states = Vec::new();
        for (i, dir) in clones.dirs.iter().enumerate() {
            // The other way round in every second clone.
            let mut others: Vec<usize> = (0..count).filter(|o| *o != i).collect();
            if i % 2 == 1 {
                others.reverse();
            }
            for other in others {
                fetch(dir, &clones.dirs[other], &format!("c{other}"));
            }
            let continued = state(&clones.node(i, 2000));
            std::fs::remove_dir_all(dir.join(".git/gatos/cache")).unwrap();
            let whole = state(&clones.node(i, 3000));
            prop_assert_eq!(&continued.state, &whole.state);
            prop_assert_eq!(continued.reverted.len(), whole.reverted.len());
            prop_assert_eq!(&continued.heads, &whole.heads);
            prop_assert_eq!(continued.ledger_head, whole.ledger_head);
            states.push((whole.state_root, whole.events, whole.heads));
        }
        states.dedup();
        prop_assert_eq!(states.len(), 1, "{:?}", states);
        let (report, _) = verify(clones.node(0, 4000).ambient(), None, true, &Silent, &Cancel::default()).unwrap();
        prop_assert!(report.passed(), "{:?}", report.findings);
    }
}

#[test]
fn a_copied_directory_draws_a_new_replica_and_no_journal_forks() {
    let clones = Clones::new(1);
    emit(&clones.node(0, 1), "add", r#"{"n":1}"#);
    let copied = clones.home.path().join("copied");
    copy(&clones.dirs[0], &copied);
    let first = replica_of(&clones.dirs[0]).unwrap();
    assert_eq!(replica_of(&copied), None, "the file names another directory");
    let node = Node::open(&ambient(clones.home.path(), &copied, "copied")).unwrap();
    let second = emit(&node, "add", r#"{"n":2}"#);
    assert_eq!(second.seq, 1);
    assert_ne!(second.writer.replica(), first);
    let there = emit(&clones.node(0, 2), "add", r#"{"n":3}"#);
    assert_eq!((there.seq, there.writer.replica()), (2, first));
}

#[test]
fn a_restored_backup_draws_a_new_replica() {
    let clones = Clones::new(1);
    emit(&clones.node(0, 1), "add", r#"{"n":1}"#);
    let tip = clones.dirs[0].join(".git/refs/gatos/journal/main");
    let saved = clones.home.path().join("saved");
    copy(&tip, &saved);
    let lost = emit(&clones.node(0, 2), "add", r#"{"n":2}"#);
    std::fs::remove_dir_all(&tip).unwrap();
    copy(&saved, &tip);
    let (report, _) = verify(clones.node(0, 3).ambient(), None, false, &Silent, &Cancel::default()).unwrap();
    let dropped: Vec<_> = report.findings.iter().filter(|f| f.is_failure()).collect();
    assert_eq!(dropped.len(), 1, "{dropped:?}");
    assert_eq!((dropped[0].code.as_str(), dropped[0].commit), ("journal.dropped", lost.commit));
    let node = clones.node(0, 4);
    let next = emit(&node, "add", r#"{"n":3}"#);
    assert_eq!(next.seq, 1);
    assert_ne!(next.writer, lost.writer);
    assert!(node.take_notices()[0].contains("going on as"));
}

#[test]
fn the_same_ulid_and_intent_give_the_old_receipt() {
    let (_home, ambient) = ready();
    let node = Node::open(&ambient).unwrap();
    let said = draft(&ambient, "add", r#"{"n":1}"#);
    let send = |draft: &Draft| node.emit(&Ns::main(), draft, true);
    let Outcome::Stored(first) = send(&said).unwrap() else { panic!() };
    emit(&node, "add", r#"{"n":5}"#);
    let Outcome::Stored(again) = send(&said).unwrap() else { panic!() };
    assert_eq!(again, Emitted { repeated: true, ..first });
    let other = Draft::new("add".parse().unwrap(), crate::canon::Value::Int(2), said.ulid, None).unwrap();
    assert!(matches!(send(&other), Err(NodeError::DuplicateUlid { seq: 1, .. })));
    assert_eq!(state(&node).events, 2);
}
