use super::error::NodeError;
use super::open::Node;
use crate::policy::{GOVERNANCE_YAML, PROFILE_YAML, Sources};
use std::fs::File;
use std::io::{self, ErrorKind, Read as _};
use std::path::Path;

/// Most source files.
const FILES_MAX: usize = 4096;
/// Largest of them.
const SOURCE_MAX: u64 = 1 << 20;

/// The folders of a work tree that hold sources, and what their names end in.
const FOLDERS: [(&str, &str); 6] = [
    ("gatos/policies", ".rgs"),
    ("gatos/policies", ".lua"),
    ("gatos/policies", ".md"),
    ("gatos/folds", ".lua"),
    ("gatos/schema", ".json"),
    ("docs/decisions", ".md"),
];

impl Node {
    /// The sources of this work tree.
    pub fn policy_sources(&self) -> Result<Sources, NodeError> {
        let dir = self.store().work_dir().ok_or(NodeError::NoWorkTree)?;
        policy_sources(dir)
    }
}

/// The sources below a directory: that of a work tree, or one laid out as `gatos/` itself.
pub fn policy_sources(dir: &Path) -> Result<Sources, NodeError> {
    let whole = dir.join("gatos").is_dir();
    let mut sources = Sources::new();
    for (folder, ending) in FOLDERS {
        let place = match (whole, folder.strip_prefix("gatos/")) {
            (false, Some(inner)) => dir.join(inner),
            (false, None) => continue,
            (true, _) => dir.join(folder),
        };
        for name in names(&place)?.into_iter().filter(|name| name.ends_with(ending)) {
            // One that went away while the others were read is none.
            if let Some(bytes) = read(&place.join(&name))? {
                sources.insert(format!("{folder}/{name}"), bytes);
            }
        }
    }
    for source in [GOVERNANCE_YAML, PROFILE_YAML] {
        let inner = source.strip_prefix("gatos/").filter(|_| !whole);
        let file = dir.join(inner.unwrap_or(source));
        if let Some(bytes) = read(&file)? {
            sources.insert(source.into(), bytes);
        }
    }
    match sources.len() > FILES_MAX {
        true => Err(NodeError::TooManySources { found: sources.len(), most: FILES_MAX }),
        false => Ok(sources),
    }
}

/// The regular files of a folder, sorted; links are not followed. None where there is no folder.
fn names(folder: &Path) -> Result<Vec<String>, NodeError> {
    let fail = |source| NodeError::File { doing: "reading", path: folder.to_owned(), source };
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
        Err(e) => return Err(fail(e)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(fail)?;
        if entry.file_type().map_err(fail)?.is_file() {
            names.extend(entry.file_name().into_string());
        }
    }
    names.sort();
    Ok(names)
}

/// Reads a source file whole; `None` where there is none. What is no file, or is longer than a source may be, is an error of the
/// kind `InvalidData`.
pub fn read_source(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let none = |e: &io::Error| matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
    match std::fs::metadata(path) {
        // Before it is opened: whoever opens a pipe waits for its other end.
        Ok(meta) if !meta.is_file() => return Err(io::Error::new(ErrorKind::InvalidData, "it is no regular file")),
        Ok(_) => {}
        Err(e) if none(&e) => return Ok(None),
        Err(e) => return Err(e),
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(SOURCE_MAX + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > SOURCE_MAX {
        true => Err(io::Error::new(ErrorKind::InvalidData, format!("it is longer than {SOURCE_MAX} bytes"))),
        false => Ok(Some(bytes)),
    }
}

fn read(path: &Path) -> Result<Option<Vec<u8>>, NodeError> {
    read_source(path).map_err(|source| NodeError::File { doing: "reading", path: path.to_owned(), source })
}
