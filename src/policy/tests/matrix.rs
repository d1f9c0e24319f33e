//! Who × what × may, as one table that a change of rules shows in: `tests/vectors/policy_matrix.txt`.

use crate::canon::{Map, Value, json};
use crate::id::Oid;
use crate::policy::{Bundle, Facts, Intent, Judge, TEMPLATES, Verb, Verdict, build};

/// Name, and what trust says of it.
const ACTORS: [(&str, &str); 12] = [
    ("user:root", r#"{"actor_known":true,"key_known":true,"is_root":true,"caps":["*:*"],"groups":[]}"#),
    (
        "user:writer",
        r#"{"actor_known":true,"key_known":true,"is_root":false,"caps":["journal:append:main"],"groups":[]}"#,
    ),
    (
        "user:banker",
        r#"{"actor_known":true,"key_known":true,"is_root":false,"caps":["journal:append:finance"],"groups":["treasury"]}"#,
    ),
    (
        "user:keeper",
        r#"{"actor_known":true,"key_known":true,"is_root":false,"caps":["state:checkpoint:*"],"groups":[]}"#,
    ),
    ("user:lawyer", r#"{"actor_known":true,"key_known":true,"is_root":false,"caps":["policy:activate"],"groups":[]}"#),
    ("user:lead", r#"{"actor_known":true,"key_known":true,"is_root":false,"caps":[],"groups":["leads"]}"#),
    ("user:guest", r#"{"actor_known":true,"key_known":true,"is_root":false,"caps":[],"groups":[]}"#),
    (
        "agent:worker",
        r#"{"actor_known":true,"key_known":true,"is_root":false,"caps":["job:work","journal:append:*"],"groups":[]}"#,
    ),
    (
        "agent:talker",
        r#"{"actor_known":true,"key_known":true,"is_root":false,"caps":["bus:publish:deploy.*"],"groups":[]}"#,
    ),
    ("service:gate", r#"{"actor_known":true,"key_known":true,"is_root":false,"caps":["gate:receipt"],"groups":[]}"#),
    ("user:revoked", r#"{"actor_known":true,"key_known":false,"is_root":false,"caps":[],"groups":[]}"#),
    ("user:stranger", r#"{"actor_known":false,"key_known":false,"is_root":false,"caps":[],"groups":[]}"#),
];

/// In words, the fields of the intent, and what else is known.
const ACTS: [(&str, &str, &str); 21] = [
    ("emit main", r#"{"verb":"emit","ns":"main","type":"add","payload":{"n":1}}"#, "{}"),
    ("emit other", r#"{"verb":"emit","ns":"other","type":"add","payload":{"n":1}}"#, "{}"),
    ("emit finance, small", r#"{"verb":"emit","ns":"finance","type":"pay","payload":{"amount":10}}"#, "{}"),
    ("emit finance, large", r#"{"verb":"emit","ns":"finance","type":"pay","payload":{"amount":20000}}"#, "{}"),
    (
        "emit finance, large and granted",
        r#"{"verb":"emit","ns":"finance","type":"pay","payload":{"amount":20000}}"#,
        r#"{"grants":{"finance.large":{"id":"g","n":2,"m":3,"group":"treasury","governed":true}}}"#,
    ),
    (
        "emit finance, large, granted by no rule",
        r#"{"verb":"emit","ns":"finance","type":"pay","payload":{"amount":20000}}"#,
        r#"{"grants":{"finance.large":{"id":"g","n":1,"m":1,"group":"friends","governed":false}}}"#,
    ),
    ("emit finance, no amount", r#"{"verb":"emit","ns":"finance","type":"pay","payload":{}}"#, "{}"),
    (
        "push main, forward",
        r#"{"verb":"push","ref":"refs/heads/main","created":false,"fast_forward":true,"commits":[]}"#,
        r#"{"changed":{"api/**":{"count":0}}}"#,
    ),
    (
        "push main, rewritten",
        r#"{"verb":"push","ref":"refs/heads/main","created":false,"fast_forward":false,"commits":[]}"#,
        r#"{"changed":{"api/**":{"count":0}}}"#,
    ),
    (
        "push main, new",
        r#"{"verb":"push","ref":"refs/heads/main","created":true,"fast_forward":true,"commits":[]}"#,
        r#"{"changed":{"api/**":{"count":0}}}"#,
    ),
    (
        "push main, api",
        r#"{"verb":"push","ref":"refs/heads/main","created":false,"fast_forward":true,"commits":[]}"#,
        r#"{"changed":{"api/**":{"count":1,"first":"api/a"}}}"#,
    ),
    (
        "push main, api, one of leads",
        r#"{"verb":"push","ref":"refs/heads/main","created":false,"fast_forward":true,"commits":[]}"#,
        r#"{"changed":{"api/**":{"count":1,"first":"api/a"}},"grants":{"api.break":{"id":"g","n":1,"m":3,"group":"leads","governed":true}}}"#,
    ),
    (
        "push main, api, two of leads",
        r#"{"verb":"push","ref":"refs/heads/main","created":false,"fast_forward":true,"commits":[]}"#,
        r#"{"changed":{"api/**":{"count":1,"first":"api/a"}},"grants":{"api.break":{"id":"g","n":2,"m":3,"group":"leads","governed":true}}}"#,
    ),
    ("checkpoint main", r#"{"verb":"state.checkpoint","ns":"main"}"#, "{}"),
    ("activate a policy", r#"{"verb":"policy.activate"}"#, "{}"),
    ("update trust", r#"{"verb":"trust.update"}"#, "{}"),
    ("propose", r#"{"verb":"propose","type":"finance.large"}"#, "{}"),
    ("approve", r#"{"verb":"approve","type":"finance.large"}"#, "{}"),
    ("publish", r#"{"verb":"publish","topic":"deploy.web"}"#, "{}"),
    ("enqueue a job", r#"{"verb":"job.enqueue","ns":"main"}"#, "{}"),
    ("claim a job", r#"{"verb":"job.claim","ns":"main"}"#, "{}"),
];

fn map(text: &str) -> Map {
    json::parse(text.as_bytes()).unwrap().as_map().unwrap().clone()
}

fn verdict(judge: &mut Judge, (actor, trust): (&str, &str), (fields, known): (&str, &str)) -> String {
    let mut fields = map(fields);
    fields.insert("actor", actor);
    fields.insert("key", "ed25519:00");
    let verb: Verb = fields.get("verb").and_then(Value::as_str).unwrap().parse().unwrap();
    let mut facts = map(trust);
    facts.insert("trust_version", 1);
    map(known).iter().for_each(|(name, value)| drop(facts.insert(name, value.clone())));
    let decision = judge.weigh(&Intent::act(verb, fields), &Facts::new(facts).unwrap(), Oid::ZERO).unwrap();
    let mark = match decision.verdict {
        Verdict::Allow => "+",
        Verdict::Deny => "-",
        Verdict::Error => "!",
    };
    format!("{mark}{}", decision.rule)
}

fn table(title: &str, bundle: Bundle) -> String {
    let mut judge = Judge::new(bundle, None);
    let mut out = format!("# {title}: + allowed, - denied, ! could not be judged; then the rule that spoke\n");
    for (what, fields, known) in ACTS {
        out.push_str(&format!("\n{what}\n"));
        for actor in ACTORS {
            out.push_str(&format!("  {:14} {}\n", actor.0, verdict(&mut judge, actor, (fields, known))));
        }
    }
    out
}

#[test]
fn must_decide_who_may_do_what_as_the_table_says() {
    let seat = super::judge::seat();
    let regulated = TEMPLATES.iter().find(|t| t.name == "regulated").unwrap();
    let files = regulated.files.iter().map(|(path, text)| ((*path).to_owned(), text.as_bytes().to_vec())).collect();
    let built = Bundle::candidate(build(&files).unwrap().files).unwrap();
    let found = table("the default policy", seat.bundle) + "\n" + &table("the template regulated", built);
    let expected = include_str!("../../../tests/vectors/policy_matrix.txt");
    assert!(found == expected, "the table is now\n{found}");
}
