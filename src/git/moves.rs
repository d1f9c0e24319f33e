//! Several refs moved as one, deletions among them: by `git update-ref --stdin`, which libgit2 cannot do safely.

use super::{Expected, Git, GitError, Store};
use crate::id::Oid;

/// One ref of a transaction. It moves only from where it is expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    pub name: String,
    pub expected: Expected,
    /// `None` = the ref goes.
    pub new: Option<Oid>,
}

impl Move {
    fn line(&self) -> String {
        let Move { name, expected, new } = self;
        match (expected, new) {
            (Expected::Absent, Some(new)) => format!("create {name} {new}\n"),
            (Expected::At(old), Some(new)) => format!("update {name} {new} {old}\n"),
            (Expected::At(old), None) => format!("delete {name} {old}\n"),
            (Expected::Absent, None) => format!("verify {name}\n"),
        }
    }
}

impl Store {
    /// Moves all of these refs or none. `Moved` where one is not as expected.
    pub fn transact(&self, moves: &[Move]) -> Result<(), GitError> {
        self.step()?;
        let _law = self.lock_law(moves.iter().map(|m| m.name.as_str()))?;
        let lines: String = moves.iter().map(Move::line).collect();
        let failed = match Git::new(self).args(["update-ref", "-m", "gatos", "--stdin"]).stdin(lines).run() {
            Ok(_) => return Ok(()),
            Err(failed) => failed,
        };
        for Move { name, expected, .. } in moves {
            let found = self.resolve_ref(name)?;
            let wanted = match expected {
                Expected::Absent => None,
                Expected::At(oid) => Some(*oid),
            };
            if found != wanted {
                return Err(GitError::Moved { name: name.clone(), expected: *expected, found });
            }
        }
        Err(failed)
    }
}
