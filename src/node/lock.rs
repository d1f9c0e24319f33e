use super::error::NodeError;
use super::open::Node;
use crate::git::{Plane, RefName};
use crate::id::{Ns, Writer};
use std::fs::{File, TryLockError};
use std::time::{Duration, Instant};

/// How long a writer waits for another that makes no progress.
const PATIENCE: Duration = Duration::from_secs(30);

/// Held while a process of this clone appends to a journal. The compare-and-swap of the ref is what keeps the journal
/// whole; the lock only keeps writers from making work for each other.
pub(super) struct JournalLock {
    _file: File,
}

impl JournalLock {
    /// Waits its turn for as long as the journal moves.
    pub(super) fn take(node: &Node, ns: &Ns, writer: &Writer) -> Result<JournalLock, NodeError> {
        let dir = node.store().common_dir().join("gatos").join("lock");
        let path = dir.join(format!("{ns}.{writer}"));
        let fail = |source| NodeError::File { doing: "locking", path: path.clone(), source };
        std::fs::create_dir_all(&dir).map_err(fail)?;
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(fail)?;
        let name = RefName::own(Plane::Journal { ns: ns.clone(), writer: writer.clone() });
        let mut pause = Duration::from_millis(1);
        let mut since = Instant::now();
        let mut seen = None;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(JournalLock { _file: file }),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(source)) => return Err(fail(source)),
            }
            let tip = node.store().resolve(&name)?;
            if tip != seen {
                seen = tip;
                since = Instant::now();
            }
            if since.elapsed() > PATIENCE {
                return Err(NodeError::Busy { seconds: PATIENCE.as_secs() });
            }
            std::thread::sleep(pause);
            // Up to 20 ms, each process at its own pace, so that they do not march in step.
            let jitter = u64::from(node.ambient().chance::<1>()[0]) * 20 / 255;
            pause = Duration::from_millis(1 + jitter);
        }
    }
}
