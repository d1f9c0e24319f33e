use crate::ambient::Cancel;
use std::time::{Duration, Instant};

/// What a shell reports for a program that SIGINT ended.
const INTERRUPTED: i32 = 130;

/// Nobody presses twice so fast: started by `git gatos` this process gets what the terminal sends, and again from git.
const ONE_PRESS: Duration = Duration::from_millis(500);

/// Asks `cancel` to stop at the first Ctrl-C, so that long work ends between two whole steps; the second ends the process
/// where it stands, which the store survives.
pub fn listen(cancel: &Cancel) {
    let (asked, mut first) = (cancel.clone(), None::<Instant>);
    // Without a handler Ctrl-C ends the process at once, which loses nothing but courtesy.
    let _ = ctrlc::set_handler(move || match first {
        Some(first) if first.elapsed() > ONE_PRESS => std::process::exit(INTERRUPTED),
        Some(_) => {}
        None => {
            first = Some(Instant::now());
            asked.ask();
        }
    });
}
