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
    window: Window,
    decompressor: Decompressor,
}

impl Packs {
    /// Opens what there is in the directories; what cannot be read is left out.
    pub(super) fn load<P: AsRef<Path>>(dirs: &[P]) -> Packs {
        let mut packs = Vec::new();
        let mut left = INDEXES_MAX;
        for file in dirs.iter().filter_map(|dir| std::fs::read_dir(dir).ok()).flatten().flatten() {
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
        Packs { packs, last: 0, window: Window::default(), decompressor: Decompressor::new() }
    }

    /// Reads a commit of at most `limit` bytes into `raw`. False where it does not lie here whole.
    pub(super) fn read(&mut self, oid: Oid, limit: u64, raw: &mut Vec<u8>) -> bool {
        let count = self.packs.len();
        for turn in 0..count {
            let at = (self.last + turn) % count;
            if let Some(offset) = self.packs[at].find(oid) {
                if at != self.last {
                    self.window = Window::default();
                }
                self.last = at;
                return self.inflate(offset, limit, raw).is_some();
            }
        }
        false
    }

    fn inflate(&mut self, offset: u64, limit: u64, raw: &mut Vec<u8>) -> Option<()> {
        let file = &self.packs[self.last].file;
        let (size, head) = entry_head(self.window.bytes(file, offset, ENTRY_HEAD_MAX as u64)?)?;
        if size > limit {
            return None;
        }
        // What does not compress grows by five bytes a block and six for the whole, well below an eighth and 64.
        let entry = self.window.bytes(file, offset, head as u64 + size + size / 8 + 64)?;
        raw.clear();
        raw.resize(size as usize, 0);
        let len = self.decompressor.zlib_decompress(entry.get(head..)?, raw).ok()?;
        (len == raw.len()).then_some(())
    }
}

struct Pack {
    index: Vec<u8>,
    count: usize,
    file: File,
}

impl Pack {
    fn open(index: &Path) -> Option<Pack> {
        let file = File::open(index.with_extension("pack")).ok()?;
        let index = std::fs::read(index).ok()?;
        let count = number(&index, HEAD - 4)? as usize;
        let whole = index.starts_with(&MARK) && index.len() >= HEAD + count * 28 + 40;
        whole.then_some(Pack { index, count, file })
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
}

/// The part of the pack that serves which is in memory.
#[derive(Default)]
struct Window {
    bytes: Vec<u8>,
    /// Where in the file it begins.
    start: u64,
}

impl Window {
    /// The bytes of the file from `offset` on: `len` of them, or fewer where it ends.
    fn bytes(&mut self, file: &File, offset: u64, len: u64) -> Option<&[u8]> {
        let end = offset + len;
        if offset < self.start || end > self.start + self.bytes.len() as u64 {
            self.slide(file, offset.saturating_sub(WINDOW), end + WINDOW).ok()?;
        }
        let rest = self.bytes.get((offset - self.start) as usize..)?;
        Some(&rest[..rest.len().min(len as usize)])
    }

    fn slide(&mut self, mut file: &File, start: u64, end: u64) -> io::Result<()> {
        self.bytes.clear();
        self.start = start;
        file.seek(SeekFrom::Start(start))?;
        file.take(end - start).read_to_end(&mut self.bytes)?;
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
