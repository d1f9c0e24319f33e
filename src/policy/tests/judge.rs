use crate::ambient::{Ambient, Env};
use crate::canon::{Map, Value, json};
use crate::git::Store;
use crate::id::{Actor, Ns};
use crate::ledger::Draft;
use crate::policy::{
    Bundle, DEFAULT_ELC, DEFAULT_SOURCE, Facts, FactsOf, Intent, Judge, Judgement, Profile, Sources, Verb, Verdict,
    build, create_default,
};
use crate::trust::{Graph, Signer, genesis};
use std::process::Command;
use tempfile::TempDir;

pub(super) struct Seat {
    _dir: TempDir,
    store: Store,
    graph: Graph,
    pub(super) bundle: Bundle,
}

fn signer(n: u8) -> Signer {
    Signer::from_seed(&[n; 32])
}

fn actor(name: &str) -> Actor {
    name.parse().unwrap()
}

/// A repository with the default policy.
pub(super) fn seat() -> Seat {
    let dir = tempfile::tempdir().unwrap();
    assert!(Command::new("git").args(["init", "-q", "--bare"]).arg(dir.path()).status().unwrap().success());
    let vars = [("HOME", dir.path().to_str().unwrap()), ("GIT_CONFIG_NOSYSTEM", "1")];
    let ambient = Ambient::fixed("2026-11-21T09:00:00Z".parse().unwrap(), "policy", Env::fixed(dir.path(), vars));
    let store = Store::open(dir.path(), &ambient).unwrap();
    let (graph, _) = genesis(&store, &actor("user:alice"), &signer(1)).unwrap();
    let (commit, id) =
        create_default(&store, &ambient, &graph, &signer(1), Profile::Local, Default::default()).unwrap();
    let bundle = Bundle::read(&store, commit, &graph).unwrap();
    assert_eq!(bundle.id(), id);
    Seat { _dir: dir, store, graph, bundle }
}

fn draft(payload: &str) -> Draft {
    let payload = json::parse(payload.as_bytes()).unwrap();
    Draft::new("add".parse().unwrap(), payload, "01ARYZ6S410000000000000000".parse().unwrap(), None).unwrap()
}

impl Seat {
    /// What a judge says of an append by this key as this actor.
    fn ask(&self, judge: &mut Judge, who: &str, key: u8, draft: &Draft) -> Judgement {
        let (who, key) = (actor(who), signer(key));
        let facts = Facts::of_append(&self.graph, &who, key.public());
        let main = Ns::main();
        let intent = Intent::emit(&main, &who, key.public(), draft);
        judge.decide(&intent, &facts, self.graph.tip()).unwrap()
    }
}

#[test]
fn the_default_policy_lets_an_actor_with_a_known_key_append_as_itself() {
    let seat = seat();
    let mut judge = Judge::new(seat.bundle.clone(), None);
    let said = draft("{\"n\":1}");
    assert!(matches!(seat.ask(&mut judge, "user:alice", 1, &said), Judgement::Allowed(_)));
    for (who, key, reason) in
        [("user:bob", 1, "user:bob is not in the trust graph"), ("user:alice", 2, "does not stand for user:alice")]
    {
        let Judgement::Refused(decision) = seat.ask(&mut judge, who, key, &said) else { panic!("{who} {key}") };
        assert_eq!(decision.rule, "emit-as-self");
        assert!(decision.reason.contains(reason), "{}", decision.reason);
        assert!(decision.hint.unwrap().contains(&format!("trust add-key {who} {}", signer(key).public())));
    }
}

#[test]
fn what_was_allowed_is_remembered_and_nothing_else() {
    let seat = seat();
    let mut first = Judge::new(seat.bundle.clone(), None);
    assert!(matches!(seat.ask(&mut first, "user:alice", 1, &draft("1")), Judgement::Allowed(_)));
    let learned = first.remember().unwrap();
    assert!(first.remember().is_none(), "nothing was learned since");
    // The policy does not read payloads: another payload is the same question.
    assert!(matches!(seat.ask(&mut first, "user:alice", 1, &draft("2")), Judgement::Allowed(_)));
    assert!(first.remember().is_none());
    let mut second = Judge::new(seat.bundle.clone(), Some(&learned));
    assert!(matches!(seat.ask(&mut second, "user:alice", 1, &draft("3")), Judgement::Allowed(_)));
    assert!(second.remember().is_none());
    for (who, key) in [("user:bob", 1), ("user:alice", 2)] {
        assert!(matches!(seat.ask(&mut second, who, key, &draft("3")), Judgement::Refused(_)), "{who} {key}");
        assert!(second.remember().is_none());
    }
    // Bytes that are none are as good as nothing.
    let mut third = Judge::new(seat.bundle.clone(), Some(&learned[1..]));
    assert!(matches!(seat.ask(&mut third, "user:alice", 2, &draft("3")), Judgement::Refused(_)));
}

