use super::error::LedgerError;
use crate::git::{GitError, Place, Plane, Reader, RefName, Scope};
use crate::id::{Ns, Oid, Segment, Writer};
use std::collections::{BTreeMap, BTreeSet};

/// One journal as the union of every place that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Journal {
    pub ns: Ns,
    pub writer: Writer,
    /// Up to where it counts.
    pub tip: Oid,
    /// The last event that counts, where somebody has cut it: the append at the tip may hold more.
    pub until: Option<u64>,
    /// Set where two places hold branches that do not descend from each other.
    pub fork: Option<Fork>,
}

/// Equivocation: one writer said two different things at one place of his journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// The tips of the branches, with the ref that shows each.
    pub branches: Vec<(String, Oid)>,
}

/// All journals of a namespace, sorted by writer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Union {
    pub journals: Vec<Journal>,
    /// Fetched refs that name no commit which can be read: they are passed over. Ref, object and reason.
    pub unreadable: Vec<(String, Oid, String)>,
}

/// The namespaces that some journal names, sorted.
pub fn namespaces(reader: &Reader) -> Result<Vec<Ns>, LedgerError> {
    let refs = reader.refs(&Scope::Journals(None)).map_err(LedgerError::List)?;
    let mut all: Vec<Ns> = refs
        .into_iter()
        .filter_map(|(name, _)| match name.plane {
            Plane::Journal { ns, .. } => Some(ns),
            _ => None,
        })
        .collect();
    all.sort();
    all.dedup();
    Ok(all)
}

/// Joins what this clone wrote with what it fetched. Of one journal in two places the descendant counts; where neither
/// descends, the branch on the authoritative remote, and without one what stands before the fork (FORMATS, section 2).
pub fn union(reader: &Reader, ns: &Ns, authority: Option<&Segment>) -> Result<Union, LedgerError> {
    union_without(reader, ns, authority, &BTreeSet::new())
}

/// The same, leaving out the journals of some writers: those that cannot be read must not hide the others.
pub fn union_without(
    reader: &Reader,
    ns: &Ns,
    authority: Option<&Segment>,
    without: &BTreeSet<Writer>,
) -> Result<Union, LedgerError> {
    let refs = reader.refs(&Scope::Journals(Some(ns.clone()))).map_err(LedgerError::List)?;
    let mut places: BTreeMap<Writer, Vec<(RefName, Oid)>> = BTreeMap::new();
    for (name, tip) in refs {
        if let Plane::Journal { writer, .. } = &name.plane
            && !without.contains(writer)
        {
            places.entry(writer.clone()).or_default().push((name, tip));
        }
    }
    let lost: BTreeMap<Writer, Oid> =
        reader.lost(ns).map_err(LedgerError::List)?.into_iter().map(|(lost, tip)| (lost.writer, tip)).collect();
    let mut journals = Vec::with_capacity(places.len());
    let mut unreadable = Vec::new();
    for (writer, mut held) in places {
        held.retain(|(name, tip)| match (&name.place, reader.raw_commit(*tip)) {
            (Place::Tracking(_), Err(e)) => {
                unreadable.push((name.to_string(), *tip, e.to_string()));
                false
            }
            _ => true,
        });
        if let Some(tip) = lost.get(&writer) {
            let read = |source| LedgerError::Read { ns: ns.clone(), writer: writer.clone(), source };
            held = without_lost(reader, held, *tip, authority).map_err(read)?;
        }
        if let Some(journal) = join(reader, ns, writer, held, authority)? {
            journals.push(journal);
        }
    }
    Ok(Union { journals, unreadable })
}

/// What was sealed anew is said elsewhere: of such a journal that counts which the authority has accepted, and not what
/// another remote was given of it before.
fn without_lost(
    reader: &Reader,
    held: Vec<(RefName, Oid)>,
    lost: Oid,
    authority: Option<&Segment>,
) -> Result<Vec<(RefName, Oid)>, GitError> {
    let mut kept = Vec::with_capacity(held.len());
    for (name, tip) in held {
        let elsewhere = matches!(&name.place, Place::Tracking(remote) if Some(remote) != authority);
        let sealed_anew = elsewhere && (tip == lost || reader.is_ancestor(tip, lost)?);
        if !sealed_anew {
            kept.push((name, tip));
        }
    }
    Ok(kept)
}

fn join(
    reader: &Reader,
    ns: &Ns,
    writer: Writer,
    held: Vec<(RefName, Oid)>,
    authority: Option<&Segment>,
) -> Result<Option<Journal>, LedgerError> {
    let read = |source| LedgerError::Read { ns: ns.clone(), writer: writer.clone(), source };
    let mut tips: Vec<Oid> = Vec::new();
    for (_, tip) in &held {
        let mut covered = false;
        let mut kept = Vec::with_capacity(tips.len() + 1);
        for other in tips {
            if !covered && (other == *tip || reader.is_ancestor(*tip, other).map_err(read)?) {
                covered = true;
            }
            if covered || !reader.is_ancestor(other, *tip).map_err(read)? {
                kept.push(other);
            }
        }
        if !covered {
            kept.push(*tip);
        }
        tips = kept;
    }
    if tips.is_empty() {
        return Ok(None);
    }
    if let [tip] = tips[..] {
        return Ok(Some(Journal { ns: ns.clone(), writer, tip, until: None, fork: None }));
    }
    let fork = Fork { branches: held.iter().map(|(name, tip)| (name.to_string(), *tip)).collect() };
    let trusted = held.iter().find(|(name, _)| match &name.place {
        Place::Tracking(remote) => Some(remote) == authority,
        _ => false,
    });
    let tip = match trusted {
        Some((_, tip)) => Some(*tip),
        None => common(reader, &tips).map_err(read)?,
    };
    Ok(tip.map(|tip| Journal { ns: ns.clone(), writer, tip, until: None, fork: Some(fork) }))
}

/// The last commit that all tips descend from by first parents.
fn common(reader: &Reader, tips: &[Oid]) -> Result<Option<Oid>, GitError> {
    let mut shared: Option<Vec<Oid>> = None;
    for tip in tips {
        let mut line = Vec::new();
        for step in reader.chain(*tip, None, 0)? {
            line.push(step?.0);
        }
        shared = Some(match shared {
            None => line,
            Some(before) => before.into_iter().zip(line).take_while(|(a, b)| a == b).map(|(a, _)| a).collect(),
        });
    }
    Ok(shared.and_then(|line| line.last().copied()))
}
