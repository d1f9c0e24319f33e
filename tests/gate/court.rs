//! A server with a gate, and those who push to it.

use super::transport::Transport;
use crate::cli::fits;
use crate::harness::{Command, Outcome, Repo, World, until};
use crate::must::forge::Forge;
use gatos::git::Store;
use gatos::id::{Blake3, Ns, Oid, PublicKey, Writer};
use gatos::ledger::{Draft, Origin, Pen, Position, build};
use gatos::trust::{Signer, load_key_file};
use serde_json::Value;
use std::ffi::OsStr;
use std::fs::File;
use std::path::Path;

pub const TRUST: &str = "refs/gatos/trust/graph";
pub const ACTIVE: &str = "refs/gatos/policies/active";
pub const POLICIES: &str = "refs/gatos/policies/*:refs/gatos/policies/*";
pub const JOURNALS: &str = "refs/gatos/journal/*:refs/gatos/journal/*";
pub const STATE: &str = "refs/gatos/state/main";

/// Rules by which everything may be said and written down.
pub const OPEN: &str = r#"policy "open" version 1

rule "speak"
  on emit
  allow if known()

rule "states"
  on state.checkpoint
  allow

rule "law"
  on policy.activate
  allow if root()
"#;
/// The sum of what was said.
pub const FOLD: &str = "return function(state, event) return { n = (state.n or 0) + event.payload.n } end\n";

/// Alice is the root, bob has a key in the trust graph, mallory has none. Alice's law and first event are accepted.
pub struct Court<'w> {
    pub world: &'w World,
    pub server: Repo<'w>,
    pub alice: Repo<'w>,
    pub bob: Repo<'w>,
    /// What a client's environment needs to reach the server.
    client: Vec<(String, String)>,
}

