use super::files;
use super::open::Node;
use crate::ambient::Ambient;
use crate::canon::digest;
use crate::id::{Ns, Oid, PublicKey, Writer};
use std::path::{Path, PathBuf};

/// Bytes of the digest in front of every cached file.
const DIGEST: usize = 32;

/// Small files of one kind that are kept, where each new trust graph, policy or checkpoint brings another.
pub(super) const KEPT: usize = 64;

fn place(common_dir: &Path, path: &Path) -> PathBuf {
    common_dir.join("gatos").join("cache").join(path)
}

/// The bytes cached under a path, where their own digest still fits. What cannot be read is as good as not there.
pub(super) fn read(node: &Node, path: &Path) -> Option<Vec<u8>> {
    read_at(node.store().common_dir(), path)
}

/// The same before a node is open.
pub(super) fn read_at(common_dir: &Path, path: &Path) -> Option<Vec<u8>> {
    let mut bytes = files::read(&place(common_dir, path)).ok()??;
    let (head, body) = bytes.split_at_checked(DIGEST)?;
    if digest::blake3(body).as_bytes() != head {
        return None;
    }
    bytes.drain(..DIGEST);
    Some(bytes)
}

/// Caches bytes. A repository that cannot be written to is read without a cache.
pub(super) fn write(node: &Node, path: &Path, body: &[u8]) {
    write_at(node.ambient(), node.store().common_dir(), path, body);
}

/// The same before a node is open.
pub(super) fn write_at(ambient: &Ambient, common_dir: &Path, path: &Path, body: &[u8]) {
    let mut bytes = Vec::with_capacity(DIGEST + body.len());
    bytes.extend_from_slice(digest::blake3(body).as_bytes());
    bytes.extend_from_slice(body);
    let _ = files::replace(ambient, &place(common_dir, path), &bytes);
}

/// Caches bytes under a path beside others of their kind, of which the `kept` written last stay.
pub(super) fn write_among(node: &Node, path: &Path, body: &[u8], kept: usize) {
    write_among_at(node.ambient(), node.store().common_dir(), path, body, kept);
}

/// The same before a node is open.
pub(super) fn write_among_at(ambient: &Ambient, common_dir: &Path, path: &Path, body: &[u8], kept: usize) {
    write_at(ambient, common_dir, path, body);
    prune(&place(common_dir, path), kept);
}

/// Removes all files of a directory but the newest and the one that was just written: a file more or less in the cache
/// changes no answer. Of equally old ones those whose names sort first go.
fn prune(written: &Path, kept: usize) {
    let entries = written.parent().and_then(|dir| std::fs::read_dir(dir).ok()).into_iter().flatten().flatten();
    let mut files: Vec<(std::time::SystemTime, PathBuf)> = entries
        .filter(|entry| entry.path() != written)
        .filter_map(|entry| {
            let meta = entry.metadata().ok().filter(std::fs::Metadata::is_file)?;
            Some((meta.modified().ok()?, entry.path()))
        })
        .collect();
    let too_many = (files.len() + 1).saturating_sub(kept);
    files.sort();
    for (_, path) in files.into_iter().take(too_many) {
        let _ = std::fs::remove_file(path);
    }
}

fn verified_path(ns: &Ns, writer: &Writer) -> PathBuf {
    PathBuf::from("verified").join(ns.as_str()).join(writer.as_str())
}

/// The append up to which this clone has verified a journal under a key.
pub(super) fn verified(node: &Node, ns: &Ns, writer: &Writer, key: &PublicKey) -> Option<Oid> {
    let bytes = read(node, &verified_path(ns, writer))?;
    let (tip, under) = bytes.split_first_chunk::<20>()?;
    (under == key.as_bytes()).then_some(Oid(*tip))
}

pub(super) fn remember_verified(node: &Node, ns: &Ns, writer: &Writer, key: &PublicKey, tip: Oid) {
    if verified(node, ns, writer, key) == Some(tip) {
        return;
    }
    let mut body = tip.as_bytes().to_vec();
    body.extend_from_slice(key.as_bytes());
    write(node, &verified_path(ns, writer), &body);
}
