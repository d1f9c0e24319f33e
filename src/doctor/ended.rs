//! Keys of this clone that trust took away: the one it signs with, and those that left events unpushed.

use super::patient::Patient;
use super::{ExamError, Finding};
use crate::git::{Lost, Place, Plane, RefName, Scope};
use crate::id::{Oid, PublicKey};
use crate::node::{ReplicaFile, ended_key, replica_file, trust_here};
use crate::trust::{Ended, Graph, KeyDir};

/// What keeps trust from being read is told elsewhere.
pub(super) fn examine(patient: &Patient, keys: &KeyDir) -> Result<Vec<Finding>, ExamError> {
    let Ok(graph) = trust_here(&patient.reader) else { return Ok(Vec::new()) };
    let mut found = Vec::from_iter(signing(patient, &graph, keys)?);
    found.extend(stuck(patient, &graph)?);
    Ok(found)
}

/// A clone whose own key is over can say nothing that counts.
fn signing(patient: &Patient, graph: &Graph, keys: &KeyDir) -> Result<Option<Finding>, ExamError> {
    let Ok(Some((actor, key, ended))) = ended_key(&patient.reader) else { return Ok(None) };
    let sentence = format!("this clone signs as {actor} with a key that {ended}: nothing that it says is taken");
    if ended == Ended::Revoked {
        let remedy = format!(
            "make another key: git gatos key new; let a root run: git gatos trust add-key {actor} KEY; then: git config gatos.key KEY"
        );
        return Ok(Some(Finding::fail("key.revoked", key, sentence, remedy)));
    }
    let other = graph.keys_of(&actor).iter().find(|key| keys.holds(key) && graph.stands(&actor, key));
    let remedy = match (patient.reader.config_text("gatos.keyfile")?, other) {
        (Some(_), _) => "sign with another: git gatos init --key FILE".to_owned(),
        (None, Some(other)) => format!("git config gatos.key {other}"),
        (None, None) => "git gatos key new, then git gatos init, which says what a root runs".to_owned(),
    };
    Ok(Some(Finding::fail("key.removed", key, sentence, remedy)))
}

/// Journals of this clone that go beyond what any remote is known to hold, by a key that was removed. What is void of a
/// revoked key `sync` holds back.
fn stuck(patient: &Patient, graph: &Graph) -> Result<Vec<Finding>, ExamError> {
    let ReplicaFile::Own(replica) = replica_file(patient.reader.common_dir())? else { return Ok(Vec::new()) };
    // Where nothing is pushed to, nothing is refused.
    if !patient.settings()?.iter().any(|(name, _)| name.starts_with("remote.") && name.ends_with(".url")) {
        return Ok(Vec::new());
    }
    let refs = patient.reader.refs(&Scope::Journals(None))?;
    let mut found = Vec::new();
    for (name, tip) in refs.iter().filter(|(name, _)| name.place == Place::Own) {
        let Plane::Journal { writer, .. } = &name.plane else { continue };
        let key = graph.key_with_prefix(writer.actor(), writer.key8()).filter(|_| writer.replica() == replica);
        let ended = key.and_then(|key| Some((key, graph.ended(writer.actor(), &key)?)));
        let Some((key, ended @ Ended::Removed { .. })) = ended else { continue };
        let fetched = refs.iter().filter(|(other, _)| other.place != Place::Own && other.plane == name.plane);
        let fetched: Vec<Oid> = fetched.map(|(_, tip)| *tip).collect();
        let within = |old: Oid, new: Oid| old == new || patient.reader.is_ancestor(old, new).unwrap_or(true);
        if !fetched.iter().any(|held| within(*tip, *held)) {
            let back = fetched.into_iter().find(|held| within(*held, *tip));
            found.extend(finding(name, *tip, back, &key, ended));
        }
    }
    Ok(found)
}

/// `back` is how far a remote took the journal.
fn finding(name: &RefName, tip: Oid, back: Option<Oid>, key: &PublicKey, ended: Ended) -> Option<Finding> {
    let Plane::Journal { ns, writer } = &name.plane else { return None };
    let lost = Lost { ns: ns.clone(), writer: writer.clone() };
    let sentence = format!(
        "no remote is known to hold its last events, and their key {key} {ended}: a gate whose rules ask who speaks never takes them"
    );
    let aside = match back {
        Some(back) => format!("git update-ref {name} {back}"),
        None => format!("git update-ref -d {name}"),
    };
    let remedy = format!(
        "say them again with another key (git gatos log --ns {ns} --actor {} shows them), then put them aside: git update-ref {lost} \
         {tip} && {aside}",
        writer.actor()
    );
    Some(Finding::warn("journal.stuck", name, sentence, remedy))
}
