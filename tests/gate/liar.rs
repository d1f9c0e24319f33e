//! A gate whose operator lies: he has its key, and what is pushed past it gets a receipt all the same.

use super::court::{ACTIVE, Court, TRUST, key_in};
use crate::cli::fits;
use crate::harness::Repo;
use gatos::canon::{Map, Value, json};
use gatos::git::{NewCommit, Store};
use gatos::id::{Oid, Timestamp};
use gatos::trust::{Signer, dsse};

pub struct Liar<'c, 'w> {
    court: &'c Court<'w>,
}

impl<'c, 'w> Liar<'c, 'w> {
    pub fn of(court: &'c Court<'w>) -> Liar<'c, 'w> {
        Liar { court }
    }

    fn signer(&self) -> Signer {
        key_in(&self.court.server.path().join("gatos/gate/keys"))
    }

    /// A push that nobody judges.
    #[track_caller]
    pub fn push(&self, repo: &Repo<'w>, refs: &[String]) {
        self.court.server.git(["config", "core.hooksPath", "/dev/null"]).ok();
        self.court.push(repo, refs).ok();
        self.court.server.git(["config", "--unset", "core.hooksPath"]).ok();
    }

    /// The fields of the newest receipt.
    #[track_caller]
    pub fn last(&self) -> Map {
        let line = self.court.server.git(["log", "--format=%H %s", &self.court.gate()]).ok().stdout();
        let commit = line.lines().find_map(|l| l.split_once(" receipt ")).expect("a receipt").0.to_owned();
        let text = self.court.server.git(["show", &format!("{commit}:receipt.json")]).ok().stdout();
        json::parse(text.as_bytes()).expect("JSON").as_map().expect("an object").clone()
    }

    /// A push past the gate, with a receipt by its key that says otherwise.
    #[track_caller]
    pub fn accept(&self, repo: &Repo<'w>, refs: &[(&str, &str)]) {
        let now = |name: &str| self.now(name).unwrap_or(Oid::ZERO.hex());
        let law = self.law();
        let update = |(name, new): &(&str, &str)| {
            Value::map([("ref", (*name).into()), ("old", now(name).into()), ("new", (*new).into())])
        };
        let updates = Value::list(refs.iter().map(update));
        let refspecs: Vec<String> = refs.iter().map(|(name, new)| format!("+{new}:{name}")).collect();
        self.push(repo, &refspecs);
        self.give(|map| {
            law.iter().for_each(|(root, tip)| drop(map.insert(*root, tip.as_str())));
            map.insert("updates", updates);
        });
    }

    fn now(&self, name: &str) -> Option<String> {
        let found = self.court.server.git(["for-each-ref", "--format=%(objectname)", name]).ok().stdout();
        Some(found).filter(|found| !found.is_empty())
    }

    /// The law that stands at the server.
    fn law(&self) -> [(&'static str, String); 2] {
        [("policy_root", ACTIVE), ("trust_root", TRUST)].map(|(root, name)| (root, self.now(name).expect("a law")))
    }

    /// A receipt behind the newest one, of nothing, by the law that stands, but for what is changed.
    #[track_caller]
    pub fn give(&self, change: impl FnOnce(&mut Map)) {
        let mut map = self.last();
        self.law().iter().for_each(|(root, tip)| drop(map.insert(*root, tip.as_str())));
        let seq = map.get("seq").and_then(Value::as_int).expect("a number");
        map.insert("seq", seq + 1);
        map.insert("updates", Value::List(Vec::new()));
        change(&mut map);
        self.write(&self.court.server, &self.court.gate(), &map, &self.signer());
    }

    /// Writes a receipt onto a chain.
    #[track_caller]
    pub fn write(&self, repo: &Repo<'w>, name: &str, map: &Map, signer: &Signer) {
        let bytes = json::document(&Value::Map(map.clone())).expect("a document");
        let signatures = dsse::encode(&[dsse::sign("receipt", &bytes, signer).expect("a signature")]);
        let store = Store::open(repo.path(), &gatos::ambient::Ambient::of_process()).expect("a repository");
        let tree = store.write_tree(&[("receipt.json", bytes), ("signatures.json", signatures)]).expect("a tree");
        let parent = repo.git(["for-each-ref", "--format=%(objectname)", name]).ok().stdout();
        let parent = Oid::from_hex(&parent).ok();
        let (seq, at) = (map.get("seq").and_then(Value::as_int), map.get("received_at").and_then(Value::as_str));
        let (seq, at) = (seq.expect("a number"), at.expect("a time"));
        let writer = name.rsplit('/').next().expect("a writer");
        let actor = writer.split('+').next().expect("an actor").replacen('.', ":", 1);
        let time: Timestamp = at.parse().expect("a time");
        let made = store.commit(&NewCommit {
            tree,
            parents: parent.as_slice(),
            name: &actor,
            email: &format!("{writer}@gatos"),
            time,
            message: &format!("receipt {seq}\n\nReceipts: {seq}\nReceived-At: {at}\n"),
        });
        repo.git(["update-ref", name, &made.expect("a commit").hex()]).ok();
    }

    /// What somebody finds who has never been here before.
    #[track_caller]
    pub fn stranger(&self, name: &str) -> Repo<'w> {
        // By the protocol: a copy of the directory would bring what no ref names.
        let url = format!("file://{}", self.court.server.path().display());
        let home = self.court.alice.at(self.court.world.path().to_path_buf()).as_person(name);
        home.gatos(["clone", &url, name]).ok();
        home.at(self.court.world.path().join(name))
    }

    /// What he finds to have failed, as code and sentence.
    #[track_caller]
    pub fn found(&self, reader: &str) -> Vec<(String, String)> {
        let text = |finding: &serde_json::Value, field: &str| finding[field].as_str().expect("a text").to_owned();
        let failures = failures(&self.stranger(reader));
        failures.iter().map(|finding| (text(finding, "code"), text(finding, "sentence"))).collect()
    }
}

/// What somebody finds in his clone to have failed.
#[track_caller]
pub fn failures(repo: &Repo<'_>) -> Vec<serde_json::Value> {
    let report = fits("verify", repo.gatos(["--json", "verify"]).code(1).json());
    let findings = report["findings"].as_array().expect("a list").iter();
    findings.filter(|finding| finding["severity"] == "fail").cloned().collect()
}

/// Somebody finds nothing that failed: the whole report.
#[track_caller]
pub fn passes(repo: &Repo<'_>) -> serde_json::Value {
    fits("verify", repo.gatos(["--json", "verify"]).ok().json())
}
