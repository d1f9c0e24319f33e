use super::cache;
use super::error::NodeError;
use super::files;
use crate::ambient::Ambient;
use crate::canon::{Value, json};
use crate::git::{Plane, Reader, RefName, Scope};
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

/// The trust graph that counts here, and what is to be said about how it was found.
pub(super) struct Found {
    pub graph: Graph,
    pub pin: Pin,
    /// The genesis was trusted on first use.
    pub first_use: bool,
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

/// Reads and judges a trust graph, or with `believe` takes what this clone judged before; remembers what it judged.
fn load(reader: &Reader, ambient: &Ambient, tip: Oid, believe: bool) -> Result<Graph, NodeError> {
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

/// Settles which trust graph counts: the pinned one, else the only one there is.
pub(super) fn settle(reader: &Reader, ambient: &Ambient, believe: bool) -> Result<Found, NodeError> {
    let tips = tips(reader)?;
    if tips.is_empty() {
        return Err(if reader.is_shallow() { NodeError::Shallow } else { NodeError::NoGenesis });
    }
    let pin = Pin::read(reader.common_dir())?;
    let mut graphs = Vec::with_capacity(tips.len());
    let mut broken = None;
    for tip in tips {
        match load(reader, ambient, tip, believe) {
            Ok(graph) => graphs.push(graph),
            // Whoever may write to a remote must not be able to stop its readers: what is ours and what is pinned decides.
            Err(e) => broken = Some((tip, e)),
        }
    }
    if let Some((tip, e)) = broken {
        let own = reader.resolve(&RefName::own(Plane::TrustGraph))? == Some(tip);
        let matters = own || pin.as_ref().is_none_or(|p| p.tip == tip || !graphs.iter().any(|g| g.repo() == p.repo));
        if matters {
            return Err(e);
        }
    }
    let mut ids: Vec<Blake3> = graphs.iter().map(Graph::repo).collect();
    ids.sort();
    ids.dedup();
    let repo = match (&pin, &ids[..]) {
        (Some(pin), ids) if ids.contains(&pin.repo) => pin.repo,
        (Some(pin), _) => return Err(NodeError::PinMissing { pinned: pin.repo }),
        (None, [only]) => *only,
        (None, _) => return Err(NodeError::ManyGeneses { ids }),
    };
    let mut best: Option<Graph> = None;
    for graph in graphs.into_iter().filter(|g| g.repo() == repo) {
        best = Some(match best {
            None => graph,
            Some(held) if reader.is_ancestor(held.tip(), graph.tip())? => graph,
            Some(held) if reader.is_ancestor(graph.tip(), held.tip())? => held,
            Some(held) => return Err(NodeError::TrustRollback { seen: held.tip(), tip: graph.tip() }),
        });
    }
    let graph = best.expect("the repository id was taken from one of them");
    if let Some(pin) = pin
        && pin.tip != graph.tip()
        && !(reader.contains(pin.tip) && reader.is_ancestor(pin.tip, graph.tip())?)
    {
        return Err(NodeError::TrustRollback { seen: pin.tip, tip: graph.tip() });
    }
    let now = Pin { repo, tip: graph.tip() };
    if pin != Some(now) {
        // A read-only copy can still be read; it only forgets.
        let _ = now.write(ambient, reader.common_dir());
    }
    Ok(Found { graph, pin: now, first_use: pin.is_none() })
}