#[test]
fn a_bundle_is_recalled_as_it_was_read() {
    let seat = seat();
    let again = Bundle::recall(&seat.bundle.to_bytes().unwrap()).unwrap();
    assert_eq!(
        (again.commit(), again.id(), again.version(), again.prev()),
        (seat.bundle.commit(), seat.bundle.id(), 1, None)
    );
    assert_eq!(again.code_root(), seat.bundle.code_root());
    assert_eq!(again.file(DEFAULT_SOURCE), seat.bundle.file(DEFAULT_SOURCE));
    assert!(Bundle::recall(b"").is_none());
}

#[test]
fn the_source_that_ships_is_what_the_bundle_runs() {
    let seat = seat();
    let source = std::str::from_utf8(seat.bundle.file(DEFAULT_SOURCE).unwrap()).unwrap();
    let program = crate::lua::compile(source).unwrap();
    assert_eq!(program.elc(), seat.bundle.file(DEFAULT_ELC).unwrap());
    assert!(crate::lua::lint(source).is_empty());
    assert!(crate::lua::lint(include_str!("../../../lua/init/fold.lua")).is_empty());
    assert_eq!(
        program.fields_read(0).unwrap().into_iter().collect::<Vec<_>>(),
        ["actor", "key", "ns", "topic", "verb"]
    );
    assert!(seat.store.reader().contains(seat.bundle.commit()));
}

/// A judge of one file of rules that stands in no repository.
fn judge_of(rules: &str) -> Judge {
    let source = format!("policy \"p\" version 1\n{rules}");
    let sources = Sources::from([("gatos/policies/p.rgs".to_owned(), source.into_bytes())]);
    Judge::new(Bundle::candidate(build(&sources).unwrap().files).unwrap(), None)
}

/// The compiled form has no lines; by which rule an error happened is told all the same, wherever in it that was.
#[test]
fn must_name_the_rule_that_failed() {
    let failing = [
        ("first", "deny if payload.a > 1"),
        ("when", "when payload.a > 1\n deny"),
        ("allow", "allow if payload.a.b"),
        ("second", "deny if ns == \"none\"\n deny if payload.a > 1"),
        ("builtin", "deny if string.upper(payload) == ns"),
        ("library", "allow if cap(payload)"),
        ("own", "deny if deep(payload, 50)"),
        ("fuel", "deny if endless(payload)"),
        ("last", "deny if payload.a > 1"),
    ];
    let rule = |(id, clause): &(&str, &str)| format!("rule \"{id}\"\n on emit \"{id}\"\n {clause}\n");
    let own = "local function deep(p, n)\n  if n == 0 then return p.x.y end\n  local b = deep(p, n - 1)\n  return b\nend\n\
               local function endless(p)\n  while p.a == nil do end\n  return true\nend\n";
    let rules: String = failing.iter().map(rule).collect();
    let sources =
        [("gatos/policies/p.rgs", format!("policy \"p\" version 1\n{rules}")), ("gatos/policies/a.lua", own.into())];
    let sources = sources.map(|(path, text)| (path.to_owned(), text.into_bytes()));
    let built = build(&Sources::from(sources)).unwrap_or_else(|faults| panic!("{faults:?}"));
    let mut judge = Judge::new(Bundle::candidate(built.files).unwrap(), None);
    let (who, key) = (actor("user:alice"), signer(1));
    for (id, _) in failing {
        // A number has no fields.
        let draft = draft(if id == "fuel" { "{}" } else { "1" });
        let ns: Ns = id.parse().unwrap();
        let intent = Intent::emit(&ns, &who, key.public(), &draft);
        let facts = FactsOf::default().with("is_root", true).facts().unwrap();
        let decision = judge.weigh(&intent, &facts, crate::id::Oid::ZERO).unwrap();
        assert_eq!((decision.verdict, decision.rule.as_str()), (Verdict::Error, id), "{}", decision.reason);
        assert!(decision.reason.starts_with(&format!("rule {id} failed: ")), "{}", decision.reason);
    }
}

