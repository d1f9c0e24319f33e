//! The entries of a pack, compressed on all cores and kept in order.

use crate::id::Oid;
use libdeflater::{CompressionLvl, Compressor};
use std::io;
use std::num::NonZero;

/// Where an entry of a pack lies, and the CRC-32 of its bytes.
pub(super) struct Entry {
    pub offset: u32,
    pub crc: u32,
}

/// Bytes of commits that one core takes at a time.
const PART: usize = 128 << 10;
/// The type of a commit in the head of an entry.
const COMMIT: u8 = 1;
/// A journal is written once and read often; more than the lowest level costs more time than it saves bytes.
const LEVEL: i32 = 1;

type Commit = (Oid, Vec<u8>);

/// Commits compressed for one pack, in order. Whoever makes them one after the other compresses them while he makes more.
#[derive(Default)]
pub struct Compressed {
    ids: Vec<Oid>,
    /// Bytes of the commits themselves.
    size: u64,
    parts: Vec<Pressed>,
    /// One for each core that was of use; they are costly to make.
    presses: Vec<Press>,
}

impl Compressed {
    /// Compresses more commits, on all cores where they are many. The ids are believed: `commit_id` makes them.
    pub fn add(&mut self, commits: &[Commit]) {
        self.ids.extend(commits.iter().map(|(id, _)| *id));
        self.size += commits.iter().map(|(_, raw)| raw.len() as u64).sum::<u64>();
        self.press(&split(commits));
    }

    fn press(&mut self, parts: &[&[Commit]]) {
        let cores = std::thread::available_parallelism().map_or(1, NonZero::get).min(parts.len()).max(1);
        while self.presses.len() < cores {
            self.presses.push(Press::new());
        }
        let some = |(press, parts): (&mut Press, &[&[Commit]])| -> Vec<Pressed> {
            parts.iter().map(|part| press.part(part)).collect()
        };
        if cores == 1 {
            self.parts.extend(some((&mut self.presses[0], parts)));
            return;
        }
        let shares = self.presses.iter_mut().zip(parts.chunks(parts.len().div_ceil(cores)));
        let pressed: Vec<Vec<Pressed>> = std::thread::scope(|scope| {
            let workers: Vec<_> = shares.map(|share| scope.spawn(move || some(share))).collect();
            workers.into_iter().map(|worker| worker.join().expect("compressing does not panic")).collect()
        });
        self.parts.extend(pressed.into_iter().flatten());
    }

    /// The ids of the commits.
    pub fn ids(&self) -> &[Oid] {
        &self.ids
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Gives `write` the bytes of all entries, in order, in parts of some size; the first lies at `offset`.
    pub(super) fn entries(
        &self,
        offset: u32,
        mut write: impl FnMut(&[u8]) -> io::Result<()>,
    ) -> io::Result<Vec<Entry>> {
        let mut at = offset;
        let mut list = Vec::with_capacity(self.ids.len());
        for part in &self.parts {
            for (len, crc) in &part.lens {
                list.push(Entry { offset: at, crc: *crc });
                at += len;
            }
            write(&part.bytes)?;
        }
        Ok(list)
    }
}

/// Cuts the list where `PART` bytes are reached.
fn split(commits: &[Commit]) -> Vec<&[Commit]> {
    let mut parts = Vec::new();
    let (mut start, mut size) = (0, 0);
    for (at, (_, raw)) in commits.iter().enumerate() {
        size += raw.len();
        if size >= PART {
            parts.push(&commits[start..=at]);
            (start, size) = (at + 1, 0);
        }
    }
    if start < commits.len() {
        parts.push(&commits[start..]);
    }
    parts
}

/// The entries of one part: their bytes, and length and CRC-32 of each.
struct Pressed {
    bytes: Vec<u8>,
    lens: Vec<(u32, u32)>,
}

struct Press {
    compressor: Compressor,
    scratch: Vec<u8>,
}

impl Press {
    fn new() -> Press {
        let level = CompressionLvl::new(LEVEL).expect("libdeflate has this level");
        Press { compressor: Compressor::new(level), scratch: Vec::new() }
    }

    fn part(&mut self, commits: &[Commit]) -> Pressed {
        let mut bytes = Vec::with_capacity(PART);
        let mut lens = Vec::with_capacity(commits.len());
        for (_, raw) in commits {
            let start = bytes.len();
            head(raw.len(), &mut bytes);
            bytes.extend_from_slice(self.deflate(raw));
            lens.push(((bytes.len() - start) as u32, crc32fast::hash(&bytes[start..])));
        }
        Pressed { bytes, lens }
    }

    fn deflate(&mut self, raw: &[u8]) -> &[u8] {
        let bound = self.compressor.zlib_compress_bound(raw.len());
        if self.scratch.len() < bound {
            self.scratch.resize(bound, 0);
        }
        let len = self.compressor.zlib_compress(raw, &mut self.scratch).expect("the bound is enough");
        &self.scratch[..len]
    }
}

/// The head of an entry: type and four bits of the size, then seven bits a byte.
fn head(size: usize, out: &mut Vec<u8>) {
    let mut byte = COMMIT << 4 | (size & 15) as u8;
    let mut rest = size >> 4;
    while rest > 0 {
        out.push(byte | 0x80);
        byte = (rest & 0x7f) as u8;
        rest >>= 7;
    }
    out.push(byte);
}
