use super::error::NodeError;
use super::pin::{self, Pin};
use crate::ambient::Ambient;
use crate::git::{Place, Plane, Reader, RefName, Scope, has_gate};
use crate::id::{Actor, Blake3, Oid, PublicKey, Segment};
use crate::trust::{Ended, Graph};
use std::fmt;

/// Two branches of the trust graph, both signed to the threshold: equivocation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// The tip that counts here.
    pub counted: Oid,
    /// Why it does.
    pub because: &'static str,
    /// The tips, with the refs that show each.
    pub branches: Vec<(Oid, Vec<String>)>,
}

impl Alarm {
    /// One line, without what to do.
    pub fn sentence(&self) -> String {
        format!(
            "two branches of the trust graph were signed: {}; {} counts here: {}",
            shown(&self.branches).join(", "),
            self.counted,
            self.because
        )
    }
}

impl fmt::Display for Alarm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let choose = "find out who signed both; another one: git gatos trust pin COMMIT";
        write!(f, "ALARM: {}; {choose}", self.sentence())
    }
}

fn shown(branches: &[(Oid, Vec<String>)]) -> Vec<String> {
    branches.iter().map(|(tip, names)| format!("{tip} ({})", names.join(", "))).collect()
}

/// The trust graph that counts here, and what is to be said about how it was found.
pub(super) struct Found {
    pub graph: Graph,
    pub pin: Pin,
    /// The genesis was trusted on first use.
    pub first_use: bool,
    pub alarm: Option<Alarm>,
    /// Everything by which that was decided: the tips that refs show.
    pub tips: Tips,
}

/// Settles which trust graph counts and remembers how far it was seen.
pub(super) fn settle(reader: &Reader, ambient: &Ambient, believe: bool) -> Result<Found, NodeError> {
    let held = Pin::read(reader.common_dir())?;
    let found = decide(reader, held, &|tip| pin::load(reader, ambient, tip, believe))?;
    if held != Some(found.pin) {
        // A read-only copy can still be read; it only forgets.
        let _ = found.pin.write(ambient, reader.common_dir());
    }
    Ok(found)
}

/// The alarm that stands in a repository; nothing is written.
pub fn alarm(ambient: &Ambient) -> Result<Option<Alarm>, NodeError> {
    let reader = Reader::discover(ambient)?;
    let held = Pin::read(reader.common_dir())?;
    Ok(decide(&reader, held, &|tip| pin::look(&reader, tip))?.alarm)
}

/// The trust graph that counts here; nothing is written.
pub fn trust_here(reader: &Reader) -> Result<Graph, NodeError> {
    let held = Pin::read(reader.common_dir())?;
    Ok(decide(reader, held, &|tip| pin::look(reader, tip))?.graph)
}

/// The key that this clone is set to sign with, and whose, where it stands for him no more; nothing is written.
pub fn ended_key(reader: &Reader) -> Result<Option<(Actor, PublicKey, Ended)>, NodeError> {
    let (actor, key) = (reader.config_text("gatos.actor")?, reader.config_text("gatos.key")?);
    let (Some(actor), Some(key)) = (actor, key) else { return Ok(None) };
    let (actor, key): (Actor, PublicKey) = (actor.parse()?, key.parse()?);
    let ended = trust_here(reader)?.ended(&actor, &key);
    Ok(ended.map(|ended| (actor, key, ended)))
}

pub(super) type Tips = Vec<(RefName, Oid)>;

/// The tips of the trust graph that refs show now.
pub(super) fn tips(reader: &Reader) -> Result<Tips, NodeError> {
    let mut tips: Tips = reader.refs(&Scope::Trust)?;
    tips.retain(|(name, _)| name.plane == Plane::TrustGraph);
    Ok(tips)
}

fn decide(
    reader: &Reader,
    held: Option<Pin>,
    load: &dyn Fn(Oid) -> Result<Graph, NodeError>,
) -> Result<Found, NodeError> {
    let tips = tips(reader)?;
    if tips.is_empty() {
        return Err(match () {
            _ if reader.is_shallow() => NodeError::Shallow,
            // A gate waits for the law; to found another there is what must not happen.
            _ if has_gate(reader.common_dir()) => NodeError::NotPushed,
            _ => match remote(reader)? {
                Some(remote) => NodeError::NotFetched { remote },
                None => NodeError::NoGenesis,
            },
        });
    }
    let mut graphs = readable(&tips, held.as_ref(), load)?;
    let repo = genesis(&graphs, held.as_ref())?;
    graphs.retain(|graph| graph.repo() == repo);
    let ends = ends(graphs);
    if let Some(pin) = held
        && !ends.iter().any(|graph| graph.commits().contains(&pin.tip))
    {
        return Err(NodeError::TrustRollback { seen: pin.tip, tip: ends[0].tip() });
    }
    let Fork { at, because } = choose(reader, &ends, &tips, held.as_ref())?;
    let alarm = because.map(|because| Alarm { counted: ends[at].tip(), because, branches: branches(&ends, &tips) });
    let graph = ends.into_iter().nth(at).expect("it was chosen among them");
    // While an alarm stands, what was seen stays what it was: only a person moves it to another branch.
    let pin = match held {
        Some(pin) if alarm.is_some() => pin,
        _ => Pin { repo, tip: graph.tip() },
    };
    Ok(Found { graph, pin, first_use: held.is_none(), alarm, tips })
}

