use super::consent;
use super::denial::{Denial, Judged};
use super::error::HookError;
use super::journal::{of_decision, of_git};
use super::law::Law;
use super::profile;
use super::updates::Update;
use super::visit::Visit;
use crate::policy::consent::tell;
use crate::policy::{Brought, Bundle, Intent, Judgement, RefMove, Unseen, Verb};

/// Judges a branch, a tag, any ref that is not ours: by the profile, then where a rule names it. What no rule names is not
/// asked about.
pub(super) fn check(visit: &Visit, law: &mut Law, update: &Update) -> Result<Judged, HookError> {
    let name = update.name.as_str();
    if let Some(denial) = profile::branch(visit, law, update)? {
        return Ok(Err(Box::new(denial)));
    }
    let consents = consent::standing(visit, law)?;
    let Some(policy) = &mut law.policy else { return Ok(Ok(())) };
    if !policy.judge.bundle().names(Verb::Push, name) {
        return Ok(Ok(()));
    }
    let moving = RefMove { name, old: update.old, new: update.new };
    let brought = match brought(visit, policy.judge.bundle(), moving)? {
        Ok(brought) => brought,
        Err(denial) => return Ok(Err(denial)),
    };
    if let Some((rule, why)) = brought.loses(policy.judge.bundle(), moving) {
        return Ok(Err(Box::new(Denial::of(name, rule, why).hint("push what descends from what stands there"))));
    }
    let (mut fields, facts) = visit.act(&law.graph);
    brought.fields(moving, &law.graph, &mut fields);
    let facts = brought.facts(policy.judge.bundle(), facts);
    let intent = Intent::act(Verb::Push, fields);
    let facts = tell(consents.as_deref(), facts, intent.target().as_deref())?;
    match policy.judge.decide(&intent, &facts, law.graph.tip())? {
        Judgement::Allowed(_) => Ok(Ok(())),
        Judgement::Refused(decision) => Ok(Err(Box::new(of_decision(name, *decision, &intent)))),
    }
}

fn brought(visit: &Visit, bundle: &Bundle, moving: RefMove<'_>) -> Result<Result<Brought, Box<Denial>>, HookError> {
    let heads = if moving.old.is_none() { visit.heads()? } else { &[] };
    let mut heads = heads.iter().map(|(name, tip)| (name.as_str(), *tip));
    let unseen = match moving.brought(&visit.pushed, bundle, &mut heads) {
        Ok(Ok(brought)) => return Ok(Ok(brought)),
        Ok(Err(unseen)) => unseen,
        Err(e) => match moving.new {
            Some(new) => return of_git(moving.name, new, e).map(|denial| Err(Box::new(denial))),
            None => return Err(e.into()),
        },
    };
    Ok(Err(Box::new(match unseen {
        Unseen::NoCommit(at) => {
            Denial::of(moving.name, "object.type", "it names no commit, and rules here read commits").at(at)
        }
        Unseen::TooMuch { at, what, max, entries } => {
            let why = format!("it brings more than {max} {what}, and each is judged; push them in several steps");
            let denial = Denial::of(moving.name, "push.too-many", why).at(at);
            match entries {
                Some(entries) => denial.fact("entries_seen", entries as i64),
                None => denial,
            }
        }
    })))
}
