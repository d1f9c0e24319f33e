//! Where receipts wait for the refs of their pushes to move.

use super::error::HookError;
use super::files::{self, failed};
use crate::canon::digest;
use crate::git::gate_dir;
use std::fs::File;
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// A directory with one file of slots that are written in place, and a file for each receipt that no slot takes. To write over
/// what the disk holds already takes it a fraction of what a new file does, and every push waits for that.
pub(super) struct Waiting {
    dir: PathBuf,
}

/// Where one of them lies.
pub(super) enum Place {
    Slot(usize),
    File(PathBuf),
}

/// Slots begin with the digest of what they hold and its length; a length of nothing is an empty slot.
const SLOT: usize = 4_096;
const DIGEST: usize = 32;
const HEAD: usize = DIGEST + 4;
const SLOTS: usize = 16;

impl Waiting {
    pub(super) fn of(common_dir: &Path) -> Waiting {
        Waiting { dir: gate_dir(common_dir).join("receipts") }
    }

    /// All that wait. What a power cut has torn in a slot is none: a slot is whole on the disk before its push is accepted.
    pub(super) fn list(&self) -> Result<Vec<(Place, Vec<u8>)>, HookError> {
        let mut found = Vec::new();
        if let Some(slots) = self.open()? {
            let held = slots.locked(|slots| slots.read_all())?;
            found.extend(held.into_iter().map(|(slot, bytes)| (Place::Slot(slot), bytes)));
        }
        for path in files::list(&self.dir, ".json")? {
            if let Some(bytes) = files::read(&path)? {
                found.push((Place::File(path), bytes));
            }
        }
        Ok(found)
    }

    /// What lies at a place; nothing where it has been taken away.
    pub(super) fn read(&self, place: &Place) -> Result<Option<Vec<u8>>, HookError> {
        match place {
            Place::File(path) => files::read(path),
            Place::Slot(slot) => match self.open()? {
                None => Ok(None),
                Some(slots) => slots.locked(|slots| slots.read(*slot)),
            },
        }
    }

    /// Adds one; it is on the disk before this returns.
    pub(super) fn add(&self, name: &str, bytes: &[u8]) -> Result<(), HookError> {
        if HEAD + bytes.len() <= SLOT {
            let slots = self.open_or_make()?;
            let taken = slots.locked(|slots| {
                let held = slots.read_all()?;
                let free = (0..SLOTS).find(|slot| held.iter().all(|(taken, _)| taken != slot));
                free.map(|slot| slots.write(slot, bytes)).transpose()
            })?;
            if taken.is_some() {
                return slots.sync();
            }
        }
        files::create(&self.dir.join(name), bytes)
    }

    /// Puts other bytes in the place of what waits. A slot holds the only copy of what was accepted and is
    /// not written over: what changes moves to a file. It is for who holds the lock of receipts.
    pub(super) fn replace(&self, place: &Place, bytes: &[u8]) -> Result<(), HookError> {
        match place {
            Place::File(path) => files::replace(path, bytes),
            Place::Slot(_) => {
                files::create_unless_there(&self.dir.join(format!("{}.json", digest::blake3(bytes).hex())), bytes)?;
                self.remove(place)
            }
        }
    }

    /// Takes one away. After a power cut it may be there again: who writes receipts looks whether it was written.
    pub(super) fn remove(&self, place: &Place) -> Result<(), HookError> {
        match place {
            Place::File(path) => files::remove(path),
            Place::Slot(slot) => match self.open()? {
                None => Ok(()),
                Some(slots) => slots.locked(|slots| slots.write(*slot, b"")),
            },
        }
    }

    fn path(&self) -> PathBuf {
        self.dir.join("slots")
    }

    fn open(&self) -> Result<Option<Slots>, HookError> {
        let path = self.path();
        match File::options().read(true).write(true).open(&path) {
            Ok(file) => Ok(Some(Slots { file, path })),
            Err(e) if e.kind() == ErrorKind::NotFound => Ok(None),
            Err(e) => Err(failed("opening", &path)(e)),
        }
    }

    fn open_or_make(&self) -> Result<Slots, HookError> {
        if let Some(slots) = self.open()? {
            return Ok(slots);
        }
        let path = self.path();
        // Who comes second finds that of the first.
        files::create_unless_there(&path, &[0; SLOT * SLOTS])?;
        self.open()?.ok_or_else(|| failed("opening", &path)(ErrorKind::NotFound.into()))
    }
}

/// The opened file of slots.
struct Slots {
    file: File,
    path: PathBuf,
}

impl Slots {
    /// Does something while nobody else reads or writes a slot.
    fn locked<T>(&self, work: impl FnOnce(&Slots) -> Result<T, HookError>) -> Result<T, HookError> {
        self.file.lock().map_err(failed("locking", &self.path))?;
        let done = work(self);
        self.file.unlock().map_err(failed("unlocking", &self.path))?;
        done
    }

    fn read_all(&self) -> Result<Vec<(usize, Vec<u8>)>, HookError> {
        let reading = failed("reading", &self.path);
        let file = self.at(0).map_err(&reading)?;
        // One block for all: a push waits for every page of memory that it is the first to touch.
        let (mut block, mut found) = (Vec::with_capacity(SLOT), Vec::new());
        for slot in 0..SLOTS {
            block.clear();
            file.take(SLOT as u64).read_to_end(&mut block).map_err(&reading)?;
            found.extend(held(&block).map(|bytes| (slot, bytes)));
        }
        Ok(found)
    }

    fn read(&self, slot: usize) -> Result<Option<Vec<u8>>, HookError> {
        let mut block = Vec::with_capacity(SLOT);
        let read = self.at(slot).and_then(|file| file.take(SLOT as u64).read_to_end(&mut block));
        read.map_err(failed("reading", &self.path))?;
        Ok(held(&block))
    }

    fn write(&self, slot: usize, bytes: &[u8]) -> Result<(), HookError> {
        let mut block = digest::blake3(bytes).as_bytes().to_vec();
        block.extend((bytes.len() as u32).to_be_bytes());
        block.extend(bytes);
        self.at(slot).and_then(|mut file| file.write_all(&block)).map_err(failed("writing", &self.path))
    }

    fn sync(&self) -> Result<(), HookError> {
        self.file.sync_data().map_err(failed("writing", &self.path))
    }

    fn at(&self, slot: usize) -> std::io::Result<&File> {
        let mut file = &self.file;
        file.seek(SeekFrom::Start((slot * SLOT) as u64))?;
        Ok(file)
    }
}

/// What a slot holds: nothing where it is empty or damaged.
fn held(block: &[u8]) -> Option<Vec<u8>> {
    let (head, rest) = block.split_at_checked(HEAD)?;
    let (expected, length) = head.split_at(DIGEST);
    let length = u32::from_be_bytes(length.try_into().ok()?) as usize;
    let bytes = rest.get(..length).filter(|bytes| !bytes.is_empty())?;
    (digest::blake3(bytes).as_bytes() == expected).then(|| bytes.to_vec())
}
