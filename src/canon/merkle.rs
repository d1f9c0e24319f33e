//! Merkle roots in the shape of RFC 6962, section 2.1, with BLAKE3.

use crate::id::Blake3;

fn leaf(data: &[u8]) -> [u8; 32] {
    let mut h = ::blake3::Hasher::new();
    h.update(&[0]).update(data);
    *h.finalize().as_bytes()
}

fn node(left: &[u8; 32], right: &[u8; 32]) -> [u8; 32] {
    let mut h = ::blake3::Hasher::new();
    h.update(&[1]).update(left).update(right);
    *h.finalize().as_bytes()
}

/// The root over leaves in their order. An odd end is carried up, never doubled; the root of nothing is the hash of
/// nothing.
pub fn root<T: AsRef<[u8]>>(leaves: impl IntoIterator<Item = T>) -> Blake3 {
    // Complete subtrees by size, largest first: adding a leaf merges equal neighbours, like carrying in a binary counter.
    let mut stack: Vec<(u32, [u8; 32])> = Vec::new();
    for data in leaves {
        let mut top = (0, leaf(data.as_ref()));
        while let Some((_, left)) = stack.pop_if(|(height, _)| *height == top.0) {
            top = (top.0 + 1, node(&left, &top.1));
        }
        stack.push(top);
    }
    let whole = stack.into_iter().map(|(_, hash)| hash).rev().reduce(|right, left| node(&left, &right));
    Blake3(whole.unwrap_or_else(|| *::blake3::hash(b"").as_bytes()))
}
