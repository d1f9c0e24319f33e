//! A decision in Markdown whose fenced block is law.

use super::parser::Adr;

/// A decision with rules in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decision {
    pub adr: Adr,
    /// The rules, behind as many empty lines as stand before them, so that places are those of the document.
    pub source: String,
}

/// The rules of a Markdown document; nothing where it has no block fenced as `rgs`. `stem` is the file's name without its
/// ending. `Err` says what is wrong, with the line.
pub fn extract(text: &str, stem: &str) -> Result<Option<Decision>, (u32, String)> {
    let mut source = String::new();
    let mut blocks = 0;
    let mut fence: Option<(&str, bool)> = None;
    let mut opened = 0;
    for (number, line) in (1u32..).zip(text.lines()) {
        let bare = line.trim_start();
        match fence {
            Some((mark, ours)) if closes(bare, mark) => {
                fence = None;
                let _ = ours;
                source.push('\n');
            }
            Some((_, true)) => {
                source.push_str(line);
                source.push('\n');
            }
            Some((_, false)) => source.push('\n'),
            None => {
                source.push('\n');
                if let Some((mark, name)) = opens(bare) {
                    let ours = name == "rgs";
                    blocks += usize::from(ours);
                    opened = number;
                    fence = Some((mark, ours));
                }
            }
        }
    }
    if blocks == 0 {
        return Ok(None);
    }
    if let Some((_, true)) = fence {
        return Err((opened, "the block of rules is not closed".into()));
    }
    let id = id_of(text, stem)
        .ok_or((1, "it has no id; name the file NNNN-title.md, or begin with: # ADR-NNNN: TITLE".to_owned()))?;
    Ok(Some(Decision { adr: Adr { id, title: title_of(text, stem) }, source }))
}

/// Mark and name of a fence that opens.
fn opens(line: &str) -> Option<(&str, &str)> {
    let mark = ["```", "~~~"].into_iter().find(|mark| line.starts_with(mark))?;
    let width = line.len() - line.trim_start_matches(&mark[..1]).len();
    let (mark, name) = line.split_at(width);
    Some((mark, name.split_whitespace().next().unwrap_or_default()))
}

fn closes(line: &str, mark: &str) -> bool {
    let rest = line.trim_end();
    rest.len() >= mark.len() && rest.chars().all(|c| mark.starts_with(c))
}

fn heading(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix("# ")).map(str::trim)
}

fn id_of(text: &str, stem: &str) -> Option<String> {
    let named = |word: &str| {
        let word = word.trim_end_matches([':', '.', ',']);
        let digits = word.strip_prefix("ADR-")?;
        (!digits.is_empty() && digits.len() <= 8 && digits.bytes().all(|b| b.is_ascii_digit())).then(|| word.to_owned())
    };
    if let Some(id) = heading(text).and_then(|h| h.split_whitespace().find_map(named)) {
        return Some(id);
    }
    let stem = stem.strip_prefix("ADR-").or(stem.strip_prefix("adr-")).unwrap_or(stem);
    let digits: String = stem.chars().take_while(char::is_ascii_digit).collect();
    (!digits.is_empty() && digits.len() <= 8).then(|| format!("ADR-{digits}"))
}

/// The heading without id, else the file's name.
fn title_of(text: &str, stem: &str) -> String {
    let title = heading(text).unwrap_or(stem);
    let title = match title.split_once([':', '—', '–']) {
        Some((id, rest)) if id.trim().starts_with("ADR-") => rest.trim(),
        _ => title,
    };
    title.chars().filter(|c| !c.is_control()).take(200).collect()
}
