use super::error::StateError;
use super::fold::{Folded, LastEvent};
use super::proof::{Base, Proof};
use crate::canon::{digest, json, trailers};
use crate::git::{Expected, GitError, NewCommit, Plane, Reader, RefName, Store, commit_bytes};
use crate::id::{Blake3, Ns, Oid, Sha256, Timestamp};
use crate::ledger::Heads;
use crate::lua::{ENGINE, Program};

/// The version of the checkpoint's form.
const FOLD_VERSION: &str = "1";
const FOLD_MATH: &str = "fixed-q32.32";
/// Largest file of a checkpoint: a state of 256 MiB in memory is smaller in JSON.
const FILE_MAX: u64 = 1 << 30;
const FILES: [&str; 4] = ["fold.elc", "pof.json", "state.json", "window.json"];

/// A checkpoint whose files agree with each other and with its trailers. Whether the fold gives that state is another
/// question.
#[derive(Debug, Clone)]
pub struct Checkpoint {
    pub commit: Oid,
    pub parent: Option<Oid>,
    /// The time of the last event.
    pub time: Timestamp,
    /// The commit that holds the last event.
    pub ledger_head: Oid,
    pub state: Vec<u8>,
    pub elc: Vec<u8>,
    pub heads: Heads,
    pub proof: Proof,
}

impl Checkpoint {
    /// Reads a checkpoint strictly: it is accepted only where rebuilding its tree and commit from its parts gives the
    /// same commit.
    pub fn read(reader: &Reader, commit: Oid) -> Result<Checkpoint, StateError> {
        let read = |source| StateError::Read { commit, source };
        let bad = |why: String| StateError::NotCheckpoint { commit, why };
        let header = reader.commit(commit).map_err(read)?;
        let mut files = reader.files(commit, FILE_MAX).map_err(read)?;
        files.sort();
        let names: Vec<&str> = files.iter().map(|(name, _)| name.as_str()).collect();
        if names != FILES {
            return Err(bad(format!("its tree holds {}, not {}", names.join(" "), FILES.join(" "))));
        }
        let mut bytes = files.into_iter().map(|(_, bytes)| bytes);
        let mut take = || bytes.next().expect("four files were counted");
        let (elc, proof_bytes, state, window) = (take(), take(), take(), take());
        let proof = Proof::from_json(&proof_bytes).map_err(|why| bad(format!("pof.json: {why}")))?;
        let heads = Heads::from_json(&window).map_err(|e| bad(e.to_string()))?;
        json::parse_state(&state).map_err(|e| bad(format!("state.json: {e}")))?;
        for (what, claimed, found) in [
            ("state_root", proof.state_root.to_string(), digest::blake3(&state).to_string()),
            ("window_root", proof.window_root.to_string(), heads.root().to_string()),
            ("fold_root", proof.fold_root.to_string(), digest::sha256(&elc).to_string()),
        ] {
            if claimed != found {
                return Err(bad(format!("pof.json names {what} {claimed}, but the file beside it is {found}")));
            }
        }
        let text = header.text().ok_or_else(|| bad("its message is not UTF-8".into()))?;
        let found = trailers::read(text);
        let ledger_head = trailers::once(&found, "Ledger-Head").and_then(|hex| hex.parse().ok());
        let ledger_head: Oid = ledger_head.ok_or_else(|| bad("there is no trailer Ledger-Head".into()))?;
        let time = header.time().ok_or_else(|| bad("its time is out of range".into()))?;
        let again = commit_bytes(&identity(header.tree, &header.parents, time, &message(&proof, ledger_head)));
        if header.raw() != again {
            return Err(bad("its commit is not the one that its files give".into()));
        }
        if header.parents.len() > 1 {
            return Err(bad("it has two parents".into()));
        }
        let parent = header.parents.first().copied();
        Ok(Checkpoint { commit, parent, time, ledger_head, state, elc, heads, proof })
    }

    /// The first thing that this checkpoint says and its window, folded again, does not give. `heads` = how far the journals
    /// were read, `code_root` = that of the policy of the last event.
    pub fn contradiction(&self, repo: Blake3, heads: &Heads, folded: &Folded, code_root: Sha256) -> Option<String> {
        let proof = &self.proof;
        if *heads != self.heads {
            return Some(format!("its window is {}, but the journals give {}", shown(&self.heads), shown(heads)));
        }
        let (Some(first), Some(last)) = (folded.first, folded.last) else { return Some("its window is empty".into()) };
        let found = Proof {
            repo,
            ns: proof.ns.clone(),
            window_root: heads.root(),
            ledger_start: first,
            ledger_end: last.cid,
            events: folded.events,
            policy_root: last.policy_root,
            policy_code_root: code_root,
            fold_root: proof.fold_root,
            state_root: folded.state_root(),
            reverted: Proof::reverted_of(folded),
            base: proof.base.clone(),
        };
        if found != *proof {
            return Some(proof.difference(&found));
        }
        if self.ledger_head != last.commit {
            return Some(format!("Ledger-Head is {}, computed {}", self.ledger_head, last.commit));
        }
        (self.time != last.ts).then(|| format!("its time is {}, computed {}", self.time, last.ts))
    }

