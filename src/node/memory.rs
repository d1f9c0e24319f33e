use super::error::NodeError;
use super::files;
use crate::ambient::Ambient;
use crate::id::{Blake3, Ns, Oid, Writer};
use std::path::PathBuf;

/// What this machine remembers outside the repository of the tips it wrote last: by it a restored backup is told from the
/// real thing, and dropped appends are found. It lies in `$XDG_STATE_HOME/gatos/heads/<repository>/<ns>/<writer>`.
pub struct Memory {
    dir: Option<PathBuf>,
}

impl Memory {
    pub fn of(ambient: &Ambient, repo: &Blake3) -> Memory {
        let base = ambient.env().xdg("XDG_STATE_HOME", ".local/state");
        Memory { dir: base.map(|b| b.join("gatos").join("heads").join(repo.hex())) }
    }

    /// The tip of a journal that this machine wrote last.
    pub fn tip(&self, ns: &Ns, writer: &Writer) -> Result<Option<Oid>, NodeError> {
        let Some(dir) = &self.dir else { return Ok(None) };
        let bytes = files::read(&dir.join(ns.as_str()).join(writer.as_str()))?;
        Ok(bytes.and_then(|b| String::from_utf8(b).ok()).and_then(|t| t.trim_end().parse().ok()))
    }

    /// Remembers a tip that was just written. Without a home directory nothing is remembered.
    pub fn remember(&self, ambient: &Ambient, ns: &Ns, writer: &Writer, tip: Oid) -> Result<(), NodeError> {
        let Some(dir) = &self.dir else { return Ok(()) };
        files::replace(ambient, &dir.join(ns.as_str()).join(writer.as_str()), format!("{tip}\n").as_bytes())
    }

    /// Forgets a journal whose appends were let go on purpose.
    pub fn forget(&self, ns: &Ns, writer: &Writer) -> Result<(), NodeError> {
        let Some(dir) = &self.dir else { return Ok(()) };
        let path = dir.join(ns.as_str()).join(writer.as_str());
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                Err(NodeError::File { doing: "removing", path, source })
            }
            _ => Ok(()),
        }
    }

    /// Every remembered journal of this repository.
    pub fn all(&self) -> Vec<(Ns, Writer, Oid)> {
        let mut out = Vec::new();
        let names = |dir: &std::path::Path| -> Vec<String> {
            let entries = std::fs::read_dir(dir).into_iter().flatten().flatten();
            entries.filter_map(|e| e.file_name().into_string().ok()).collect()
        };
        let Some(dir) = &self.dir else { return out };
        for ns_text in names(dir) {
            let Ok(ns) = ns_text.parse::<Ns>() else { continue };
            for name in names(&dir.join(&ns_text)) {
                let Ok(writer) = name.parse::<Writer>() else { continue };
                if let Ok(Some(tip)) = self.tip(&ns, &writer) {
                    out.push((ns.clone(), writer, tip));
                }
            }
        }
        out.sort();
        out
    }
}
