use super::error::NodeError;
use super::open::Node;
use crate::ambient::Ambient;
use crate::git::{Plane, RefName};
use crate::id::{Ns, Oid, Writer};
use std::fs::{File, TryLockError};
use std::path::Path;
use std::time::{Duration, Instant};

/// How long a process waits for another that makes no progress.
const PATIENCE: Duration = Duration::from_secs(30);

/// Held while a process of this clone does what one at a time must do. It goes with the process, however that ends.
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Appending to a journal. The compare-and-swap of the ref is what keeps the journal whole; the lock only keeps
    /// writers from making work for each other. It is waited for as long as the journal moves.
    pub(super) fn journal(node: &Node, ns: &Ns, writer: &Writer) -> Result<Lock, NodeError> {
        let name = RefName::own(Plane::Journal { ns: ns.clone(), writer: writer.clone() });
        let place = format!("{ns}.{writer}");
        Lock::take(node.ambient(), node.store().common_dir(), &place, &|| Ok(node.store().resolve(&name)?))
    }

    /// A short piece of work that is done once in a clone.
    pub(super) fn of(ambient: &Ambient, common_dir: &Path, work: &str) -> Result<Lock, NodeError> {
        Lock::take(ambient, common_dir, work, &|| Ok(None))
    }

    fn take(
        ambient: &Ambient,
        common_dir: &Path,
        name: &str,
        progress: &dyn Fn() -> Result<Option<Oid>, NodeError>,
    ) -> Result<Lock, NodeError> {
        let dir = common_dir.join("gatos").join("lock");
        let path = dir.join(name);
        let fail = |source| NodeError::File { doing: "locking", path: path.clone(), source };
        std::fs::create_dir_all(&dir).map_err(fail)?;
        let file = File::options().create(true).truncate(false).write(true).open(&path).map_err(fail)?;
        let mut pause = Duration::from_millis(1);
        let mut since = Instant::now();
        let mut seen = None;
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Lock { _file: file }),
                Err(TryLockError::WouldBlock) => {}
                Err(TryLockError::Error(source)) => return Err(fail(source)),
            }
            let tip = progress()?;
            if tip != seen {
                seen = tip;
                since = Instant::now();
            }
            if since.elapsed() > PATIENCE {
                return Err(NodeError::Busy { seconds: PATIENCE.as_secs() });
            }
            std::thread::sleep(pause);
            // Up to 20 ms, each process at its own pace, so that they do not march in step.
            let jitter = u64::from(ambient.chance::<1>()[0]) * 20 / 255;
            pause = Duration::from_millis(1 + jitter);
        }
    }
}
