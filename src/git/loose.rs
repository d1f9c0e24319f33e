//! Reading a loose object. libgit2 inflates one that was cut short for ever, so that its own reader is asked only for what
//! lies elsewhere.

use super::{GitError, Reader};
use crate::id::Oid;
use git2::ObjectType;
use libdeflater::{DecompressionError, Decompressor};

/// Longest head: kind, size and a NUL.
const HEAD_MAX: usize = 32;
/// What an object inflates to at first guess, in its own lengths and at least.
const GUESS: usize = 4;
const GUESS_MIN: usize = 1 << 10;

impl Reader {
    /// A loose object of at most `limit` bytes. `None` where there is none here, or a larger one.
    pub(super) fn loose(&self, oid: Oid, limit: u64) -> Result<Option<(ObjectType, Vec<u8>)>, GitError> {
        let hex = oid.to_string();
        let path = self.common_dir().join("objects").join(&hex[..2]).join(&hex[2..]);
        let Ok(packed) = std::fs::read(path) else { return Ok(None) };
        let whole = usize::try_from(limit).unwrap_or(usize::MAX).saturating_add(HEAD_MAX);
        let mut room = packed.len().saturating_mul(GUESS).clamp(GUESS_MIN.min(whole), whole);
        loop {
            let mut out = vec![0; room];
            match Decompressor::new().zlib_decompress(&packed, &mut out) {
                Ok(len) => {
                    out.truncate(len);
                    return split(out).map(Some).ok_or(GitError::Damaged { oid, why: "it is no loose object of git" });
                }
                Err(DecompressionError::InsufficientSpace) if room < whole => room = room.saturating_mul(2).min(whole),
                Err(DecompressionError::InsufficientSpace) => return Ok(None),
                Err(DecompressionError::BadData) => {
                    return Err(GitError::Damaged { oid, why: "its file is damaged or was cut short" });
                }
            }
        }
    }
}

/// Kind and body of `<kind> <size> NUL <body>`.
fn split(mut whole: Vec<u8>) -> Option<(ObjectType, Vec<u8>)> {
    let end = whole.iter().take(HEAD_MAX).position(|byte| *byte == 0)?;
    let (kind, size) = std::str::from_utf8(&whole[..end]).ok()?.split_once(' ')?;
    let kind = ObjectType::from_str(kind)?;
    if size.parse() != Ok(whole.len() - end - 1) {
        return None;
    }
    whole.drain(..=end);
    Some((kind, whole))
}