/// Runs a test once over each transport, each time in a world of its own.
pub fn over_each(test: impl Fn(&Court<'_>)) {
    for transport in Transport::ALL {
        let world = World::new();
        test(&Court::over(&world, transport));
    }
}

impl<'w> Court<'w> {
    /// Over a path of the file system.
    #[track_caller]
    pub fn new(world: &'w World) -> Court<'w> {
        Court::over(world, Transport::Path)
    }

    #[track_caller]
    pub fn over(world: &'w World, transport: Transport) -> Court<'w> {
        let alice = world.repo("alice");
        alice.gatos(["init"]).ok();
        let bob = alice.clone_to("bob").as_person("bob");
        bob.gatos(["key", "new"]).ok();
        alice.gatos(["trust", "add-actor", "user:bob", &signer(world, "bob").public().to_string()]).ok();
        let server = world.bare("server").as_person("git");
        let install = ["--json", "hook", "install", "--server", "--await-receipt", "--root", &id_of(&alice)];
        let gate = server.gatos(install).ok().json();
        alice.gatos(["trust", "add-actor", "service:gate", gate["key"].as_str().expect("a key")]).ok();
        alice.gatos(["trust", "grant", "service:gate", "gate:receipt"]).ok();
        alice.gatos(["emit", "add", "{\"n\":1}"]).ok();
        let (url, client) = transport.address(world, server.path());
        alice.git(["remote", "add", "origin", &url]).ok();
        bob.git(["remote", "set-url", "origin", &url]).ok();
        let court = Court { world, server, alice, bob, client };
        court.push(&court.alice, [TRUST, POLICIES, JOURNALS]).ok();
        court.fetch(&court.bob);
        court
    }

    /// A command of git's that speaks with the server.
    pub fn git<A: AsRef<OsStr>>(&self, repo: &Repo<'_>, args: impl IntoIterator<Item = A>) -> Command {
        let command = self.world.command("git", repo.person(), repo.path()).args(args);
        self.client.iter().fold(command, |command, (name, value)| command.env(name, value))
    }

    pub fn push<A: AsRef<OsStr>>(&self, repo: &Repo<'_>, refs: impl IntoIterator<Item = A>) -> Outcome {
        self.git(repo, ["push", "origin"]).args(refs).run()
    }

    /// The hook about to be given a list of updates, as git starts it, or with its output sent elsewhere.
    pub fn hook(&self, to: &str) -> Command {
        let alias = format!("alias.h=!f() {{ git-gatos hook pre-receive {to}; }}; f");
        self.world.command("git", "git", self.server.path()).args(["-c", &alias, "h", "receive-pack"])
    }

    #[track_caller]
    pub fn fetch(&self, repo: &Repo<'_>) {
        self.git(repo, ["fetch", "-q", "origin", "refs/gatos/*:refs/gatos-remotes/origin/*"]).run().ok();
    }

    /// Lets a clone that came about otherwise push to the server.
    #[track_caller]
    pub fn admit(&self, repo: &Repo<'_>) {
        let url = self.alice.git(["remote", "get-url", "origin"]).ok().stdout();
        repo.git(["config", "remote.origin.url", &url]).ok();
    }

    /// What stands in the work tree of a clone becomes the law, on the server too; the id of its bundle.
    #[track_caller]
    pub fn enact(&self, by: &Repo<'_>) -> String {
        let id = activate(by);
        self.push(by, [POLICIES]).ok();
        id
    }

    /// Bob may sign bundles, as the server knows.
    #[track_caller]
    pub fn let_bob_sign(&self) {
        self.alice.gatos(["trust", "grant", "user:bob", "policy:activate"]).ok();
        self.push(&self.alice, [TRUST]).ok();
    }

    /// Bob signs a bundle that stands behind the active one as he knows it: its commit.
    #[track_caller]
    pub fn by_bob(&self, rules: &str) -> String {
        self.fetch(&self.bob);
        self.bob.write("gatos/policies/10-test.rgs", rules);
        publish(&self.bob).1
    }

    /// Alice takes back the one grant that somebody has.
    #[track_caller]
    pub fn take_grant(&self, subject: &str) {
        let grants = self.alice.gatos(["--json", "trust", "grants"]).ok().jsonl();
        let counts: Vec<_> = grants.iter().filter(|g| g["subject"] == subject && g["state"] == "counts").collect();
        let [grant] = counts[..] else { panic!("expected one grant of {subject}: {grants:?}") };
        self.alice.gatos(["trust", "revoke", grant["ulid"].as_str().expect("a ULID"), "--reason", "over"]).ok();
        self.push(&self.alice, [TRUST]).ok();
    }

    /// Another bare repository with a gate of its own, which may give receipts too.
    #[track_caller]
    pub fn mirror(&self) -> Repo<'w> {
        let (alice, mirror) = (&self.alice, self.world.bare("mirror").as_person("git"));
        let install = ["--json", "hook", "install", "--server", "--await-receipt", "--actor", "service:mirror"];
        let id = self.id();
        let gate = mirror.gatos(install.into_iter().chain(["--root", &id])).ok().json();
        alice.gatos(["trust", "add-actor", "service:mirror", gate["key"].as_str().expect("a key")]).ok();
        alice.gatos(["trust", "grant", "service:mirror", "gate:receipt"]).ok();
        self.push(alice, [TRUST]).ok();
        mirror
    }

    /// The gate is installed again and has lost its key; its new one, which trust does not know yet.
    #[track_caller]
    pub fn new_gate_key(&self) -> String {
        std::fs::remove_dir_all(self.server.path().join("gatos/gate")).expect("a gate");
        let gate = self.server.gatos(["--json", "hook", "install", "--server", "--await-receipt"]).ok().json();
        gate["key"].as_str().expect("a key").to_owned()
    }

    /// Waits until somebody who wants the gate alone has the turn.
    #[track_caller]
    pub fn somebody_waits(&self) {
        let turn = self.server.path().join("gatos/gate/lock.turn");
        until("somebody who wants the gate alone", || File::open(&turn).is_ok_and(|f| f.try_lock_shared().is_err()));
    }

    /// Every ref of the server but what the gate records.
    #[track_caller]
    pub fn refs(&self) -> Vec<String> {
        let shown = self.server.git(["for-each-ref", "--format=%(refname) %(objectname)"]).ok().stdout();
        shown.lines().filter(|l| !l.starts_with("refs/gatos/audit/")).map(str::to_owned).collect()
    }

    /// The rules of the refusals on record, the newest first.
    #[track_caller]
    pub fn record(&self) -> Vec<String> {
        let chain = ["log", "--format=%(trailers:key=Rule,valueonly,separator=%x20)", "--glob=refs/gatos/audit/policy"];
        self.server.git(chain).ok().stdout().lines().filter(|l| !l.is_empty()).map(str::to_owned).collect()
    }

    /// How many receipts wait to be written on the server, in slots and in files.
    pub fn waiting(&self) -> usize {
        let dir = self.server.path().join("gatos/gate/receipts");
        let slots = std::fs::read(dir.join("slots")).unwrap_or_default();
        let taken = slots.chunks(4096).filter(|slot| slot[32..36] != [0; 4]).count();
        let files = std::fs::read_dir(dir).into_iter().flatten().flatten();
        taken + files.filter(|file| file.path().extension().is_some_and(|e| e == "json")).count()
    }

    /// The subjects of the receipts on record.
    #[track_caller]
    pub fn receipts(&self) -> usize {
        let chain = ["log", "--format=%s", "--glob=refs/gatos/audit/policy"];
        self.server.git(chain).ok().stdout().lines().filter(|l| l.starts_with("receipt ")).count()
    }

    /// A push is refused by this rule: nothing moves, exactly one entry is written, the store stays sound.
    #[track_caller]
    pub fn refused<A: AsRef<OsStr>>(&self, repo: &Repo<'_>, refs: impl IntoIterator<Item = A>, rule: &str) -> Outcome {
        let (refs_before, record) = (self.refs(), self.record());
        let outcome = self.push(repo, refs).code(1).err_says(&format!("rule    {rule}  "));
        self.stands(&refs_before, &record, rule);
        outcome
    }

    /// The same after a push that was made in another way.
    #[track_caller]
    pub fn stands(&self, refs: &[String], record: &[String], rule: &str) {
        assert_eq!(self.refs(), refs, "something moved");
        let now = self.record();
        assert_eq!((now.len(), now[0].as_str()), (record.len() + 1, rule), "{now:?}");
        self.server.git(["fsck", "--strict", "--no-dangling", "--no-progress"]).ok().silent();
    }

    /// The one journal of a clone in the namespace main: its ref and its tip.
    #[track_caller]
    pub fn journal(&self, repo: &Repo<'_>) -> (String, String) {
        one_ref(repo, "refs/gatos/journal/main")
    }

    /// The ref of the gate's own record.
    #[track_caller]
    pub fn gate(&self) -> String {
        one_ref(&self.server, "refs/gatos/audit/policy").0
    }

    /// A file of the newest entry of that record.
    #[track_caller]
    pub fn entry(&self, file: &str) -> Value {
        self.server.git(["show", &format!("{}:{file}", self.gate())]).ok().json()
    }

    /// The newest entry, a refusal.
    #[track_caller]
    pub fn decision(&self) -> Value {
        self.entry("decision.json")
    }

    /// The newest entry, a receipt.
    #[track_caller]
    pub fn receipt(&self) -> Value {
        self.entry("receipt.json")
    }

    pub fn forge<'a>(&'a self, repo: &Repo<'a>) -> Forge<'a> {
        Forge { world: self.world, repo: repo.clone() }
    }

    #[track_caller]
    pub fn emit(&self, repo: &Repo<'_>, payload: &str) {
        repo.gatos(["emit", "add", payload]).ok();
    }

    /// The key in the home of somebody.
    #[track_caller]
    pub fn signer(&self, person: &str) -> Signer {
        signer(self.world, person)
    }

    /// Its public half.
    #[track_caller]
    pub fn key(&self, person: &str) -> String {
        self.signer(person).public().to_string()
    }

    /// The repository that the court is about.
    #[track_caller]
    pub fn id(&self) -> String {
        id_of(&self.alice)
    }

    /// Seals and signs appends of any content with the key of somebody's home, and stores them in a clone.
    #[track_caller]
    pub fn sealed(&self, repo: &Repo<'_>, person: &str, how: &Sealing) -> String {
        let ambient = gatos::ambient::Ambient::of_process();
        let signer = self.signer(person);
        let writer: Writer = how.writer.parse().expect("a writer");
        let key: PublicKey = *signer.public();
        let repo_id: Blake3 = how.repo.parse().expect("a repository id");
        let ns: Ns = how.ns.parse().expect("a namespace");
        let origin = Origin::new(repo_id, ns, key, writer).expect("the key fits the writer");
        let events: Vec<_> = {
            let mut pen = Pen::new(&origin, Oid::from_hex(&how.policy).expect("an id"), how.position, how.clock);
            how.drafts.iter().map(|d| pen.seal(d, how.ts.parse().expect("a time"))).collect()
        };
        let built = build(&origin, &signer, how.position.commit, &events, 1).expect("appends");
        let store = Store::open(repo.path(), &ambient).expect("a repository");
        store.empty_tree().expect("the empty tree");
        for (_, raw) in &built.commits {
            store.write_commit_raw(raw).expect("a commit");
        }
        built.commits.last().expect("an append").0.hex()
    }

    /// Refs that would each begin a journal of alice's, sealed and stored in her clone.
    #[track_caller]
    pub fn beginnings(&self, many: usize) -> Vec<String> {
        let mut how = self.honest(&self.alice, &["01ARYZ6S41TSV4RRFFQ69G5FAV"]);
        how.position = Position::default();
        let own = how.writer.clone();
        let begin = |n: usize| {
            how.writer = format!("{}re{n:04}", &own[..own.len() - 6]);
            format!("{}:refs/gatos/journal/main/{}", self.sealed(&self.alice, "alice", &how), how.writer)
        };
        (0..many).map(begin).collect()
    }

    /// What an honest append to the journal of a clone would be made of.
    #[track_caller]
    pub fn honest(&self, repo: &Repo<'_>, ulids: &[&str]) -> Sealing {
        let (name, tip) = self.journal(repo);
        let text = repo.git(["log", "-1", "--format=%B", &tip]).ok().stdout();
        let envelope: Value =
            text.lines().find_map(|l| serde_json::from_str(l).ok().filter(Value::is_object)).expect("one");
        let cid = text.lines().find_map(|l| l.strip_prefix("Event-CID: ")).expect("an append of one");
        let field = |name: &str| envelope[name].as_str().expect("a text").to_owned();
        let clock = envelope["clock"].as_u64().expect("a number");
        Sealing {
            repo: field("repo"),
            ns: "main".into(),
            writer: name.rsplit('/').next().expect("a writer").to_owned(),
            policy: field("policy_root"),
            position: Position {
                seq: envelope["seq"].as_u64().expect("a number"),
                clock,
                cid: Some(cid.parse().expect("a CID")),
                commit: Some(Oid::from_hex(&tip).expect("an id")),
            },
            clock,
            ts: "2026-11-21T10:00:00Z".into(),
            drafts: ulids.iter().map(|u| draft(u, "{\"n\":1}")).collect(),
        }
    }
}

/// Makes a bundle of what stands in the work tree of a clone: its id and its commit.
#[track_caller]
pub fn publish(repo: &Repo<'_>) -> (String, String) {
    let bundle = fits("policy-publish", repo.gatos(["--json", "policy", "publish"]).ok().json());
    let text = |field: &str| bundle[field].as_str().expect("a text").to_owned();
    (text("id"), text("commit"))
}

/// The same, and makes it the policy of that clone.
#[track_caller]
pub fn activate(repo: &Repo<'_>) -> String {
    let (id, _) = publish(repo);
    repo.gatos(["policy", "activate", &id]).ok();
    id
}

/// The repository to which a clone is pinned.
#[track_caller]
pub fn id_of(repo: &Repo<'_>) -> String {
    let pin = repo.gatos(["--json", "trust", "pin"]).ok().json();
    pin["pinned"].as_str().expect("an id").to_owned()
}

/// The key in the home of somebody.
#[track_caller]
pub fn signer(world: &World, person: &str) -> Signer {
    key_in(&world.home(person).join("config/gatos/keys"))
}

/// The key in a directory that holds one.
#[track_caller]
pub fn key_in(keys: &Path) -> Signer {
    let file = std::fs::read_dir(keys).expect("keys").next().expect("a key").expect("an entry").path();
    load_key_file(&file, &gatos::ambient::Ambient::of_process()).expect("a key of OpenSSH")
}

/// The one ref of a repository under a name, and its tip.
#[track_caller]
pub fn one_ref(repo: &Repo<'_>, under: &str) -> (String, String) {
    let shown = repo.git(["for-each-ref", "--format=%(refname) %(objectname)", under]).ok().stdout();
    let [line] = shown.lines().collect::<Vec<_>>()[..] else { panic!("expected one ref under {under}: {shown}") };
    let (name, tip) = line.split_once(' ').expect("a name and a tip");
    (name.to_owned(), tip.to_owned())
}

/// Everything of which appends are made.
pub struct Sealing {
    pub repo: String,
    pub ns: String,
    pub writer: String,
    pub policy: String,
    pub position: Position,
    pub clock: u64,
    pub ts: String,
    pub drafts: Vec<Draft>,
}

pub fn draft(ulid: &str, payload: &str) -> Draft {
    let payload = gatos::canon::json::parse(payload.as_bytes()).expect("JSON");
    Draft::new("add".parse().expect("a type"), payload, ulid.parse().expect("a ULID"), None).expect("a draft")
}

/// A signer that nobody knows.
pub fn stranger() -> Signer {
    Signer::from_seed(&[9; 32])
}

/// His public half, for somebody who is new.
pub fn new_key() -> String {
    stranger().public().to_string()
}
