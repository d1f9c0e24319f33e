//! Names that somebody may have meant.

use super::{TrustDoc, TrustError};
use crate::id::Actor;

/// How many letters a name may differ in from the one that was typed.
const LETTERS: usize = 2;

impl TrustDoc {
    /// That an actor stands here, with or without a key; else whom somebody may have meant.
    pub fn expect_actor(&self, actor: &Actor) -> Result<(), TrustError> {
        if self.actors.contains_key(actor) {
            return Ok(());
        }
        let far = |known: &Actor| distance(actor.as_str(), known.as_str());
        let mut near: Vec<(usize, Actor)> = self.actors.keys().map(|known| (far(known), known.clone())).collect();
        near.retain(|(far, _)| *far <= LETTERS);
        near.sort();
        let near = near.into_iter().take(3).map(|(_, known)| known).collect();
        Err(TrustError::NoSuchActor { actor: actor.clone(), near })
    }
}

/// How many letters are to be put in, taken out or changed to make one text of another (Levenshtein).
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (i, a) in one.bytes().enumerate() {
        let mut corner = row[0];
        row[0] = i + 1;
        for (j, b) in other.bytes().enumerate() {
            let changed = corner + usize::from(a != b);
            corner = row[j + 1];
            row[j + 1] = changed.min(corner + 1).min(row[j] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use super::distance;

    #[test]
    fn a_letter_more_less_or_other_is_one() {
        for (one, other, far) in [
            ("bob", "bob", 0),
            ("bbo", "bob", 2),
            ("bo", "bob", 1),
            ("bobb", "bob", 1),
            ("rob", "bob", 1),
            ("", "bob", 3),
        ] {
            assert_eq!((distance(one, other), distance(other, one)), (far, far), "{one} {other}");
        }
    }
}
