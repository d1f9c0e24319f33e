//! A sealed world for tests of the real binary, with a fluent face:
//!
//! ```ignore
//! let world = World::new();
//! let repo = world.repo("shop");
//! repo.gatos(["init"]).ok();
//! repo.gatos(["emit", "add", "{\"n\":1}"]).ok().says("bafyr4i");
//! repo.gatos(["emit", "Add"]).code(2).err_says("event type");
//! ```
//!
//! A command sees a home of its own, a clock that moves one second a command, chance from a seed that differs for each,
//! and nothing of the surroundings of the test but `PATH`: two runs of one test write the same objects.

mod checks;
mod command;
mod outcome;
mod repo;
mod world;

pub use command::{Command, Running, until};
pub use outcome::Outcome;
pub use repo::Repo;
pub use world::World;
