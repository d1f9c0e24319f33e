use super::cache;
use super::error::NodeError;
use super::files;
use crate::ambient::Ambient;
use crate::canon::{Value, json};
use crate::git::{Plane, Reader, Scope};
use crate::id::{Blake3, Oid};
use crate::trust::Graph;
use std::path::{Path, PathBuf};

/// The genesis that this clone has settled on, and the newest trust commit that it has seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin {
    pub repo: Blake3,
    pub tip: Oid,
}

fn path(common_dir: &Path) -> PathBuf {
    common_dir.join("gatos").join("pin")
}

impl Pin {
    /// A pin that cannot be read is no pin: it is drawn again, and a second genesis stops the clone.
    pub(super) fn read(common_dir: &Path) -> Result<Option<Pin>, NodeError> {
        let Some(bytes) = files::read(&path(common_dir))? else { return Ok(None) };
        let pin = json::parse_canonical(&bytes).ok().and_then(|value| {
            let text = |name: &str| value.get(name).and_then(Value::as_str);
            Some(Pin { repo: text("repo")?.parse().ok()?, tip: text("tip")?.parse().ok()? })
        });
        Ok(pin)
    }

    pub(super) fn write(&self, ambient: &Ambient, common_dir: &Path) -> Result<(), NodeError> {
        let value = Value::map([("repo", Value::text(self.repo)), ("tip", Value::text(self.tip))]);
        let bytes = json::document(&value).expect("two short fields have a form");
        files::replace_durably(ambient, &path(common_dir), &bytes)
    }
}

/// Every trust graph in this repository: its own and the fetched ones, each tip once.
pub(super) fn tips(reader: &Reader) -> Result<Vec<Oid>, NodeError> {
    let refs = reader.refs(&Scope::Trust)?;
    let mut tips: Vec<Oid> =
        refs.into_iter().filter(|(name, _)| name.plane == Plane::TrustGraph).map(|(_, tip)| tip).collect();
    tips.sort();
    tips.dedup();
    Ok(tips)
}

fn cached(tip: Oid) -> PathBuf {
    PathBuf::from("trust").join(tip.hex())
}

/// A trust graph as this clone judged it before, else read and judged now. Writes nothing.
pub(super) fn look(reader: &Reader, tip: Oid) -> Result<Graph, NodeError> {
    let held = cache::read_at(reader.common_dir(), &cached(tip)).and_then(|bytes| Graph::recall(&bytes));
    match held.filter(|g| g.tip() == tip) {
        Some(graph) => Ok(graph),
        None => Ok(Graph::load(reader, tip)?),
    }
}

/// The branch that a person chose where the trust graph forks: a commit of it.
pub(super) fn choice(common_dir: &Path) -> Result<Option<Oid>, NodeError> {
    let bytes = files::read(&choice_path(common_dir))?;
    Ok(bytes.and_then(|bytes| String::from_utf8(bytes).ok()).and_then(|text| text.trim_end().parse().ok()))
}

pub(super) fn choose(ambient: &Ambient, common_dir: &Path, commit: Oid) -> Result<(), NodeError> {
    files::replace_durably(ambient, &choice_path(common_dir), format!("{commit}\n").as_bytes())
}

fn choice_path(common_dir: &Path) -> PathBuf {
    common_dir.join("gatos").join("branch")
}

/// Reads and judges a trust graph, or with `believe` takes what this clone judged before; remembers what it judged.
pub(super) fn load(reader: &Reader, ambient: &Ambient, tip: Oid, believe: bool) -> Result<Graph, NodeError> {
    let path = cached(tip);
    if believe
        && let Some(bytes) = cache::read_at(reader.common_dir(), &path)
        && let Some(graph) = Graph::recall(&bytes).filter(|g| g.tip() == tip)
    {
        return Ok(graph);
    }
    let graph = Graph::load(reader, tip)?;
    if let Some(bytes) = graph.to_bytes() {
        cache::write_among_at(ambient, reader.common_dir(), &path, &bytes, cache::KEPT);
    }
    Ok(graph)
}
