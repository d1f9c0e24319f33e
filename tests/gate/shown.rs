//! What members and strangers write, and what of it reaches a terminal.

use super::court::{Court, JOURNALS, TRUST, one_ref};
use crate::harness::{Outcome, Repo, World};
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeSet;

/// Of each kind where a text may hold anything: C0, DEL, C1, marks of direction.
const WILD: &str = "\u{1b}[31m\u{7}\u{7f}\u{85}\u{9b}2J\u{61c}\u{200e}\u{202e}\u{2066}x";
/// What no form forbids.
const TURNED: &str = "x\u{61c}\u{200f}\u{202a}\u{202e}\u{2069}";
const FOLD: &str = "return function(state, event)
  if event.payload.boom then error(event.payload.boom) end
  return { seen = event.payload, n = (state.n or 0) + 1 }
end
";

/// Commands that are known to repeat some of it.
const SHOWN: [&str; 14] = [
    "log",
    "state show",
    "state show .",
    "state show --fold",
    "state diff",
    "bisect run",
    "lint",
    "trust log",
    "proposals",
    "grant verify",
    "explain",
    "emit",
    "emit --ns",
    "policy show --file",
];

fn rules() -> String {
    format!(
        r#"policy "hostile" version 1

rule "speak"
  on emit
  allow if known()

rule "shop"
  on emit "shop"
  deny
  because "closed {TURNED}"
  hint "wait {TURNED}"

rule "words"
  on push "refs/heads/**"
  deny if every_message("x") and changed("api/**")
  because "{{ref}} {TURNED}"
  hint "leave {TURNED}"

rule "code"
  on push "refs/heads/**"
  allow

rule "states"
  on state.checkpoint
  allow

rule "law"
  on policy.activate
  allow if root()
"#
    )
}

fn unfit(c: &char) -> bool {
    let direction =
        matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    direction || (c.is_control() && !matches!(c, '\n' | '\t'))
}

/// Commands that were looked at, and those of them that showed something hostile by its escape.
#[derive(Default)]
struct Seen(RefCell<BTreeSet<String>>);

impl Seen {
    /// Neither stream holds anything raw.
    #[track_caller]
    fn fit(&self, name: &str, outcome: Outcome) {
        let (stdout, stderr) = outcome.streams();
        for (stream, bytes) in [("stdout", &stdout), ("stderr", &stderr)] {
            let text = std::str::from_utf8(bytes).unwrap_or_else(|e| panic!("{name}: {stream} is no UTF-8: {e}"));
            let raw: Vec<char> = text.chars().filter(unfit).collect();
            assert!(raw.is_empty(), "{name}: raw on {stream}: {raw:?}\n{text:?}");
            if ["\\u{", "\\u00", "\\u20"].iter().any(|escape| text.contains(escape)) {
                self.0.borrow_mut().insert(name.to_owned());
            }
        }
    }

    /// A command, in text and in JSON.
    #[track_caller]
    fn run(&self, repo: &Repo<'_>, line: &str) {
        self.case(line, repo, &line.split(' ').collect::<Vec<_>>());
    }

    /// The same under a name of its own.
    #[track_caller]
    fn case(&self, name: &str, repo: &Repo<'_>, args: &[&str]) {
        self.fit(name, repo.gatos(args));
        self.fit(&format!("--json {name}"), repo.gatos(std::iter::once(&"--json").chain(args)));
    }

    /// What events and folds say.
    fn states(&self, alice: &Repo<'_>, before: &str, after: &str) {
        for line in ["log", "state show", "state show .", "fold", "fold verify", "state history"] {
            self.run(alice, line);
        }
        self.case("state diff", alice, &["state", "diff", before, after]);
        self.case("bisect run", alice, &["bisect", "run", "--jq", ".n > 1"]);
        self.run(alice, "bisect start");
        let file = format!("{TURNED}.lua");
        alice.write(&file, FOLD);
        self.case("state show --fold", alice, &["state", "show", "--fold", &file]);
        alice.write(&file, "error(");
        self.case("lint", alice, &["lint", &file]);
    }

