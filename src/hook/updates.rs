use super::error::HookError;
use crate::git::{Named, named};
use crate::id::Oid;
use std::io::Read;

/// Most bytes of the list of updates that is read.
const INPUT_MAX: u64 = 16 << 20;
/// Most refs of ours in one push; sync sends more in several.
pub const OURS_MAX: usize = 1_000;
/// Most other refs in one push.
pub const OTHERS_MAX: usize = 100_000;

/// One line of what a push asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Update {
    /// The name as pushed; git has not looked at it yet.
    pub name: String,
    /// Whether the name is just that; else there are others in its place.
    pub utf8: bool,
    pub named: Named,
    /// What the pusher was told stands there; `None` = nothing.
    pub old: Option<Oid>,
    /// What shall stand there; `None` = the ref shall go.
    pub new: Option<Oid>,
}

/// Reads the lines `<old> <new> <name>` that git gives to a hook. What is not such a line is an error: a gate that does not
/// understand what is asked lets nothing through.
pub fn read(input: impl Read) -> Result<Vec<Update>, HookError> {
    let mut bytes = Vec::new();
    input.take(INPUT_MAX + 1).read_to_end(&mut bytes).map_err(|source| HookError::Input { source })?;
    if bytes.len() as u64 > INPUT_MAX {
        return Err(HookError::InputSize { max: INPUT_MAX });
    }
    let lines = bytes.split(|b| *b == b'\n').filter(|line| !line.is_empty());
    lines.enumerate().map(|(at, line)| read_line(line).ok_or(HookError::Line { at: at + 1 })).collect()
}

fn read_line(line: &[u8]) -> Option<Update> {
    let mut parts = line.splitn(3, |b| *b == b' ');
    let (old, new, name) = (id(parts.next()?)?, id(parts.next()?)?, parts.next()?);
    let utf8 = std::str::from_utf8(name).is_ok();
    let name = String::from_utf8_lossy(name).into_owned();
    Some(Update { named: named(&name), name, utf8, old, new })
}

fn id(hex: &[u8]) -> Option<Option<Oid>> {
    let oid = Oid::from_hex(std::str::from_utf8(hex).ok()?).ok()?;
    Some((oid != Oid::ZERO).then_some(oid))
}
