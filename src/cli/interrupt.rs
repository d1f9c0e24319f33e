use crate::ambient::Cancel;

/// What a shell reports for a program that SIGINT ended.
const INTERRUPTED: i32 = 130;

/// Asks `cancel` to stop at the first Ctrl-C, so that long work ends between two whole steps; the second ends the process
/// where it stands, which the store survives.
pub fn listen(cancel: &Cancel) {
    let asked = cancel.clone();
    // Without a handler Ctrl-C ends the process at once, which loses nothing but courtesy.
    let _ = ctrlc::set_handler(move || {
        if asked.asked() {
            std::process::exit(INTERRUPTED);
        }
        asked.ask();
    });
}
