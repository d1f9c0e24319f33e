use super::error::{Fault, LedgerError};
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
    /// The last event that counts, where somebody has cut it: the append at the tip may hold more. 0 where none does.
    pub until: Option<u64>,
    /// Set where two places hold branches that do not descend from each other, both signed by the writer.
    pub fork: Option<Fork>,
}

/// Equivocation: one writer said two different things at one place of his journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fork {
    /// The tips of the branches, with the ref that shows each.
    pub branches: Vec<(String, Oid)>,
}

/// How much of a fetched branch its writer has signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Signed {
    All,
    /// Up to this append, none where not even the first is good; and what is wrong with the one behind it.
    UpTo(Option<Oid>, Fault),
}

/// Tells how much of a fetched branch is signed. It is asked only where another place has something else.
pub type Verify<'v> = dyn Fn(&Ns, &Writer, Oid) -> Result<Signed, LedgerError> + 'v;

/// A fetched branch that goes on with what its writer has not signed, where another place has something else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    pub name: RefName,
    pub fault: Fault,
}

/// All journals of a namespace, sorted by writer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Union {
    pub journals: Vec<Journal>,
    /// Fetched refs that name no commit which can be read: they are passed over. Ref, object and reason.
    pub unreadable: Vec<(String, Oid, String)>,
    /// Fetched branches of which no more counts than their writers have signed.
    pub strays: Vec<Stray>,
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

/// Joins what this clone wrote with what it fetched. Of one journal in two places the descendant counts, as far as it is
/// signed; where neither descends, the branch on the authoritative remote, and without one what stands before the fork
/// (FORMATS, section 2). The journals of some writers may be left out: those that cannot be read must not hide the others.
pub fn union(
    reader: &Reader,
    ns: &Ns,
    authority: Option<&Segment>,
    verify: &Verify<'_>,
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
    let (mut unreadable, mut strays) = (Vec::new(), Vec::new());
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
        strays.extend(cut_unsigned(reader, ns, &writer, &mut held, verify)?);
        if let Some(journal) = join(reader, ns, writer, held, authority)? {
            journals.push(journal);
        }
    }
    Ok(Union { journals, unreadable, strays })
}

/// Cuts what was fetched of a journal back to what its writer has signed, where places differ: whoever may write to one
/// remote must neither make a fork of it nor stand in front of another. What stands in one place alone, and what this clone
/// wrote, is verified by whoever reads it.
fn cut_unsigned(
    reader: &Reader,
    ns: &Ns,
    writer: &Writer,
    held: &mut Vec<(RefName, Oid)>,
    verify: &Verify<'_>,
) -> Result<Vec<Stray>, LedgerError> {
    if held.windows(2).all(|pair| pair[0].1 == pair[1].1) {
        return Ok(Vec::new());
    }
    let read = |source| LedgerError::Read { ns: ns.clone(), writer: writer.clone(), source };
    let own = held.iter().find(|(name, _)| name.place == Place::Own).map(|(_, tip)| *tip);
    let (mut kept, mut strays) = (Vec::with_capacity(held.len()), Vec::new());
    for (name, tip) in std::mem::take(held) {
        let is_own = match own {
            Some(own) => own == tip || reader.is_ancestor(tip, own).map_err(read)?,
            None => false,
        };
        match if is_own { Signed::All } else { verify(ns, writer, tip)? } {
            Signed::All => kept.push((name, tip)),
            Signed::UpTo(good, fault) => {
                kept.extend(good.map(|good| (name.clone(), good)));
                strays.push(Stray { name, fault });
            }
        }
    }
    *held = kept;
    Ok(strays)
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
    let (tip, until) = match trusted {
        Some((_, tip)) => (*tip, None),
        None => match common(reader, &tips).map_err(read)? {
            Some(tip) => (tip, None),
            // Two beginnings: nobody knows which is true, and whoever asks must hear of both.
            None => (tips[0], Some(0)),
        },
    };
    Ok(Some(Journal { ns: ns.clone(), writer, tip, until, fork: Some(fork) }))
}

/// The last commit that all tips descend from by first parents.
pub fn common(reader: &Reader, tips: &[Oid]) -> Result<Option<Oid>, GitError> {
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
