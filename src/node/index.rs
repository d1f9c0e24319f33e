use super::cache;
use super::error::NodeError;
use super::open::Node;
use crate::id::Oid;
use crate::ledger::{Origin, UlidIndex};
use std::path::PathBuf;

/// The ULIDs of a journal up to `tip`: from the cache, brought up to date.
pub(super) fn load(node: &Node, origin: &Origin, tip: Oid) -> Result<UlidIndex, NodeError> {
    let path = PathBuf::from("ulid").join(origin.ns.as_str()).join(origin.writer.as_str());
    let kept = cache::read(node, &path);
    let (index, keep) = UlidIndex::load(node.reader(), origin, tip, kept.as_deref())?;
    if let Some(bytes) = keep {
        cache::write(node, &path, &bytes);
    }
    Ok(index)
}