    /// What trust, law, consent and the gate say.
    fn law(&self, court: &Court<'_>, proposal: &str, denial: &str) {
        for line in
            ["trust show", "trust log", "trust grants", "proposals", "verify", "verify --deep", "doctor", "sync"]
        {
            self.run(&court.alice, line);
        }
        for line in ["policy show", "policy log", "policy lint", "policy test", "policy replay", "profile"] {
            self.run(&court.alice, line);
        }
        self.case("grant verify", &court.alice, &["grant", "verify", proposal]);
        for repo in [&court.alice, &court.server] {
            self.case("explain", repo, &["explain", denial]);
        }
        for line in ["verify", "hook test", "doctor"] {
            self.run(&court.server, line);
        }
    }

    /// What is repeated of a command line.
    fn typed(&self, alice: &Repo<'_>) {
        let payload = json!({ "a": WILD }).to_string();
        self.case("emit", alice, &["emit", "sell", &payload, "--ns", "shop"]);
        self.case("emit --ns", alice, &["emit", "sell", "1", "--ns", WILD]);
        self.case("policy show --file", alice, &["policy", "show", "--file", WILD]);
    }
}

/// Everything that alice can make hostile, made so; the id of her proposal.
fn poison(court: &Court<'_>) -> String {
    let alice = &court.alice;
    alice.write("gatos/policies/hostile.rgs", rules());
    alice.write("gatos/fold.lua", FOLD);
    court.enact(alice);
    let payload = json!({ "n": 1, "a": WILD, WILD: [WILD], "t": TURNED });
    alice.gatos(["emit", "add", &payload.to_string()]).ok();
    alice.gatos(["emit", "add", &json!({ "n": 1, "boom": WILD }).to_string()]).ok();
    alice.gatos(["trust", "group", "add", "leads", "user:alice"]).ok();
    alice.gatos(["trust", "revoke", &court.key("bob"), "--reason", TURNED]).ok();
    let target = format!("gatos://{TURNED}");
    let args = ["propose", "make.it", "--target", &target, "--quorum", "1-of-1@leads", "--ttl", "P1D", "--json"];
    let id = alice.gatos(args).ok().json()["proposal_id"].as_str().expect("an id").to_owned();
    alice.gatos(["approve", &id]).ok();
    alice.gatos(["grant", "revoke", &id, "--reason", TURNED]).ok();
    court.push(alice, [TRUST, JOURNALS]).ok();
    id
}

/// A push of code that names, messages and paths make hostile, and that the law refuses.
fn refused_push(court: &Court<'_>) -> Outcome {
    let alice = &court.alice;
    alice.git(["checkout", "-q", "--orphan", "code"]).ok();
    alice.write(&format!("api/{WILD}"), "1");
    alice.git(["add", "api"]).ok();
    alice.commit(&format!("{WILD}\n\n{WILD}"));
    court.push(alice, [format!("HEAD:refs/heads/b\u{9b}2J{TURNED}")])
}

#[test]
fn must_show_nothing_of_others_that_drives_a_terminal() {
    let world = World::new();
    let court = Court::new(&world);
    let (alice, seen) = (&court.alice, Seen::default());
    let id = poison(&court);
    let told = refused_push(&court).code(1).stderr();
    // Git itself repeats the name of a ref as it is.
    let gate: Vec<&str> = told.lines().filter(|line| line.starts_with("remote: ")).collect();
    assert!(gate.iter().any(|line| line.contains("\\u{202e}")), "{gate:?}");
    assert!(!gate.concat().contains(|c| unfit(&c)), "{gate:?}");
    court.fetch(alice);
    let log = alice.gatos(["log", "--json"]).ok().jsonl();
    assert_eq!((&log[1]["payload"]["a"], &log[1]["payload"][WILD][0]), (&WILD.into(), &WILD.into()), "the same values");
    let [before, after] = [0, 1].map(|n: usize| log[n]["cid"].as_str().expect("a CID"));
    let (_, denial) = one_ref(&court.server, "refs/gatos/audit/policy");
    seen.states(alice, before, after);
    seen.law(&court, &id, &denial);
    seen.typed(alice);
    let seen = seen.0.into_inner();
    let expected = SHOWN.into_iter().flat_map(|name| [name.to_owned(), format!("--json {name}")]);
    let missing: Vec<String> = expected.filter(|name| !seen.contains(name)).collect();
    assert!(missing.is_empty(), "shown nowhere, so that nothing was tried: {missing:?}\n{seen:#?}");
}