/// Every graph that can be read, each tip once. Whoever may write to a remote must not be able to stop its readers: a graph
/// that cannot be read stops them only where it is this clone's own, or the pinned one, or where nothing else is left.
fn readable(
    tips: &Tips,
    pin: Option<&Pin>,
    load: &dyn Fn(Oid) -> Result<Graph, NodeError>,
) -> Result<Vec<Graph>, NodeError> {
    let mut graphs: Vec<Graph> = Vec::with_capacity(tips.len());
    let mut broken = None;
    for (name, tip) in tips {
        if graphs.iter().any(|graph| graph.tip() == *tip) {
            continue;
        }
        match load(*tip) {
            Ok(graph) => graphs.push(graph),
            Err(e) if name.place == Place::Own => return Err(e),
            Err(e) => broken = Some((*tip, e)),
        }
    }
    match broken {
        Some((tip, e)) if pin.is_none_or(|p| p.tip == tip || !graphs.iter().any(|g| g.repo() == p.repo)) => Err(e),
        _ => Ok(graphs),
    }
}

/// The remote whose word counts, where it is configured.
pub(super) fn remote(reader: &Reader) -> Result<Option<Segment>, NodeError> {
    let Some(remote) = reader.authority()? else { return Ok(None) };
    let url = reader.config_text(&format!("remote.{remote}.url"))?;
    Ok(url.map(|_| remote))
}

/// The pinned genesis, else the only one there is.
fn genesis(graphs: &[Graph], pin: Option<&Pin>) -> Result<Blake3, NodeError> {
    let mut ids: Vec<Blake3> = graphs.iter().map(Graph::repo).collect();
    ids.sort();
    ids.dedup();
    match (pin, &ids[..]) {
        (Some(pin), ids) if ids.contains(&pin.repo) => Ok(pin.repo),
        (Some(pin), _) => Err(NodeError::PinMissing { pinned: pin.repo }),
        (None, [only]) => Ok(*only),
        (None, _) => Err(NodeError::ManyGeneses { ids }),
    }
}

/// The graphs from which no other one descends: one, unless two branches were signed.
fn ends(graphs: Vec<Graph>) -> Vec<Graph> {
    let is_end = |graph: &Graph| {
        !graphs.iter().any(|other| other.tip() != graph.tip() && other.commits().contains(&graph.tip()))
    };
    let ends: Vec<bool> = graphs.iter().map(is_end).collect();
    graphs.into_iter().zip(ends).filter_map(|(graph, is_end)| is_end.then_some(graph)).collect()
}

/// Which branch counts, and where there are several the reason.
struct Fork {
    at: usize,
    because: Option<&'static str>,
}

/// The branch that a person chose, else that of the authority, else the one this clone has seen, else its own.
fn choose(reader: &Reader, ends: &[Graph], tips: &Tips, pin: Option<&Pin>) -> Result<Fork, NodeError> {
    if ends.len() == 1 {
        return Ok(Fork { at: 0, because: None });
    }
    let authority = reader.authority()?;
    let of_authority = |name: &RefName| matches!(&name.place, Place::Tracking(r) if Some(r) == authority.as_ref());
    let tip_of = |wanted: &dyn Fn(&RefName) -> bool| tips.iter().find(|(name, _)| wanted(name)).map(|(_, tip)| *tip);
    let orders = [
        (pin::choice(reader.common_dir())?, "it was chosen here"),
        (tip_of(&of_authority), "the authority holds it"),
        (pin.map(|pin| pin.tip), "it is the one this clone has seen"),
        (tip_of(&|name| name.place == Place::Own), "it is this clone's own"),
    ];
    for (commit, because) in orders {
        let Some(commit) = commit else { continue };
        let mut holding = (0..ends.len()).filter(|at| ends[*at].commits().contains(&commit));
        // A commit that stands before the fork says nothing.
        if let (Some(at), None) = (holding.next(), holding.next()) {
            return Ok(Fork { at, because: Some(because) });
        }
    }
    Err(NodeError::TrustBranches { branches: shown(&branches(ends, tips)) })
}

fn branches(ends: &[Graph], tips: &Tips) -> Vec<(Oid, Vec<String>)> {
    let names =
        |graph: &Graph| tips.iter().filter(|(_, tip)| graph.tip() == *tip).map(|(name, _)| name.to_string()).collect();
    ends.iter().map(|graph| (graph.tip(), names(graph))).collect()
}
