//! Consent at the gate: who may agree to what, until when, and what it opens.

pub(super) use super::court::signer;
use super::court::{Court, JOURNALS, TRUST, one_ref};
use super::liar::{Liar, passes};
use crate::harness::{Outcome, Repo, World};
use gatos::git::{Expected, Plane, RefName, Store};
use gatos::id::{Oid, Timestamp};
use gatos::policy::consent::{Approval, Document, Grant, Proof, Proposal, write, write_signed};

pub(super) const CONSENT: [&str; 5] = [
    "refs/gatos/proposals/*:refs/gatos/proposals/*",
    "refs/gatos/approvals/*:refs/gatos/approvals/*",
    "refs/gatos/audit/proofs/governance/*:refs/gatos/audit/proofs/governance/*",
    "refs/gatos/grants/*:refs/gatos/grants/*",
    "refs/gatos/revocations/*:refs/gatos/revocations/*",
];
const ULID: &str = "01ARYZ6S41TSV4RRFFQ69G5FAV";
pub(super) const RULES: &str = r#"policy "team" version 1

rule "speak"
  on emit
  allow if known()

rule "large"
  on emit "finance"
  deny if payload.amount > 10000 and not granted("finance.large", event)
  because "large payments need two of @leads"
  hint "git gatos propose finance.large --target {event.intent}"

rule "api"
  on push "refs/heads/main"
  when changed("api/**")
  require 2 of @leads for "api.break"

rule "main"
  on push "refs/heads/main"
  allow

rule "no-games"
  on propose "game.*"
  deny

rule "law"
  on policy.activate
  allow if cap("policy:activate")
"#;
pub(super) const GOVERNANCE: &str =
    "governance:\n  finance.large: { quorum: { at_least: 2, group: leads }, ttl: PT1H }\n";

/// Alice, bob and carol lead; dave does not. The law asks for two of them.
pub(super) struct Team<'w> {
    pub(super) court: Court<'w>,
    pub(super) carol: Repo<'w>,
    pub(super) dave: Repo<'w>,
}

