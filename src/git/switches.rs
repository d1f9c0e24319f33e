//! The switches of libgit2 that hold for the whole process, and the only `unsafe` of the project: libgit2 keeps them in
//! plain globals, so `git2` cannot call setting them safe.

use std::ffi::c_int;
use std::sync::Once;

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

/// Makes every repository of this process write durably: objects and refs are synced, and the directories that name them.
/// There is no way back, because a store on another thread may rely on it; a process that opens no durable store never
/// gets here.
pub(super) fn durable() {
    static ONCE: Once = Once::new();
    ONCE.call_once(set_fsync);
}

#[allow(unsafe_code)]
fn set_fsync() {
    // SAFETY: the option takes one int and stores it. Another thread that writes at this moment belongs to a store that
    // does not ask for durability, so either value serves it.
    let code = unsafe { libgit2_sys::git_libgit2_opts(libgit2_sys::GIT_OPT_ENABLE_FSYNC_GITDIR as c_int, 1 as c_int) };
    debug_assert_eq!(code, 0, "libgit2 knows this option");
}
