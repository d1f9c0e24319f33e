//! The one integration binary: every file under `tests/` hangs on a `mod` line that starts here (`tidy` sees to it).

mod cli;
mod gate;
mod harness;
mod linecount;
mod must;
mod plumb;
mod stored;
mod tidy;
mod walkthrough;