    /// The fold as far as this checkpoint, to be continued.
    pub fn folded(&self, last: LastEvent) -> Folded {
        let reverted = self.proof.reverted.iter().map(|(cid, class)| super::fold::Reverted {
            cid: *cid,
            class: class.clone(),
            message: class.clone(),
        });
        Folded {
            state: self.state.clone(),
            events: self.proof.events,
            first: Some(self.proof.ledger_start),
            last: Some(last),
            reverted: reverted.collect(),
        }
    }
}

fn shown(heads: &Heads) -> String {
    heads.iter().map(|h| format!("{}#{}", h.writer, h.seq)).collect::<Vec<_>>().join(" ")
}

/// Who a checkpoint is by: nobody in particular.
fn identity<'a>(tree: Oid, parents: &'a [Oid], time: Timestamp, message: &'a str) -> NewCommit<'a> {
    NewCommit { tree, parents, name: "gatos", email: "state@gatos", time, message }
}

/// The commit message: a subject for people and each trailer once.
fn message(proof: &Proof, ledger_head: Oid) -> String {
    let noun = if proof.events == 1 { "event" } else { "events" };
    let mut out = format!("state {}: {} {noun}\n\n", proof.ns, proof.events);
    trailers::push(&mut out, "State-Root", proof.state_root);
    trailers::push(&mut out, "Ledger-Head", ledger_head);
    trailers::push(&mut out, "Window-Root", proof.window_root);
    trailers::push(&mut out, "Policy-Root", proof.policy_root);
    trailers::push(&mut out, "Policy-Code-Root", proof.policy_code_root);
    trailers::push(&mut out, "Fold-Root", proof.fold_root);
    trailers::push(&mut out, "Fold-Engine", ENGINE);
    trailers::push(&mut out, "Fold-Version", FOLD_VERSION);
    trailers::push(&mut out, "Fold-Math", FOLD_MATH);
    out
}

/// Writes a checkpoint of a fold that is not empty behind `parent`, and moves the ref of its namespace from `held`. Equal window, fold, parent and base
/// make equal commits. `Ok(None)`: the ref moved in between; who loses folds again on the new tip.
#[allow(clippy::too_many_arguments)]
pub fn write(
    store: &Store,
    repo: Blake3,
    ns: &Ns,
    program: &Program,
    heads: &Heads,
    folded: &Folded,
    last: LastEvent,
    policy_code_root: Sha256,
    base: Option<Base>,
    parent: Option<Oid>,
    held: Option<Oid>,
) -> Result<Option<(Oid, Proof)>, StateError> {
    let proof = Proof {
        repo,
        ns: ns.clone(),
        window_root: heads.root(),
        ledger_start: folded.first.expect("a fold that is not empty has a first event"),
        ledger_end: last.cid,
        events: folded.events,
        policy_root: last.policy_root,
        policy_code_root,
        fold_root: program.root(),
        state_root: folded.state_root(),
        reverted: Proof::reverted_of(folded),
        base,
    };
    let (window, pof) = (heads.to_json(), proof.to_json());
    let tree = store
        .write_tree(&[
            ("fold.elc", program.elc()),
            ("pof.json", &pof),
            ("state.json", &folded.state),
            ("window.json", &window),
        ])
        .map_err(StateError::Write)?;
    let commit = store
        .commit(&identity(tree, parent.as_slice(), last.ts, &message(&proof, last.commit)))
        .map_err(StateError::Write)?;
    let name = RefName::own(Plane::State { ns: ns.clone() });
    match store.update(&name, held.map_or(Expected::Absent, Expected::At), commit) {
        Ok(()) => Ok(Some((commit, proof))),
        Err(GitError::Moved { .. }) => Ok(None),
        Err(source) => Err(StateError::Write(source)),
    }
}

/// The commits of a chain of checkpoints, newest first.
pub fn checkpoints(reader: &Reader, tip: Oid) -> Result<Vec<Oid>, StateError> {
    let read = |source| StateError::Read { commit: tip, source };
    let mut all: Vec<Oid> = Vec::new();
    for step in reader.chain(tip, None, 0).map_err(read)? {
        all.push(step.map_err(read)?.0);
    }
    all.reverse();
    Ok(all)
}
