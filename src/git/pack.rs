//! Many commits in one pack: our own writer of pack version 2 and its index, because a journal's commits have no use for
//! deltas, and without them every core can compress.

use super::deflate::{Compressed, Entry};
use super::retry::{Passing, retry};
use super::{GitError, Store};
use crate::canon::text::hex;
use crate::id::Oid;
use sha1_checked::{Digest as _, Sha1};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// Most bytes of commits in one pack, so that every offset in it has 31 bits and the index needs no second table.
const PACK_MAX: u64 = 1 << 30;

impl Store {
    /// Writes commits as one pack. They are here when it returns; with `gatos.fsync` they have also reached the disk.
    pub fn write_pack(&self, commits: &Compressed) -> Result<(), GitError> {
        if commits.ids().is_empty() {
            return Ok(());
        }
        if commits.size() > PACK_MAX {
            return Err(GitError::PackTooLarge(commits.size()));
        }
        let order = by_id(commits.ids())?;
        retry(self.ambient(), || self.try_pack(commits, &order))
    }

    /// Pack and index are written beside their place and move there by renaming, the index last: git sees a pack by its
    /// index. What a crash leaves is named as git names its own, and `git gc` removes it.
    fn try_pack(&self, commits: &Compressed, order: &[u32]) -> Result<(), GitError> {
        let dir = self.common_dir().join("objects").join("pack");
        let failed = |path: &Path, source| GitError::WritePack { path: path.to_owned(), source };
        fs::create_dir_all(&dir).map_err(|e| failed(&dir, e))?;

        self.step()?;
        let mut pack = self.temporary(&dir, "tmp_pack_")?;
        let (entries, trailer) = stream(&mut pack.file, commits).map_err(|e| failed(&pack.path, e))?;
        pack.finish(self.durable).map_err(|e| failed(&pack.path, e))?;

        self.step()?;
        let mut index = self.temporary(&dir, "tmp_idx_")?;
        let bytes = index_bytes(commits.ids(), order, &entries, &trailer);
        index.file.write_all(&bytes).map_err(|e| failed(&index.path, e))?;
        index.finish(self.durable).map_err(|e| failed(&index.path, e))?;

        for (temporary, ending) in [(pack, "pack"), (index, "idx")] {
            self.step()?;
            let path = dir.join(format!("pack-{}.{ending}", hex(&trailer)));
            temporary.rename(&path).map_err(|e| failed(&path, e))?;
        }
        if self.durable {
            sync_directory(&dir).map_err(|e| failed(&dir, e))?;
        }
        Ok(())
    }

    fn temporary(&self, dir: &Path, prefix: &str) -> Result<Temporary, GitError> {
        let chance: [u8; 8] = self.ambient().chance();
        let path = dir.join(format!("{prefix}{}_{}", std::process::id(), hex(&chance)));
        Temporary::create(path.clone()).map_err(|source| GitError::WritePack { path, source })
    }
}

impl Passing for GitError {
    fn passes(&self) -> bool {
        matches!(self, GitError::WritePack { source, .. } if source.passes())
    }
}

/// Positions in `ids` in the order of their ids, which must differ.
fn by_id(ids: &[Oid]) -> Result<Vec<u32>, GitError> {
    let id = |at: &u32| ids[*at as usize];
    let count = u32::try_from(ids.len()).map_err(|_| GitError::PackTooLarge(ids.len() as u64))?;
    let mut order: Vec<u32> = (0..count).collect();
    order.sort_unstable_by_key(id);
    match order.windows(2).find(|pair| id(&pair[0]) == id(&pair[1])) {
        Some(pair) => Err(GitError::Damaged { oid: id(&pair[0]), why: "it stands twice in one batch" }),
        None => Ok(order),
    }
}

/// Writes the pack and gives back where each entry lies, and the hash it ends in.
fn stream(file: &mut File, commits: &Compressed) -> io::Result<(Vec<Entry>, [u8; 20])> {
    let mut hasher = plain_sha1();
    let mut head = *b"PACK\0\0\0\x02\0\0\0\0";
    head[8..].copy_from_slice(&(commits.ids().len() as u32).to_be_bytes());
    hasher.update(head);
    file.write_all(&head)?;
    let entries = commits.entries(head.len() as u32, |bytes| {
        hasher.update(bytes);
        file.write_all(bytes)
    })?;
    let trailer: [u8; 20] = hasher.finalize().into();
    file.write_all(&trailer)?;
    Ok((entries, trailer))
}

/// The index, version 2: counts by first byte, ids, checksums, offsets, the pack's hash, its own hash.
fn index_bytes(ids: &[Oid], order: &[u32], entries: &[Entry], trailer: &[u8; 20]) -> Vec<u8> {
    let mut out = Vec::with_capacity(8 + 256 * 4 + order.len() * 28 + 40);
    out.extend_from_slice(b"\xfftOc\0\0\0\x02");
    let mut counts = [0u32; 256];
    for oid in ids {
        counts[oid.0[0] as usize] += 1;
    }
    let mut total = 0;
    for count in counts {
        total += count;
        out.extend_from_slice(&total.to_be_bytes());
    }
    let sorted = || order.iter().map(|at| *at as usize);
    sorted().for_each(|at| out.extend_from_slice(ids[at].as_bytes()));
    sorted().for_each(|at| out.extend_from_slice(&entries[at].crc.to_be_bytes()));
    sorted().for_each(|at| out.extend_from_slice(&entries[at].offset.to_be_bytes()));
    out.extend_from_slice(trailer);
    let hash = plain_sha1().chain_update(&out).finalize();
    out.extend_from_slice(&hash);
    out
}

/// SHA-1 as a checksum of our own bytes, where nobody gains by a collision.
fn plain_sha1() -> Sha1 {
    Sha1::builder().detect_collision(false).build()
}

/// A file that is not in its place yet, and goes when it never gets there.
struct Temporary {
    file: File,
    path: PathBuf,
    placed: bool,
}

impl Temporary {
    fn create(path: PathBuf) -> io::Result<Temporary> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o444);
        Ok(Temporary { file: options.open(&path)?, path, placed: false })
    }

    fn finish(&self, durable: bool) -> io::Result<()> {
        if durable { self.file.sync_all() } else { Ok(()) }
    }

    fn rename(mut self, to: &Path) -> io::Result<()> {
        fs::rename(&self.path, to)?;
        self.placed = true;
        Ok(())
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        if !self.placed {
            // What stays behind is named as git names its own leftovers.
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes a rename survive a crash. Windows has no such call and does not need it.
fn sync_directory(dir: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(dir)?.sync_all() } else { Ok(()) }
}
