//! What the git program prints for machines when it fetches and pushes, and what a gate says through it.

use crate::id::Oid;

/// What became of one ref in a fetch: a line of `git fetch --porcelain --verbose`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fetched {
    /// The ref here.
    pub name: String,
    /// What it named before; `None` where it is new.
    pub old: Option<Oid>,
    /// What it names at the remote.
    pub new: Oid,
    /// It was not taken: the remote does not go on from what is held here.
    pub rejected: bool,
}

/// Reads what a fetch printed; lines of another form are not its refs.
pub fn fetched(stdout: &[u8]) -> Vec<Fetched> {
    String::from_utf8_lossy(stdout).lines().filter_map(fetched_line).collect()
}

fn fetched_line(line: &str) -> Option<Fetched> {
    let (flag, rest) = line.split_at_checked(1)?;
    let mut words = rest.strip_prefix(' ')?.splitn(3, ' ');
    let (old, new, name) = (words.next()?, words.next()?, words.next()?);
    let old = Oid::from_hex(old).ok()?;
    Some(Fetched {
        name: name.to_owned(),
        old: (old != Oid::ZERO).then_some(old),
        new: Oid::from_hex(new).ok()?,
        rejected: match flag {
            " " | "*" | "=" | "+" => false,
            "!" => true,
            _ => return None,
        },
    })
}

/// What became of one ref in a push: a line of `git push --porcelain`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pushed {
    /// The ref at the remote.
    pub name: String,
    pub said: Said,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Accepted,
    /// It stood there already.
    Same,
    /// This git did not send it: the reason.
    Kept(String),
    /// The remote did not take it: the reason.
    Refused(String),
}

/// Reads what a push printed.
pub fn pushed(stdout: &[u8]) -> Vec<Pushed> {
    String::from_utf8_lossy(stdout).lines().filter_map(pushed_line).collect()
}

fn pushed_line(line: &str) -> Option<Pushed> {
    let mut parts = line.splitn(3, '\t');
    let (flag, refs, summary) = (parts.next()?, parts.next()?, parts.next()?);
    let (_, name) = refs.split_once(':')?;
    let reason = |summary: &str| {
        let inner = summary.split_once('(').and_then(|(_, rest)| rest.strip_suffix(')'));
        inner.unwrap_or(summary).to_owned()
    };
    let said = match flag {
        " " | "*" | "+" | "-" => Said::Accepted,
        "=" => Said::Same,
        "!" if summary.starts_with("[rejected]") => Said::Kept(reason(summary)),
        "!" => Said::Refused(reason(summary)),
        _ => return None,
    };
    Some(Pushed { name: name.to_owned(), said })
}

/// What a gate said of one ref.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial {
    pub name: String,
    pub rule: Option<String>,
    /// Its lines, without git's `remote:`.
    pub lines: Vec<String>,
}

/// Reads what a remote said on standard error: the refusals of a gate, and all other lines of the remote.
pub fn denials(stderr: &[u8]) -> (Vec<Denial>, Vec<String>) {
    let (mut denials, mut others): (Vec<Denial>, Vec<String>) = (Vec::new(), Vec::new());
    let text = String::from_utf8_lossy(stderr);
    for line in text.lines().filter_map(|line| line.strip_prefix("remote:")) {
        let line: String = line.trim_end().chars().filter(|c| !c.is_control()).collect();
        let line = line.strip_prefix(' ').unwrap_or(&line);
        let verdict = ["gatos: DENY ", "gatos: ERROR "].iter().find_map(|head| line.strip_prefix(head));
        match (verdict, line.strip_prefix("  "), denials.last_mut()) {
            (Some(name), _, _) => {
                denials.push(Denial { name: name.trim().to_owned(), rule: None, lines: Vec::new() });
            }
            (None, Some(more), Some(denial)) => {
                if let Some(rule) = more.strip_prefix("rule").and_then(|rest| rest.split_whitespace().next()) {
                    denial.rule.get_or_insert_with(|| rule.to_owned());
                }
                denial.lines.push(more.trim().to_owned());
            }
            _ if line.is_empty() => {}
            _ => others.push(line.to_owned()),
        }
    }
    (denials, others)
}
