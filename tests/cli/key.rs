use super::{fits, ready, refused, words};
use crate::harness::World;
use serde_json::json;

#[test]
fn a_key_is_made_listed_and_copied_out_and_in() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["key", "show"]).ok().silent().err_says("no keys");
    let made = fits("key", repo.gatos(["key", "new", "--json"]).ok().json());
    let key = made["key"].as_str().expect("a key").to_owned();
    let line = repo.gatos(["key", "show"]).ok().stdout();
    assert_eq!((words(&line)[0], words(&line)[1]), (key.as_str(), "plain"));
    let copied = fits("key", repo.gatos(["key", "export", "k", "--json"]).ok().json());
    assert_eq!(copied["key"], key);
    assert!(repo.read("k").starts_with("-----BEGIN OPENSSH PRIVATE KEY-----"));
    repo.gatos(["key", "export", "k"]).code(3).silent().err_says("k cannot be written");
    let bob = repo.as_person("bob");
    let imported = fits("key", bob.gatos(["key", "import", "k", "--json"]).ok().json());
    assert_eq!(imported["key"], key);
    bob.gatos(["key", "import", "k"]).ok();
    let shown = fits("key-show", bob.gatos(["key", "show", "--json"]).ok().json());
    assert_eq!((&shown["key"], &shown["here"], &shown["form"]), (&json!(key), &json!(false), &json!("plain")));
}

#[cfg(unix)]
#[test]
fn a_key_that_others_may_read_is_refused() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::new();
    let repo = ready(&world, "a");
    let path = repo.gatos(["key", "show", "--json"]).ok().json()["path"].as_str().expect("a path").to_owned();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o644)).expect("a mode");
    repo.gatos(["emit", "add", "1"]).code(3).silent().err_says("chmod 600");
    refused(repo.gatos(["key", "show", "--json"]), 3, "KEY_MODE");
}

#[test]
fn one_of_several_is_named() {
    let world = World::new();
    let repo = ready(&world, "a");
    repo.gatos(["key", "show"]).ok().says("(signs here)");
    let second = repo.gatos(["key", "new", "--json"]).ok().json()["key"].as_str().expect("a key").to_owned();
    repo.gatos(["key", "export", "k"]).code(2).silent().err_says("--key");
    assert!(!repo.path().join("k").exists());
    repo.gatos(["key", "export", "k", "--key", &second]).ok().says(&second);
    repo.gatos(["key", "export"]).code(2).silent();
    let unknown = format!("ed25519:{}", "0".repeat(64));
    refused(repo.gatos(["key", "export", "l", "--key", &unknown, "--json"]), 3, "KEY_MISSING");
    refused(repo.gatos(["key", "import", "none", "--json"]), 3, "KEY_IO");
}

#[test]
fn a_lost_key_is_told_and_another_takes_its_place() {
    let world = World::new();
    let repo = ready(&world, "a");
    let shown = repo.gatos(["key", "show", "--json"]).ok().json();
    let (lost, path) = (shown["key"].as_str().expect("a key"), shown["path"].as_str().expect("a path"));
    let kept = repo.path().join("kept");
    std::fs::rename(path, &kept).expect("a file");
    let emit = || repo.gatos(["emit", "add", "{\"n\":1}", "--json"]);
    let reason = refused(emit(), 3, "KEY_MISSING")["reason"].to_string();
    for said in [lost, "git gatos key import FILE", "git gatos key new", "git gatos init"] {
        assert!(reason.contains(said), "{reason}");
    }
    let ailing = fits("doctor", repo.gatos(["doctor", "--json"]).code(1).json());
    let found = ailing["findings"].as_array().expect("a list").iter().find(|f| f["code"] == "key.lost");
    assert_eq!(found.map(|f| &f["subject"]), Some(&json!(lost)), "{ailing}");
    // Nothing is made in its place unasked: the directory may only be away.
    refused(repo.gatos(["init", "--json"]), 3, "KEY_MISSING");
    repo.gatos(["key", "show"]).ok().silent().err_says(lost).err_says("git gatos key new, then git gatos init");
    let fresh = repo.gatos(["key", "new", "--json"]).ok().json()["key"].clone();
    let taken = fits("init", repo.gatos(["init", "--json"]).ok().json());
    assert_eq!((&taken["key"], &taken["key_lost"], &taken["key_known"]), (&fresh, &json!(lost), &json!(false)));
    let add = format!("git gatos trust add-key user:alice {}", fresh.as_str().expect("a key"));
    // Whoever finds the lost one could still speak with it.
    assert_eq!(taken["next"], json!([add, format!("git gatos trust remove-key user:alice {lost}")]));
    assert!(fits("init", repo.gatos(["init", "--json"]).ok().json())["key_lost"].is_null(), "it is told once");
    repo.gatos(["doctor"]).ok();
    // Where the file comes back, it signs as before.
    repo.gatos(["key", "import", kept.to_str().expect("UTF-8")]).ok();
    repo.git(["config", "gatos.key", lost]).ok();
    emit().ok();
}
