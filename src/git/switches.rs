//! The switches of libgit2 that hold for the whole process, and the only `unsafe` of the project: libgit2 keeps them in
//! plain globals, so `git2` cannot call setting them safe.

use std::ffi::c_int;
use std::sync::{Mutex, Once};

/// Sets what every repository of this process is read with.
///
/// libgit2 hashes every object it reads; here single reads are hashed by `objects` and a chain's commits by whoever
/// judges them, so that nothing is hashed twice. Its object cache would keep up to 256 MB of a chain that is read once.
pub(super) fn once() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        git2::opts::strict_hash_verification(false);
        git2::opts::enable_caching(false);
    });
}

/// Runs `open` while libgit2 gives new object and ref stores the wish to be durable, or not. A store keeps the wish that
/// held when it was opened; the lock keeps two openings with different wishes apart.
pub(super) fn with_fsync<T>(on: bool, open: impl FnOnce() -> T) -> T {
    static OPENING: Mutex<()> = Mutex::new(());
    let _lock = OPENING.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    set_fsync(on);
    let opened = open();
    set_fsync(false);
    opened
}

#[allow(unsafe_code)]
fn set_fsync(on: bool) {
    // SAFETY: the option takes one int. Readers on other threads may see either value of that int while a store opens;
    // they write nothing, so it means nothing to them.
    let code =
        unsafe { libgit2_sys::git_libgit2_opts(libgit2_sys::GIT_OPT_ENABLE_FSYNC_GITDIR as c_int, c_int::from(on)) };
    debug_assert_eq!(code, 0, "libgit2 knows this option");
}
