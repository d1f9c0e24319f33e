use super::error::CliError;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};
use std::sync::Mutex;

/// The first panic of the process: a later one is its echo in another thread.
static FIRST: Mutex<Option<String>> = Mutex::new(None);

/// Runs the program and turns a panic, which is always our mistake, into an error that says so.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, CliError> {
    set_hook(Box::new(|info| {
        let payload = info.payload();
        let text = payload.downcast_ref::<&str>().copied().or(payload.downcast_ref::<String>().map(String::as_str));
        let what = text.unwrap_or("no message");
        let place = info.location().map(|l| format!(" ({}:{})", l.file(), l.line())).unwrap_or_default();
        if let Ok(mut first) = FIRST.lock() {
            first.get_or_insert_with(|| format!("{what}{place}"));
        }
    }));
    // Nothing that the closure touched is looked at again, so nothing half done is seen.
    catch_unwind(AssertUnwindSafe(work)).map_err(|_| {
        let first = FIRST.lock().ok().and_then(|mut first| first.take());
        let what = first.unwrap_or_else(|| "no message".to_owned());
        CliError::bug(format!("this is a mistake in git-gatos, not yours: {what}")).hint(
            "what was stored before is whole (git gatos verify); please report this with the command that you ran",
        )
    })
}
