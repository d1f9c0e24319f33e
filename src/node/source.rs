use super::error::NodeError;
use super::files;
use super::open::Node;
use crate::canon::digest;
use crate::id::{Ns, Oid, Sha256};
use crate::lua::{Program, compile, read_elc};
use std::path::Path;

/// Largest source of a fold.
const SOURCE_MAX: u64 = 1 << 20;

/// Where a fold comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceKind {
    /// Named on the command line.
    File,
    WorkTree,
    /// The tree of this commit, in a bare repository.
    Head(Oid),
    /// The active policy bundle.
    Bundle(Oid),
}

/// A fold before it is compiled.
#[derive(Debug, Clone)]
pub struct Source {
    /// What people call it: a path.
    pub name: String,
    pub kind: SourceKind,
    bytes: Vec<u8>,
}

impl Source {
    /// A digest of what was found, cheaper to compare than the compiled form.
    pub(super) fn digest(&self) -> Sha256 {
        digest::sha256(&self.bytes)
    }

    /// Compiles Lua, or checks ELC.
    pub fn program(&self) -> Result<Program, NodeError> {
        let name = self.name.clone();
        if self.name.ends_with(".elc") {
            return read_elc(&self.bytes).map_err(|e| NodeError::FoldBinary { name, why: e.to_string() });
        }
        let Ok(text) = std::str::from_utf8(&self.bytes) else {
            return Err(NodeError::FoldBinary { name, why: "it is not UTF-8".into() });
        };
        compile(text).map_err(|findings| NodeError::FoldSource { name, findings })
    }
}

/// The names under which a namespace keeps its fold, best first.
fn names(ns: &Ns) -> Vec<String> {
    let mut names = vec![format!("gatos/folds/{ns}.lua")];
    if *ns == Ns::main() {
        names.push("gatos/fold.lua".into());
    }
    names
}

impl Node {
    /// The fold of a namespace, first found: the named file, the work tree, in a bare repository the tree of HEAD, the
    /// active bundle.
    pub fn fold_source(&self, ns: &Ns, file: Option<&Path>) -> Result<Source, NodeError> {
        if let Some(path) = file {
            let path = self.ambient().env().cwd().join(path);
            let found = files::read(&path)?;
            let name = path.display().to_string();
            let source = std::io::Error::from(std::io::ErrorKind::NotFound);
            let bytes = found.ok_or(NodeError::File { doing: "reading", path, source })?;
            return Ok(Source { name, kind: SourceKind::File, bytes });
        }
        match self.local_source(ns)? {
            Some(source) => Ok(source),
            None => self.bundle_source(ns)?.ok_or_else(|| NodeError::NoFold { ns: ns.clone(), tried: names(ns) }),
        }
    }

    fn local_source(&self, ns: &Ns) -> Result<Option<Source>, NodeError> {
        let head = match self.store().work_dir() {
            Some(_) => None,
            None => self.store().resolve_text("HEAD")?,
        };
        for name in names(ns) {
            if let Some(dir) = self.store().work_dir() {
                if let Some(bytes) = files::read(&dir.join(&name))? {
                    return Ok(Some(Source { name, kind: SourceKind::WorkTree, bytes }));
                }
            } else if let Some(commit) = head
                && let Some(bytes) = self.store().file(commit, &name, SOURCE_MAX)?
            {
                return Ok(Some(Source { name, kind: SourceKind::Head(commit), bytes }));
            }
        }
        Ok(None)
    }

    /// The fold that the active bundle carries for a namespace.
    pub fn bundle_source(&self, ns: &Ns) -> Result<Option<Source>, NodeError> {
        let bundle = self.bundle()?;
        let name = format!("folds/{ns}.elc");
        let bytes = bundle.fold(ns).map(<[u8]>::to_vec);
        Ok(bytes.map(|bytes| Source { name, kind: SourceKind::Bundle(bundle.commit()), bytes }))
    }
}
