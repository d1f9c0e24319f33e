use super::{Graph, Proposal, Proposed, Said, TrustDoc};

impl Proposal {
    /// What it changes in a graph, a line each: whoever signs should know what he signs.
    pub fn changes(&self, graph: &Graph) -> Vec<String> {
        match self.what() {
            Proposed::Version(doc) => {
                let mut lines = Vec::new();
                actors(graph.current(), doc, &mut lines);
                groups(graph.current(), doc, &mut lines);
                roots(graph.current(), doc, &mut lines);
                lines
            }
            Proposed::Statement(Said::Grant(grant)) => {
                let until = grant.exp.map_or(String::new(), |exp| format!(" until {exp}"));
                let line = |cap| format!("{} gives {} {cap}{until} ({})", grant.issuer, grant.subject, grant.ulid);
                grant.caps.iter().map(line).collect()
            }
            Proposed::Statement(Said::Revocation(revocation)) => {
                let mut lines = vec![format!("{} is revoked: {}", revocation.target, revocation.reason)];
                match &revocation.from {
                    None if matches!(revocation.target, super::Target::Grant(_)) => {}
                    None => lines.push("all its events are void".to_owned()),
                    Some(from) if from.is_empty() => lines.push("all its events are void (none is here)".to_owned()),
                    Some(from) => {
                        for (writer, last) in from {
                            let last: Vec<String> = last.iter().map(|cid| cid.to_string()).collect();
                            lines.push(format!("of {writer} the events up to {} stay good", last.join(" and ")));
                        }
                        lines.push("every other event of it is void".to_owned());
                    }
                }
                lines
            }
        }
    }
}

fn actors(old: &TrustDoc, new: &TrustDoc, lines: &mut Vec<String>) {
    for (actor, keys) in &new.actors {
        if !old.actors.contains_key(actor) && keys.is_empty() {
            lines.push(format!("{actor} is let in, without a key yet"));
        }
        let fresh = keys.iter().filter(|key| !old.keys_of(actor).contains(key));
        lines.extend(fresh.map(|key| format!("{actor} may speak with {key}")));
    }
    for (actor, keys) in &old.actors {
        let gone = keys.iter().filter(|key| !new.keys_of(actor).contains(key));
        lines.extend(gone.map(|key| format!("{actor} speaks with {key} no more")));
        if !new.actors.contains_key(actor) {
            lines.push(format!("{actor} is gone"));
        }
    }
}

fn groups(old: &TrustDoc, new: &TrustDoc, lines: &mut Vec<String>) {
    let none = Vec::new();
    for (group, members) in &new.groups {
        let before = old.groups.get(group).unwrap_or(&none);
        let fresh = members.iter().filter(|actor| !before.contains(actor));
        lines.extend(fresh.map(|actor| format!("{actor} joins {group}")));
    }
    for (group, members) in &old.groups {
        let after = new.groups.get(group).unwrap_or(&none);
        let gone = members.iter().filter(|actor| !after.contains(actor));
        lines.extend(gone.map(|actor| format!("{actor} leaves {group}")));
    }
}

fn roots(old: &TrustDoc, new: &TrustDoc, lines: &mut Vec<String>) {
    let (before, after) = (&old.roots, &new.roots);
    let fresh = after.actors.iter().filter(|actor| !before.actors.contains(actor));
    lines.extend(fresh.map(|actor| format!("{actor} becomes a root")));
    let gone = before.actors.iter().filter(|actor| !after.actors.contains(actor));
    lines.extend(gone.map(|actor| format!("{actor} is a root no more")));
    let count = |doc: &TrustDoc| (doc.roots.threshold, doc.roots.actors.len());
    if count(old) != count(new) {
        lines.push(format!("{} of {} roots must sign a change", after.threshold, after.actors.len()));
    }
}
