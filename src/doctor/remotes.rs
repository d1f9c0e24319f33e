//! Settings of remotes by which a fetch or a push overwrites or deletes what is ours.

use super::patient::Patient;
use super::{ExamError, Finding};
use crate::git::refspec_reaches_ours;

pub(super) fn examine(patient: &Patient) -> Result<Vec<Finding>, ExamError> {
    let settings = patient.settings()?;
    let prunes_all = last(&settings, "fetch.prune").is_some_and(is_true);
    let mut found = Vec::new();
    for (key, value) in &settings {
        let Some((remote, variable)) = key.strip_prefix("remote.").and_then(|rest| rest.rsplit_once('.')) else {
            continue;
        };
        match variable {
            "fetch" => {
                let prunes = last(&settings, &format!("remote.{remote}.prune")).map_or(prunes_all, is_true);
                found.extend(fetch(remote, key, value, prunes));
            }
            "push" => found.extend(push(remote, key, value)),
            "mirror" if is_true(value) => found.push(mirror(remote, key)),
            _ => {}
        }
    }
    Ok(found)
}

fn last<'a>(settings: &'a [(String, String)], key: &str) -> Option<&'a str> {
    settings.iter().rev().find(|(k, _)| k == key).map(|(_, value)| value.as_str())
}

/// As git reads a boolean.
fn is_true(value: &str) -> bool {
    ["true", "yes", "on", "1"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// The destination of a refspec, and whether it is forced.
fn destination(spec: &str) -> Option<(&str, bool)> {
    let (forced, body) = spec.strip_prefix('+').map_or((false, spec), |body| (true, body));
    let (_, to) = body.split_once(':')?;
    Some((to, forced)).filter(|(to, _)| refspec_reaches_ours(to))
}

fn fetch(remote: &str, key: &str, spec: &str, prunes: bool) -> Vec<Finding> {
    let Some((_, forced)) = destination(spec) else { return Vec::new() };
    let remedy = format!("git config --unset {key} {} (the README has the line that fetches ours)", exact(spec));
    let mut found = Vec::new();
    if forced {
        let sentence =
            format!("a fetch from {remote} overwrites refs of ours by {spec}: a rewritten history goes unnoticed");
        found.push(Finding::warn("remote.force", key, sentence, remedy.clone()));
    }
    if prunes {
        let sentence = format!(
            "a fetch from {remote} deletes refs of ours that it does not have ({spec}): journals not yet pushed"
        );
        let remedy = format!("git config remote.{remote}.prune false; or {remedy}");
        found.push(Finding::warn("remote.prune", key, sentence, remedy));
    }
    found
}

fn push(remote: &str, key: &str, spec: &str) -> Option<Finding> {
    let (_, forced) = destination(spec)?;
    forced.then(|| {
        let sentence = format!("a push to {remote} overwrites refs of ours there by {spec}");
        Finding::warn("remote.push-force", key, sentence, format!("git config --unset {key} {}", exact(spec)))
    })
}

fn mirror(remote: &str, key: &str) -> Finding {
    let sentence = format!("a push to {remote} deletes there what is not here: the journals of others");
    Finding::warn("remote.mirror", key, sentence, format!("git config --unset {key}"))
}

/// A value as the pattern of `git config --unset`.
fn exact(value: &str) -> String {
    let escaped: String =
        value.chars().flat_map(|c| if "+*.^$[](){}?|\\".contains(c) { vec!['\\', c] } else { vec![c] }).collect();
    format!("'^{escaped}$'")
}