#[test]
fn must_remember_no_answer_that_depends_on_the_payload() {
    let seat = seat();
    let allowed = |judge: &mut Judge, n: u8| {
        matches!(seat.ask(judge, "user:alice", 1, &draft(&n.to_string())), Judgement::Allowed(_))
    };
    let mut reads = judge_of("rule \"a\"\n on emit\n allow if payload < 5");
    assert!(allowed(&mut reads, 1) && !allowed(&mut reads, 9) && allowed(&mut reads, 2));
    assert!(reads.remember().is_none());
    let mut target = judge_of("rule \"a\"\n on emit\n allow if event.intent ~= \"x\"");
    assert!(allowed(&mut target, 1) && target.remember().is_none());
    // A text that names the target reads nothing.
    let mut blind = judge_of(
        "rule \"a\"\n on emit\n allow if known()\n hint \"{event.intent}\"\nrule \"b\"\n on emit \"z\"\n deny",
    );
    assert!(allowed(&mut blind, 1) && blind.remember().is_some());
    assert!(allowed(&mut blind, 9) && blind.remember().is_none());
    assert!(matches!(seat.ask(&mut blind, "user:alice", 2, &draft("1")), Judgement::Refused(_)));
    let Judgement::Allowed(by) = seat.ask(&mut blind, "user:alice", 1, &draft("3")) else { panic!("refused") };
    assert_eq!(by.rule(), "a");
}

#[test]
fn must_remember_an_answer_for_the_facts_that_rules_can_read_alone() {
    let seat = seat();
    let asked = |judge: &mut Judge, known: bool, at: &str| {
        let (who, main, key, draft) = (actor("user:alice"), Ns::main(), signer(1), draft("1"));
        let facts = FactsOf::default()
            .with("actor_known", true)
            .with("key_known", known)
            .with("received_at", at)
            .facts()
            .unwrap();
        let intent = Intent::emit(&main, &who, key.public(), &draft);
        matches!(judge.decide(&intent, &facts, seat.graph.tip()).unwrap(), Judgement::Allowed(_))
    };
    let mut blind = judge_of("rule \"a\"\n on emit\n allow if known()");
    assert!(asked(&mut blind, true, "2026-11-21T09:00:00Z") && blind.remember().is_some());
    assert!(asked(&mut blind, true, "2026-11-22T09:00:00Z") && blind.remember().is_none(), "the time is not read");
    assert!(!asked(&mut blind, false, "2026-11-21T09:00:00Z"));
    let mut reads = judge_of("rule \"a\"\n on emit\n allow if received_at < \"2026-11-22\"");
    assert!(asked(&mut reads, true, "2026-11-21T09:00:00Z") && !asked(&mut reads, true, "2026-11-22T09:00:00Z"));
}

#[test]
fn the_default_policy_asks_for_a_capability_where_an_act_touches_all() {
    let seat = seat();
    let mut judge = Judge::new(seat.bundle.clone(), None);
    let mut said = |verb: Verb, root: bool, caps: &[&str]| {
        let mut fields = Map::new();
        fields.insert("actor", "user:bob");
        fields.insert("ns", "main");
        let facts = FactsOf::default().with("actor_known", true).with("key_known", true).with("is_root", root);
        let facts = facts.with("caps", Value::list(caps.iter().copied())).facts().unwrap();
        let judged = judge.decide(&Intent::act(verb, fields), &facts, seat.graph.tip()).unwrap();
        match judged {
            Judgement::Allowed(by) => format!("allow {}", by.rule()),
            Judgement::Refused(decision) => format!("deny {}", decision.rule),
        }
    };
    assert_eq!(said(Verb::StateCheckpoint, false, &[]), "deny state.checkpoint-as-self");
    assert_eq!(said(Verb::StateCheckpoint, false, &["state:checkpoint:m*"]), "allow state.checkpoint-as-self");
    assert_eq!(said(Verb::StateCheckpoint, true, &[]), "allow state.checkpoint-as-self");
    assert_eq!(said(Verb::JobClaim, false, &["job:work:other"]), "deny job.claim-as-self");
    assert_eq!(said(Verb::Propose, false, &[]), "allow propose-as-self");
    assert_eq!(said(Verb::Push, true, &[]), "deny none");
}
