//! Reading many commits out of packs. libgit2 reads any object at some 4 µs; a whole commit in a pack, which is what a
//! journal is made of, takes libdeflate a quarter of that. Everything else is left to libgit2.

use crate::id::Oid;
use libdeflater::Decompressor;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

/// Indexes are held in memory up to this size together; packs beyond it are left to libgit2.
const INDEXES_MAX: u64 = 128 << 20;
/// Bytes of a pack that are read around an entry: its neighbours in the chain are its neighbours in the pack.
const WINDOW: u64 = 512 << 10;
/// Index version 2: a mark, the counts by first byte, then ids, checksums, offsets and two hashes.
const MARK: [u8; 8] = *b"\xfftOc\0\0\0\x02";
const HEAD: usize = MARK.len() + 256 * 4;
/// Type and size of an entry take at most this many bytes here; larger sizes are not read.
const ENTRY_HEAD_MAX: usize = 6;
const COMMIT: u8 = 1;

/// The packs of a repository as they were when they were loaded.
pub(super) struct Packs {
    packs: Vec<Pack>,
    /// The pack that served last, which serves next.
    last: usize,
    decompressor: Decompressor,
}

impl Packs {
    /// Opens what there is in the directory; what cannot be read is left out.
    pub(super) fn load(dir: &Path) -> Packs {
        let mut packs = Vec::new();
        let mut left = INDEXES_MAX;
        for file in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = file.path();
            let size = file.metadata().map_or(u64::MAX, |meta| meta.len());
            if path.extension().is_none_or(|ending| ending != "idx") || size > left {
                continue;
            }
            if let Some(pack) = Pack::open(&path) {
                left -= size;
                packs.push(pack);
            }
        }
        Packs { packs, last: 0, decompressor: Decompressor::new() }
    }

    /// Reads a commit of at most `limit` bytes into `raw`. False where it does not lie here whole.
    pub(super) fn read(&mut self, oid: Oid, limit: u64, raw: &mut Vec<u8>) -> bool {
        let count = self.packs.len();
        for turn in 0..count {
            let at = (self.last + turn) % count;
            let pack = &mut self.packs[at];
            if let Some(offset) = pack.find(oid) {
                self.last = at;
                return pack.read(offset, limit, &mut self.decompressor, raw).is_some();
            }
        }
        false
    }
}

struct Pack {
    index: Vec<u8>,
    count: usize,
    file: File,
    len: u64,
    window: Vec<u8>,
    /// Where in the file the window begins.
    start: u64,
}

impl Pack {
    fn open(index: &Path) -> Option<Pack> {
        let file = File::open(index.with_extension("pack")).ok()?;
        let len = file.metadata().ok()?.len();
        let index = std::fs::read(index).ok()?;
        let count = number(&index, HEAD - 4)? as usize;
        let whole = index.starts_with(&MARK) && index.len() >= HEAD + count * 28 + 40;
        whole.then_some(Pack { index, count, file, len, window: Vec::new(), start: 0 })
    }

    /// Where the entry of an object begins.
    fn find(&self, oid: Oid) -> Option<u64> {
        let first = usize::from(oid.0[0]);
        let bound = |byte: usize| number(&self.index, MARK.len() + byte * 4).map(|n| n as usize);
        let mut low = if first == 0 { 0 } else { bound(first - 1)? };
        let mut high = bound(first)?.min(self.count);
        while low < high {
            let middle = low + (high - low) / 2;
            let id = self.index.get(HEAD + middle * 20..)?.first_chunk::<20>()?;
            match id.cmp(&oid.0) {
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
                std::cmp::Ordering::Equal => return self.offset(middle),
            }
        }
        None
    }

    /// Offsets past 2 GiB stand in a second table, which is not read.
    fn offset(&self, position: usize) -> Option<u64> {
        let offset = number(&self.index, HEAD + self.count * 24 + position * 4)?;
        (offset >> 31 == 0).then_some(u64::from(offset))
    }

    fn read(&mut self, offset: u64, limit: u64, decompressor: &mut Decompressor, raw: &mut Vec<u8>) -> Option<()> {
        let (size, head) = entry_head(self.bytes(offset, ENTRY_HEAD_MAX as u64)?)?;
        if size > limit {
            return None;
        }
        // What does not compress grows by five bytes a block and six for the whole, well below an eighth and 64.
        let entry = self.bytes(offset, head as u64 + size + size / 8 + 64)?;
        raw.clear();
        raw.resize(size as usize, 0);
        let len = decompressor.zlib_decompress(&entry[head..], raw).ok()?;
        (len == raw.len()).then_some(())
    }

    /// The bytes from `offset` on: `len` of them, or fewer where the file ends.
    fn bytes(&mut self, offset: u64, len: u64) -> Option<&[u8]> {
        let end = (offset + len).min(self.len);
        if offset < self.start || end > self.start + self.window.len() as u64 {
            self.move_window(offset.saturating_sub(WINDOW), (end + WINDOW).min(self.len)).ok()?;
        }
        self.window.get((offset - self.start) as usize..(end - self.start) as usize)
    }

    fn move_window(&mut self, start: u64, end: u64) -> io::Result<()> {
        self.window.clear();
        self.start = start;
        self.file.seek(SeekFrom::Start(start))?;
        (&self.file).take(end.saturating_sub(start)).read_to_end(&mut self.window)?;
        Ok(())
    }
}

/// Size of a whole commit and length of its head; `None` for anything else.
fn entry_head(bytes: &[u8]) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    if (first >> 4) & 7 != COMMIT {
        return None;
    }
    let mut size = u64::from(first & 15);
    let mut more = first & 0x80 != 0;
    let mut at = 1;
    while more {
        let byte = *bytes.get(at)?;
        size |= u64::from(byte & 0x7f) << (4 + 7 * (at - 1));
        more = byte & 0x80 != 0;
        at += 1;
    }
    Some((size, at))
}

/// Four bytes of an index.
fn number(index: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_be_bytes(*index.get(at..)?.first_chunk()?))
}
