//! git-gatos: a git repository as a deterministic, self-governing computer.
//!
//! The map of the house. A room imports only from lower floors, and only the rooms named beside it; `tests/tidy.rs` reads
//! this table and fails where the code disagrees.
//!
//! ```text
//! F0  id      :
//! F1  ambient : id
//! F1  canon   : id
//! F2  git     : id ambient canon
//! F2  lua     : id canon
//! F3  trust   : id ambient canon git
//! F4  ledger  : id ambient canon git trust
//! F5  policy  : id ambient canon git lua trust ledger
//! F5  state   : id ambient canon git lua trust ledger
//! F6  node    : id ambient canon git lua trust ledger policy state
//! F10 view    : id ambient canon git lua trust ledger policy state node
//! F10 hook    : id ambient canon git lua trust ledger policy state
//! F10 doctor  : id ambient canon git lua trust ledger policy state node
//! F12 cli     : id ambient canon git lua trust ledger policy state node view doctor hook
//! ```

pub mod ambient;
pub mod canon;
pub mod cli;
pub mod doctor;
pub mod git;
pub mod hook;
pub mod id;
pub mod ledger;
pub mod lua;
pub mod node;
pub mod policy;
pub mod state;
pub mod trust;
pub mod view;