impl<'w> Team<'w> {
    #[track_caller]
    pub(super) fn new(world: &'w World) -> Team<'w> {
        let court = Court::new(world);
        let join = |name: &str| {
            let repo = court.bob.clone_to_server(&court, name);
            court.alice.gatos(["trust", "add-actor", &format!("user:{name}"), &court.key(name)]).ok();
            repo
        };
        let (carol, dave) = (join("carol"), join("dave"));
        court.alice.gatos(["trust", "group", "add", "leads", "user:alice", "user:bob", "user:carol"]).ok();
        court.alice.write("gatos/policies/team.rgs", RULES);
        court.alice.write("gatos/governance.yaml", GOVERNANCE);
        court.push(&court.alice, [TRUST]).ok();
        court.enact(&court.alice);
        let team = Team { court, carol, dave };
        [&team.court.bob, &team.carol, &team.dave].iter().for_each(|repo| team.court.fetch(repo));
        team
    }

    /// Says all that a clone has to say, and hears the rest.
    #[track_caller]
    pub(super) fn tell(&self, repo: &Repo<'w>) {
        self.court.push(repo, CONSENT).ok();
        for other in [&self.court.alice, &self.court.bob, &self.carol, &self.dave] {
            self.court.fetch(other);
        }
    }

    /// Bob asks for a payment of so much, under the one ULID.
    #[track_caller]
    pub(super) fn ask(&self, amount: u32) -> String {
        let denial = self.pay(&self.court.bob, amount, "--json").code(1).json();
        assert_eq!(denial["rule"], "large");
        let target = self.target(amount);
        let args = ["propose", "finance.large", "--target", &target, "--json"];
        let proposal = self.court.bob.gatos(args).ok().json();
        assert_eq!((&proposal["state"], &proposal["required_quorum"]), (&"proposal".into(), &"2-of-3@leads".into()));
        self.tell(&self.court.bob);
        proposal["proposal_id"].as_str().expect("an id").to_owned()
    }

    /// Bob's payment of 20,000 is granted by alice and carol, and everybody knows.
    #[track_caller]
    pub(super) fn granted(&self) -> String {
        let id = self.ask(20_000);
        self.approve(&self.court.alice, &id);
        self.approve(&self.carol, &id);
        id
    }

    fn target(&self, amount: u32) -> String {
        let said = format!(
            r#"{{"actor":"user:bob","ns":"finance","payload":{{"amount":{amount}}},"type":"pay","ulid":"{ULID}"}}"#
        );
        format!("intent:{}", gatos::canon::digest::blake3(said.as_bytes()))
    }

    #[track_caller]
    pub(super) fn pay(&self, repo: &Repo<'w>, amount: u32, more: &str) -> Outcome {
        let payload = format!("{{\"amount\":{amount}}}");
        repo.gatos(["emit", "pay", &payload, "--ns", "finance", "--ulid", ULID, more])
    }

    #[track_caller]
    pub(super) fn approve(&self, repo: &Repo<'w>, id: &str) -> serde_json::Value {
        let shown = repo.gatos(["approve", id, "--json"]).ok().json();
        self.tell(repo);
        shown
    }

    /// Bob's payment of so much, sealed by hand, and the journal for it: his clone would not emit it.
    #[track_caller]
    pub(super) fn payment(&self, amount: u32) -> (String, String) {
        let bob = &self.court.bob;
        // The name of the journal comes from an honest event, which is not pushed.
        let finance = "refs/gatos/journal/finance";
        if bob.git(["for-each-ref", finance]).ok().stdout().is_empty() {
            bob.gatos(["emit", "pay", "{\"amount\":1}", "--ns", "finance"]).ok();
        }
        let (name, _) = one_ref(bob, finance);
        let writer = name.rsplit('/').next().expect("a writer").to_owned();
        let policy = self.court.server.git(["rev-parse", super::court::ACTIVE]).ok().stdout();
        let mut how = self.court.honest(&self.court.alice, &[]);
        (how.ns, how.writer, how.policy) = ("finance".into(), writer, policy);
        how.position = gatos::ledger::Position::default();
        how.drafts = vec![pay_draft(amount)];
        how.ts = "2026-11-21T10:00:00Z".into();
        let sealed = self.court.sealed(bob, "bob", &how);
        (name, sealed)
    }
}

fn pay_draft(amount: u32) -> gatos::ledger::Draft {
    let payload = gatos::canon::json::parse(format!("{{\"amount\":{amount}}}").as_bytes()).expect("JSON");
    let (ty, ulid) = ("pay".parse().expect("a type"), ULID.parse().expect("a ULID"));
    gatos::ledger::Draft::new(ty, payload, ulid, None).expect("a draft")
}

pub(super) fn store(repo: &Repo<'_>) -> Store {
    Store::open(repo.path(), &gatos::ambient::Ambient::of_process()).expect("a repository")
}

/// The document of a proposal as a clone holds it.
pub(super) fn proposal(repo: &Repo<'_>, id: &str) -> Proposal {
    let name = format!("refs/gatos-remotes/origin/proposals/{}:proposal.json", &id[7..]);
    Proposal::parse(repo.git(["show", &name]).ok().stdout().as_bytes()).expect("a proposal")
}

trait OnServer<'w> {
    fn clone_to_server(&self, court: &Court<'w>, person: &str) -> Repo<'w>;
}

impl<'w> OnServer<'w> for Repo<'w> {
    /// A clone of the server by somebody else, who has a key.
    fn clone_to_server(&self, court: &Court<'w>, person: &str) -> Repo<'w> {
        let repo = court.alice.clone_to(person).as_person(person);
        court.admit(&repo);
        repo.gatos(["key", "new"]).ok();
        repo
    }
}

#[test]
fn must_grant_one_act_by_two_of_three() {
    let world = World::new();
    let team = Team::new(&world);
    let (court, bob) = (&team.court, &team.court.bob);
    let id = team.ask(20_000);
    team.approve(&court.alice, &id);
    team.pay(bob, 20_000, "--json").code(1);
    let shown = team.approve(&team.carol, &id);
    assert_eq!((&shown["state"], &shown["have"]), (&"granted".into(), &2.into()), "{shown}");
    bob.gatos(["grant", "verify", &id]).ok().says("VALID");
    let stranger = Liar::of(court).stranger("reader");
    let report = passes(&stranger);
    // A proposal, two approvals, a proof and a grant.
    assert_eq!(report["judged"]["consents"], 5, "{report}");
    // It was granted for this event, and for no larger one.
    team.pay(bob, 90_000, "--json").code(1);
    let other = bob.copy("bob2");
    team.pay(bob, 20_000, "--json").ok();
    court.push(bob, [JOURNALS]).ok();
    assert_eq!(court.record().len(), 0);
    let report = passes(&Liar::of(court).stranger("second"));
    assert_eq!((&report["judged"]["events"], &report["not_judged"]), (&2.into(), &serde_json::json!([])));
    // Once, and not once a journal.
    team.pay(&other, 20_000, "--json").ok();
    court.refused(&other, [JOURNALS], "event.ulid").err_says("may be done once");
}

#[test]
fn must_grant_one_act_once_whatever_key_says_it() {
    let world = World::new();
    let team = Team::new(&world);
    let (court, bob) = (&team.court, &team.court.bob);
    let spare = bob.clone_to_server(court, "spare");
    court.alice.gatos(["trust", "add-key", "user:bob", &court.key("spare")]).ok();
    court.push(&court.alice, [TRUST]).ok();
    team.granted();
    court.fetch(&spare);
    team.pay(bob, 20_000, "--json").ok();
    court.push(bob, [JOURNALS]).ok();
    team.pay(&spare, 20_000, "--json").ok();
    court.refused(&spare, [JOURNALS], "event.ulid").err_says("may be done once");
}

/// Each from a journal that stands already, so that no push of them is the first of its journal.
#[test]
fn must_grant_one_act_once_of_many_pushes_at_once() {
    let world = World::new();
    let team = Team::new(&world);
    let (court, bob) = (&team.court, &team.court.bob);
    team.granted();
    let clones: Vec<_> = (0..6).map(|n| bob.copy(&format!("bob{n}"))).collect();
    for clone in &clones {
        clone.gatos(["emit", "pay", "{\"amount\":1}", "--ns", "finance"]).ok();
        court.push(clone, [JOURNALS]).ok();
        team.pay(clone, 20_000, "--json").ok();
        // While these are judged, the others are.
        let more: String =
            (0..1_500).map(|n| format!("{{\"type\":\"pay\",\"payload\":{{\"amount\":{n}}}}}\n")).collect();
        clone.command(["emit", "--jsonl", "-", "--group", "1", "--ns", "finance"]).stdin(more.as_bytes()).run().ok();
    }
    let running: Vec<_> = clones
        .iter()
        .map(|clone| world.command("git", "bob", clone.path()).args(["push", "-q", "origin", JOURNALS]).spawn())
        .collect();
    let accepted = running.into_iter().map(|push| push.wait().succeeded()).filter(|done| *done).count();
    assert_eq!(accepted, 1, "{:?}", court.record());
    assert_eq!(court.record(), ["event.ulid"; 5]);
}

#[test]
fn must_deny_what_one_alone_approved_and_what_another_payload_was_granted_for() {
    let world = World::new();
    let team = Team::new(&world);
    let (court, bob) = (&team.court, &team.court.bob);
    let id = team.ask(20_000);
    team.approve(&court.alice, &id);
    let denial = team.pay(bob, 20_000, "--json").code(1).json();
    assert_eq!(denial["hint"], format!("git gatos approve {id}"), "what is proposed is not to be proposed again");
    let (name, small) = team.payment(20_000);
    let (_, large) = team.payment(90_000);
    court.refused(bob, [format!("{small}:{name}")], "large").err_says("large payments need two of @leads");
    team.approve(&team.carol, &id);
    court.refused(bob, [format!("{large}:{name}")], "large");
    court.push(bob, [format!("{small}:{name}")]).ok();
}

#[test]
fn must_open_a_branch_by_a_grant_alone() {
    let world = World::new();
    let team = Team::new(&world);
    let (court, bob) = (&team.court, &team.court.bob);
    bob.git(["checkout", "-q", "-B", "main"]).ok();
    bob.write("api/v1", "breaks");
    bob.git(["add", "api"]).ok();
    bob.git(["commit", "-q", "-m", "break"]).ok();
    let tip = bob.git(["rev-parse", "HEAD"]).ok().stdout();
    let target = format!("refs/heads/main@{tip}");
    court
        .refused(bob, ["HEAD:refs/heads/main"], "api")
        .err_says(&format!("git gatos propose api.break --target {target}"));
    let args = ["proposal", "new", "--action", "api.break", "--target", &target, "--quorum", "2-of-3@leads", "--json"];
    let id = bob.gatos(args).ok().json()["proposal_id"].as_str().expect("an id").to_owned();
    team.tell(bob);
    court.alice.gatos(["approve", "--proposal", &id]).ok();
    team.tell(&court.alice);
    court.refused(bob, ["HEAD:refs/heads/main"], "api").err_says(&format!("next    git gatos approve {id}"));
    let shown = team.approve(&team.carol, &id);
    let grant = shown["grant_id"].as_str().expect("a grant").to_owned();
    bob.gatos(["grant", "verify", "--grant", &grant]).ok();
    court.push(bob, ["HEAD:refs/heads/main"]).ok();
}

#[test]
fn must_count_two_keys_of_one_actor_once() {
    let world = World::new();
    let team = Team::new(&world);
    let court = &team.court;
    let spare = court.bob.clone_to_server(court, "spare");
    court.alice.gatos(["trust", "add-key", "user:alice", &court.key("spare")]).ok();
    court.push(&court.alice, [TRUST]).ok();
    let id = team.ask(20_000);
    team.approve(&court.alice, &id);
    court.fetch(&spare);
    let shown = spare.gatos(["approve", &id, "--json"]).ok().json();
    assert_eq!((&shown["state"], &shown["have"]), (&"partial".into(), &1.into()), "{shown}");
    assert_eq!(shown["approvals"].as_array().map(Vec::len), Some(2));
    // Both words are taken; a proof of the two is not.
    court.push(&spare, CONSENT).ok();
    let approvals = shown["approvals"].as_array().expect("a list").iter();
    let approvals = approvals.map(|a| (text(a, "approval_id"), text(a, "signer")));
    forged(&team, &spare, &id, approvals.collect());
    court.refused(&spare, CONSENT, "grant.proof").err_says("1 of @leads agreed, and 2-of-3@leads must");
}

pub(super) fn text(value: &serde_json::Value, name: &str) -> String {
    value[name].as_str().expect("a text").to_owned()
}

/// Writes a grant with a proof of these approvals into a clone.
pub(super) fn forged(team: &Team<'_>, repo: &Repo<'_>, id: &str, mut approvals: Vec<(String, String)>) {
    let document = proposal(&team.court.bob, id);
    approvals.sort_by(|a, b| a.1.cmp(&b.1));
    let read = |(id, key): (String, String)| (id.parse().expect("an id"), key.parse().expect("a key"));
    let proof = Proof {
        proposal_id: document.id(),
        approvals: approvals.into_iter().map(read).collect(),
        policy_rule: document.policy_rule(),
    };
    let grant = Grant { repo: document.repo, proposal_id: document.id(), proof: proof.digest() };
    let store = store(repo);
    let (granted, proven) = write(&store, &grant, &proof, document.expire_at).expect("commits");
    let kind = gatos::git::ProofKind::Governance;
    let put = |plane, oid: Oid| {
        let name = RefName::own(plane);
        let held = store.resolve(&name).expect("a ref");
        store.update(&name, held.map_or(Expected::Absent, Expected::At), oid).expect("it moves");
    };
    put(Plane::AuditProof { kind, id: document.id() }, proven);
    put(Plane::Grant(grant.id()), granted);
}

#[test]
fn must_refuse_forged_proofs_and_words_of_strangers() {
    let world = World::new();
    let team = Team::new(&world);
    let (court, dave) = (&team.court, &team.dave);
    let id = team.ask(20_000);
    // Of approvals that nobody gave.
    let invented = format!("blake3:{}", "ab".repeat(32));
    forged(&team, dave, &id, vec![(invented.clone(), court.key("alice")), (invented, court.key("carol"))]);
    court.refused(dave, CONSENT, "grant.proof");
    // Of somebody outside the group: his clone refuses, and so does the gate.
    let outside = dave.copy("outside");
    for name in ["refs/gatos/grants", "refs/gatos/audit/proofs"] {
        outside.git(["update-ref", "-d", &one_ref(&outside, name).0]).ok();
    }
    outside.gatos(["approve", &id]).code(3).err_says("user:dave was not a member");
    let document = proposal(dave, &id);
    let by = signer(&world, "dave");
    let approval = Approval {
        repo: document.repo,
        proposal_id: document.id(),
        signer: *by.public(),
        expires_at: document.expire_at,
    };
    let at: Timestamp = "2026-11-21T09:00:00Z".parse().expect("a time");
    let dave_is = "user:dave".parse().expect("an actor");
    let commit = write_signed(&store(&outside), &approval, &dave_is, &by, at).expect("a commit");
    let writer = format!("user.dave+{}.aaaaaa", by.public().key8());
    let name = format!("refs/gatos/approvals/{}/{writer}", &id[7..]);
    court.refused(&outside, [format!("{}:{name}", commit.hex())], "approval.invalid").err_says("is not in @leads");
    // The same under the name of somebody inside.
    let carol = signer(&world, "carol");
    let name = format!("refs/gatos/approvals/{}/user.carol+{}.aaaaaa", &id[7..], carol.public().key8());
    court.refused(&outside, [format!("{}:{name}", commit.hex())], "approval.invalid");
}

#[test]
fn must_let_an_expired_grant_allow_nothing() {
    let world = World::new();
    let team = Team::new(&world);
    let (court, bob) = (&team.court, &team.court.bob);
    let id = team.granted();
    let (name, sealed) = team.payment(20_000);
    let late = "2026-11-21T11:00:00Z";
    let (refs, record) = (court.refs(), court.record());
    let push = court.git(bob, ["push", "origin", &format!("{sealed}:{name}")]).env("GATOS_CLOCK", late);
    push.run().code(1).err_says("rule    large");
    court.stands(&refs, &record, "large");
    let verify = bob.command(["grant", "verify", &id, "--json"]).env("GATOS_CLOCK", late).run().code(1).json();
    assert_eq!((&verify["state"], &verify["expiry_judged"]), (&"expired".into(), &true.into()));
    // The receipts of the gate tell when the approvals came in.
    bob.gatos(["grant", "verify", &id]).ok().says("judged by receipts");
    bob.command(["approve", &id]).env("GATOS_CLOCK", late).run().code(3).err_says("it ended");
}

#[test]
fn must_let_a_revoked_grant_allow_nothing() {
    let world = World::new();
    let team = Team::new(&world);
    let (court, bob) = (&team.court, &team.court.bob);
    let id = team.granted();
    team.dave.gatos(["grant", "revoke", &id, "--reason", "no"]).code(3).err_says("neither asked nor was asked");
    let shown = team.carol.gatos(["grant", "revoke", &id, "--reason", "superseded", "--json"]).ok().json();
    assert_eq!((&shown["state"], &shown["revoked"]["by"]), (&"revoked".into(), &"user:carol".into()));
    team.tell(&team.carol);
    team.pay(bob, 20_000, "--json").code(1);
    bob.gatos(["grant", "verify", &id]).code(1).says("user:carol revoked it: superseded");
    let (name, sealed) = team.payment(20_000);
    court.refused(bob, [format!("{sealed}:{name}")], "large");
}

#[test]
fn must_keep_the_grant_that_was_accepted_first() {
    let world = World::new();
    let team = Team::new(&world);
    let court = &team.court;
    let id = team.granted();
    let shown = court.bob.gatos(["approve", &id, "--json"]).ok().json();
    court.push(&court.bob, CONSENT).ok();
    let approvals = shown["approvals"].as_array().expect("a list").iter();
    let others = approvals.filter(|a| a["actor"] != "user:alice").map(|a| (text(a, "approval_id"), text(a, "signer")));
    forged(&team, &court.bob, &id, others.collect());
    let grants = "refs/gatos/grants/*:refs/gatos/grants/*";
    court.refused(&court.bob, [grants], "ref.exists").err_says("has the grant");
    let proofs = "+refs/gatos/audit/proofs/*:refs/gatos/audit/proofs/*";
    court.refused(&court.bob, [proofs], "ref.exists");
}

#[test]
fn must_take_one_word_under_one_name() {
    let world = World::new();
    let team = Team::new(&world);
    let court = &team.court;
    // Carol agrees in two clones before either hears of the other.
    let id = team.ask(20_000);
    let second = team.carol.copy("carol-too");
    team.approve(&court.alice, &id);
    let approvals = format!("refs/gatos/approvals/{}", &id[7..]);
    let (name, vote) = one_ref(&court.server, &approvals);
    let other = |end: &str| format!("{vote}:{}.{end}", &name[..name.len() - 7]);
    let told = court.refused(&court.alice, [other("aaaaaa")], "ref.exists");
    told.err_says(&name[name.len() - 6..]);
    // Nor under two names in one push.
    team.carol.gatos(["approve", &id]).ok();
    let (name, vote) = one_ref(&team.carol, &format!("{approvals}/user.carol*"));
    let twice = ["aaaaaa", "bbbbbb"].map(|end| format!("{vote}:{}.{end}", &name[..name.len() - 7]));
    court.refused(&team.carol, twice, "ref.exists");
    // Nor in two pushes at once: such a push has the gate alone.
    let lock = std::fs::File::open(court.server.path().join("gatos/gate/lock")).expect("the lock of the gate");
    lock.lock_shared().expect("a push is being judged");
    let push = court.git(&team.carol, ["push", "-q", "origin", &format!("{vote}:{name}")]).spawn();
    court.somebody_waits();
    lock.unlock().expect("the push has ended");
    push.wait().ok();
    team.tell(&team.carol);
    // What ends a grant neither.
    team.carol.gatos(["grant", "revoke", &id, "--reason", "superseded"]).ok();
    team.tell(&team.carol);
    let (name, word) = one_ref(&court.server, "refs/gatos/revocations");
    court.refused(&court.alice, [format!("{word}:{}.aaaaaa", &name[..name.len() - 7])], "ref.exists");
    // The other clone of carol's takes what stands for what it has to say.
    second.gatos(["approve", &id]).ok();
    second.gatos(["sync"]).ok();
    one_ref(&court.server, &format!("{approvals}/user.carol*"));
}

#[test]
fn must_ask_the_policy_about_proposals_that_a_rule_names() {
    let world = World::new();
    let team = Team::new(&world);
    let bob = &team.court.bob;
    let args = ["propose", "game.chess", "--target", "x", "--quorum", "2-of-3@leads"];
    bob.gatos(args).code(1).err_says("no-games");
    let document = Proposal { action: "game.chess".into(), ..proposal(bob, &team.ask(20_000)) };
    let by = signer(&world, "bob");
    let at: Timestamp = "2026-11-21T09:00:00Z".parse().expect("a time");
    let commit = write_signed(&store(bob), &document, &document.created_by, &by, at).expect("a commit");
    let name = format!("refs/gatos/proposals/{}", document.id().hex());
    team.court.refused(bob, [format!("{}:{name}", commit.hex())], "no-games");
    // Under the name of another document.
    let other = format!("refs/gatos/proposals/{}", "ab".repeat(32));
    team.court.refused(bob, [format!("{}:{other}", commit.hex())], "proposal.invalid");
}
