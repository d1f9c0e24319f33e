//! Who is in a group, as a commit of the trust graph says.

use crate::id::{Actor, Oid, Segment};
use crate::trust::Graph;

/// The members as of one commit of the accepted chain; `None` where it is no such commit or knows no such group.
pub fn members_at<'g>(graph: &'g Graph, commit: Oid, group: &Segment) -> Option<&'g [Actor]> {
    let place = |of: Oid| graph.commits().iter().position(|c| *c == of);
    let end = place(commit)?;
    let version = graph.versions().iter().rev().find(|v| place(v.commit).is_some_and(|at| at <= end))?;
    version.doc.groups.get(group).map(Vec::as_slice)
}

/// The members now.
pub fn members_now<'g>(graph: &'g Graph, group: &Segment) -> Option<&'g [Actor]> {
    graph.current().groups.get(group).map(Vec::as_slice)
}
