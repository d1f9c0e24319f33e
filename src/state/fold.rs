use super::error::StateError;
use crate::canon::{digest, json};
use crate::id::{Blake3, Cid, Oid, Timestamp};
use crate::ledger::Loaded;
use crate::lua::{Machine, Program, StepError};

/// An event whose step erred: it changed nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reverted {
    pub cid: Cid,
    /// The verdict, with the event: the same on every machine.
    pub class: String,
    /// What a person reads about it; no part of any proof.
    pub message: String,
}

/// The event that a window ends with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LastEvent {
    pub cid: Cid,
    /// The commit that holds it.
    pub commit: Oid,
    pub ts: Timestamp,
    pub policy_root: Oid,
}

/// What came of a fold.
#[derive(Debug, Clone, PartialEq)]
pub struct Folded {
    /// The bytes of `state.json`.
    pub state: Vec<u8>,
    pub events: u64,
    pub first: Option<Cid>,
    pub last: Option<LastEvent>,
    pub reverted: Vec<Reverted>,
}

impl Folded {
    /// The fold of nothing.
    pub fn empty() -> Folded {
        Folded { state: b"{}".to_vec(), events: 0, first: None, last: None, reverted: Vec::new() }
    }

    pub fn state_root(&self) -> Blake3 {
        digest::blake3(&self.state)
    }
}

/// A fold under way.
pub struct Run {
    machine: Machine,
    events: u64,
    first: Option<Cid>,
    last: Option<LastEvent>,
    reverted: Vec<Reverted>,
}

impl Run {
    /// Begins where an earlier fold ended: `Folded::empty()` for the beginning of time.
    pub fn from(program: &Program, base: Folded) -> Result<Run, StateError> {
        let mut machine = Machine::new(program).map_err(StateError::Start)?;
        let state = json::parse_state(&base.state)?;
        machine.set_state(&state).map_err(|e| StateError::Load(e.to_string()))?;
        Ok(Run { machine, events: base.events, first: base.first, last: base.last, reverted: base.reverted })
    }

    /// Takes the next event in window order. `Some` where its step erred; an error where there is no verdict.
    pub fn step(&mut self, loaded: Loaded) -> Result<Option<&Reverted>, StateError> {
        let Loaded { commit, event } = loaded;
        let cid = event.cid;
        let last = LastEvent { cid, commit, ts: event.header.ts, policy_root: event.header.policy_root };
        let verdict = match self.machine.step(&event.into_fold_view()) {
            Ok(_fuel) => None,
            Err(StepError::Verdict(v)) => Some(v),
            Err(StepError::Halt(source)) => return Err(StateError::Halted { cid, source }),
        };
        self.events += 1;
        self.first.get_or_insert(cid);
        self.last = Some(last);
        match verdict {
            None => Ok(None),
            Some(v) => {
                self.reverted.push(Reverted {
                    cid,
                    class: v.class.as_str().to_owned(),
                    message: format!("{}:{}: {}", v.line, v.col, v.message),
                });
                Ok(self.reverted.last())
            }
        }
    }

    /// How many events were taken, those before the base included.
    pub fn events(&self) -> u64 {
        self.events
    }

    /// The state as it is now.
    pub fn state(&mut self) -> Result<Vec<u8>, StateError> {
        self.machine.state().map_err(|e| StateError::Encode(e.to_string()))
    }

    pub fn finish(mut self) -> Result<Folded, StateError> {
        let state = self.state()?;
        Ok(Folded { state, events: self.events, first: self.first, last: self.last, reverted: self.reverted })
    }
}
