//! The entries of a pack, compressed on all cores and handed on in order.

use crate::id::Oid;
use libdeflater::{CompressionLvl, Compressor};
use std::collections::BTreeMap;
use std::io;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// Where an entry of a pack lies, and the CRC-32 of its bytes.
pub(super) struct Entry {
    pub offset: u32,
    pub crc: u32,
}

/// Bytes of commits that one core takes at a time.
const PART: usize = 128 << 10;
/// Finished parts that may wait for being written, so that a slow disk bounds the memory.
const WAITING_MAX: usize = 16;
/// The type of a commit in the head of an entry.
const COMMIT: u8 = 1;
/// A journal is written once and read often; more than the lowest level costs more time than it saves bytes.
const LEVEL: i32 = 1;

type Commit = (Oid, Vec<u8>);

/// Gives `write` the bytes of all entries, in order, in parts of some size; the first lies at `offset`.
pub(super) fn entries(
    commits: &[Commit],
    offset: u32,
    mut write: impl FnMut(&[u8]) -> io::Result<()>,
) -> io::Result<Vec<Entry>> {
    let parts = split(commits);
    let cores = std::thread::available_parallelism().map_or(1, NonZero::get).min(parts.len());
    let mut out = Entries { at: offset, list: Vec::with_capacity(commits.len()) };
    if cores < 2 {
        let mut press = Press::new();
        for part in parts {
            out.place(&press.part(part), &mut write)?;
        }
        return Ok(out.list);
    }
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        let (sender, receiver) = mpsc::sync_channel(WAITING_MAX);
        for _ in 0..cores {
            let (sender, next, parts) = (sender.clone(), &next, &parts);
            scope.spawn(move || {
                let mut press = Press::new();
                while let Some((number, part)) = take(next, parts) {
                    // The receiver is gone when writing failed: the rest is of no use.
                    if sender.send((number, press.part(part))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        let mut early = BTreeMap::new();
        let mut due = 0;
        for (number, pressed) in receiver {
            early.insert(number, pressed);
            while let Some(pressed) = early.remove(&due) {
                out.place(&pressed, &mut write)?;
                due += 1;
            }
        }
        Ok(out.list)
    })
}

fn take<'p>(next: &AtomicUsize, parts: &[&'p [Commit]]) -> Option<(usize, &'p [Commit])> {
    let number = next.fetch_add(1, Ordering::Relaxed);
    Some((number, parts.get(number)?))
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

struct Entries {
    at: u32,
    list: Vec<Entry>,
}

impl Entries {
    fn place(&mut self, pressed: &Pressed, write: &mut impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        for (len, crc) in &pressed.lens {
            self.list.push(Entry { offset: self.at, crc: *crc });
            self.at += len;
        }
        write(&pressed.bytes)
    }
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
