use crate::id::Segment;
use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

/// Whose word a proposal wants: so many of a group, and how many the group had when it was asked. `2-of-3@leads`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Required {
    pub n: u32,
    pub m: u32,
    pub group: Segment,
}

/// Most members of a group that can be asked.
const MEMBERS_MAX: u32 = 10_000;

impl Display for Required {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}-of-{}@{}", self.n, self.m, self.group)
    }
}

/// A text that is no quorum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoQuorum;

impl Display for NoQuorum {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str("a quorum is N-of-M@GROUP, such as 2-of-3@leads, with N from 1 to M")
    }
}

impl std::error::Error for NoQuorum {}

impl FromStr for Required {
    type Err = NoQuorum;

    fn from_str(text: &str) -> Result<Required, NoQuorum> {
        let read = || {
            let (counts, group) = text.split_once('@')?;
            let (n, m) = counts.split_once("-of-")?;
            let required = Required { n: number(n)?, m: number(m)?, group: group.parse().ok()? };
            (required.n <= required.m).then_some(required)
        };
        read().ok_or(NoQuorum)
    }
}

/// One spelling each: no zeros before, no sign.
fn number(text: &str) -> Option<u32> {
    let plain = !text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok().filter(|n| *n <= MEMBERS_MAX) } else { None }
}
