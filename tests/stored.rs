//! Every JSON document that is stored fits its schema in `schemas/v1`.

use crate::harness::{Repo, World};
use serde_json::Value;
use std::path::Path;

fn fits(schema: &str, document: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("schemas/v1/{schema}.schema.json"));
    let text = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let read: Value = serde_json::from_slice(&text).expect("a schema is JSON");
    jsonschema::meta::validate(&read).expect("it is a schema of draft 2020-12");
    let validator = jsonschema::validator_for(&read).expect("a schema");
    let value: Value = serde_json::from_str(document).unwrap_or_else(|e| panic!("{schema}: {e}: {document}"));
    let faults: Vec<String> = validator.iter_errors(&value).map(|e| format!("{e} at {}", e.instance_path())).collect();
    assert!(faults.is_empty(), "{schema}: {}\n{document}", faults.join("\n"));
}

fn file(repo: &Repo<'_>, name: &str) -> String {
    repo.git(["show", name]).ok().stdout().to_owned()
}

fn names(repo: &Repo<'_>, under: &str) -> Vec<String> {
    let listed = repo.git(["for-each-ref", "--format=%(refname)", under]).ok().stdout().to_owned();
    listed.lines().map(str::to_owned).collect()
}

#[test]
fn must_store_documents_that_fit_their_schemas() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["init"]).ok();
    for payload in ["{\"n\":1}", "{\"m\":1}", "[0.5,null]"] {
        repo.gatos(["emit", "add", payload]).ok();
    }
    repo.gatos(["state", "checkpoint"]).ok();
    repo.gatos(["emit", "add", "{\"n\":2}"]).ok();
    repo.gatos(["state", "checkpoint"]).ok();
    let log = repo.git(["log", "--format=%B", &names(&repo, "refs/gatos/journal")[0]]).ok().stdout().to_owned();
    let envelopes: Vec<&str> = log.lines().filter(|l| l.starts_with("{\"actor\"")).collect();
    assert_eq!(envelopes.len(), 4);
    envelopes.iter().for_each(|e| fits("stored/event", e));
    for checkpoint in ["refs/gatos/state/main", "refs/gatos/state/main~1"] {
        fits("stored/window", &file(&repo, &format!("{checkpoint}:window.json")));
        fits("stored/proof-of-fold", &file(&repo, &format!("{checkpoint}:pof.json")));
    }
    fits("stored/bundle", &file(&repo, "refs/gatos/policies/active:bundle.json"));
    fits("trust/signatures", &file(&repo, "refs/gatos/policies/active:signatures.json"));
    fits("trust/trust", &file(&repo, "refs/gatos/trust/graph:trust.json"));
    fits("trust/signatures", &file(&repo, "refs/gatos/trust/graph:signatures.json"));
    repo.gatos(["trust", "add-actor", "agent:clerk"]).ok();
    repo.gatos(["trust", "grant", "agent:clerk", "job:work", "bus:publish:deploy.*"]).ok();
    let grant = repo.gatos(["--json", "trust", "grants"]).ok().json()["ulid"].as_str().expect("a ULID").to_owned();
    repo.gatos(["trust", "revoke", &grant, "--reason", "done"]).ok();
    let files = repo.git(["ls-tree", "-r", "--name-only", "refs/gatos/trust/graph"]).ok().stdout();
    for path in files.lines().filter(|path| path.contains('/')) {
        let schema = match path {
            path if path.ends_with(".sig.json") => "trust/signatures",
            path if path.starts_with("grants/") => "trust/capability",
            _ => "trust/revocation",
        };
        fits(schema, &file(&repo, &format!("refs/gatos/trust/graph:{path}")));
    }
    assert_eq!(files.lines().count(), 6);
    // A clone whose key nobody knows is refused, and the refusal is on record.
    let clone = repo.clone_to("b").as_person("bob");
    let refs = "refs/gatos/*:refs/gatos-remotes/origin/*";
    clone.git(["fetch", "-q", "origin", refs]).ok();
    clone.gatos(["init"]).ok();
    clone.gatos(["emit", "add", "{\"n\":1}"]).code(1);
    let audit = names(&clone, "refs/gatos/audit");
    assert_eq!(audit.len(), 1);
    fits("stored/decision", &file(&clone, &format!("{}:decision.json", audit[0])));
    fits("trust/signatures", &file(&clone, &format!("{}:signatures.json", audit[0])));
}

#[test]
fn must_store_a_profile_that_fits_its_schema() {
    let world = World::new();
    for profile in ["push-gate", "research"] {
        let repo = world.repo(profile);
        repo.gatos(["init", "--profile", profile]).ok();
        fits("policy/profile", &file(&repo, "refs/gatos/policies/active:profile.json"));
        fits("stored/bundle", &file(&repo, "refs/gatos/policies/active:bundle.json"));
    }
    fits("policy/profile-source", "{\"profile\":\"local\"}");
}

#[test]
fn must_store_consent_that_fits_its_schemas() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["init"]).ok();
    repo.gatos(["trust", "group", "add", "leads", "user:alice"]).ok();
    let ask = ["propose", "api.break", "--target", "x", "--quorum", "1-of-1@leads", "--json"];
    let id = repo.gatos(ask).ok().json()["proposal_id"].as_str().expect("an id").to_owned();
    repo.gatos(["approve", &id]).ok();
    repo.gatos(["grant", "revoke", &id, "--reason", "superseded"]).ok();
    for (under, kind, signed) in [
        ("proposals", "proposal", true),
        ("approvals", "approval", true),
        ("audit/proofs/governance", "proof", false),
        ("grants", "grant", false),
        ("revocations", "grant-revocation", true),
    ] {
        let found = names(&repo, &format!("refs/gatos/{under}"));
        assert_eq!(found.len(), 1, "{under}");
        let schema = if kind == "proof" { "proof-of-consensus" } else { kind };
        fits(&format!("governance/{schema}"), &file(&repo, &format!("{}:{kind}.json", found[0])));
        if signed {
            fits("trust/signatures", &file(&repo, &format!("{}:signatures.json", found[0])));
        }
    }
}
