use super::error::NodeError;
use super::open::Node;
use crate::git::is_ref_name;
use crate::id::{Blake3, Oid};

const DIGEST: &str = "blake3: and 64 lower-case hexadecimal digits";

impl Node {
    /// The act that a person means, spelled as the gate spells it: targets are compared letter by letter, and one that is
    /// misspelled would be agreed to for nothing. What is no push, no event and no id is somebody's own.
    pub(super) fn act_meant(&self, text: &str) -> Result<String, NodeError> {
        let refuse = |why: String| Err(NodeError::Terms { why });
        if let Some(event) = text.strip_prefix("intent:") {
            return match event.parse::<Blake3>() {
                Ok(_) => Ok(text.to_owned()),
                Err(_) => refuse(format!("{text} is no event; its target is intent:{DIGEST}, as a denial prints it")),
            };
        }
        if text.starts_with("blake3:") && text.parse::<Blake3>().is_err() {
            return refuse(format!("{text} is no id: an id is {DIGEST}"));
        }
        if text.contains(':') {
            return Ok(text.to_owned());
        }
        if let Some((name, commit)) = text.rsplit_once('@') {
            return Ok(format!("{}@{}", self.ref_meant(name, commit)?, self.commit_meant(commit)?));
        }
        match self.reader().resolve_text(text)? {
            Some(commit) => {
                refuse(format!("{text} names {commit} and no push; one is REF@COMMIT: refs/heads/main@{commit}"))
            }
            None => Ok(text.to_owned()),
        }
    }

    /// The full name of a ref: of a branch or tag that is here its short one will do.
    fn ref_meant(&self, name: &str, commit: &str) -> Result<String, NodeError> {
        if name.starts_with("refs/") && is_ref_name(name) {
            return Ok(name.to_owned());
        }
        let mut found = Vec::new();
        for place in ["refs/heads/", "refs/tags/"] {
            let full = format!("{place}{name}");
            if is_ref_name(&full) && self.reader().resolve_ref(&full)?.is_some() {
                found.push(full);
            }
        }
        match &found[..] {
            [one] => Ok(one.clone()),
            _ => Err(NodeError::Terms {
                why: format!(
                    "{name:?} is no full name of a ref; say which is meant, such as refs/heads/{name}@{commit}"
                ),
            }),
        }
    }

    /// The whole id of a commit of which the first digits are given.
    fn commit_meant(&self, digits: &str) -> Result<Oid, NodeError> {
        if let Ok(whole) = Oid::from_hex(digits) {
            return Ok(whole);
        }
        let hex = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_hexdigit());
        let found = if hex { self.reader().resolve_text(digits)? } else { None };
        found.filter(|commit| commit.hex().starts_with(digits)).ok_or_else(|| NodeError::Terms {
            why: format!("{digits} names no commit here; a push is named by all 40 digits: git rev-parse COMMIT"),
        })
    }
}
