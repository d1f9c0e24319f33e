use super::support::{Scratch, ambient};
use crate::git::config::parameters;
use crate::git::{GitError, Reader};

#[test]
fn values_come_from_the_repository() {
    let scratch = Scratch::new();
    scratch.git(&["config", "gatos.fsync", "off"]);
    scratch.git(&["config", "user.name", "Alice"]);
    let reader = scratch.reader();
    assert_eq!(reader.config_bool("gatos.fsync").unwrap(), Some(false));
    assert_eq!(reader.config_text("user.name").unwrap().as_deref(), Some("Alice"));
    assert_eq!(reader.config_text("user.email").unwrap(), None);
    assert_eq!(reader.config_bool("gatos.other").unwrap(), None);
    assert!(matches!(reader.config_bool("user.name"), Err(GitError::ReadConfig { key, .. }) if key == "user.name"));
}

#[test]
fn what_git_puts_into_the_environment_stands_above() {
    let scratch = Scratch::new();
    scratch.git(&["config", "gatos.a.Key", "file"]);
    // Git itself writes the variable: an alias sees what its children would.
    let shown = scratch.git(&[
        "-c",
        "gatos.a.key=it's !new",
        "-c",
        "gatos.flag",
        "-c",
        "alias.shown=!printf %s \"$GIT_CONFIG_PARAMETERS\"",
        "shown",
    ]);
    let more = [
        ("GIT_CONFIG_PARAMETERS", shown.as_str()),
        ("GIT_CONFIG_COUNT", "1"),
        ("GIT_CONFIG_KEY_0", "user.name"),
        ("GIT_CONFIG_VALUE_0", "Bob"),
    ];
    let reader = Reader::open(scratch.path(), &ambient(scratch.path(), &more)).unwrap();
    assert_eq!(reader.config_text("GATOS.a.KEY").unwrap().as_deref(), Some("it's !new"));
    assert_eq!(reader.config_text("gatos.A.key").unwrap(), None);
    assert_eq!(reader.config_bool("gatos.flag").unwrap(), Some(true));
    assert_eq!(reader.config_text("user.name").unwrap().as_deref(), Some("Bob"));
}

#[test]
fn named_files_replace_the_usual_ones() {
    let scratch = Scratch::new();
    let file = scratch.path().join("mine");
    std::fs::write(&file, "[user]\n\tname = Carol\n\temail = c@d\n").unwrap();
    scratch.git(&["config", "user.email", "repo@d"]);
    let ambient = ambient(scratch.path(), &[("GIT_CONFIG_GLOBAL", file.to_str().unwrap())]);
    let reader = Reader::open(scratch.path(), &ambient).unwrap();
    assert_eq!(reader.config_text("user.name").unwrap().as_deref(), Some("Carol"));
    assert_eq!(reader.config_text("user.email").unwrap().as_deref(), Some("repo@d"));
}

#[test]
fn the_authority_is_origin_unless_another_remote_is_named() {
    let scratch = Scratch::new();
    let told = || scratch.reader().authority().unwrap().map(|remote| remote.to_string());
    assert_eq!(told().as_deref(), Some("origin"));
    scratch.git(&["config", "gatos.authority", "court"]);
    assert_eq!(told().as_deref(), Some("court"));
    scratch.git(&["config", "gatos.authority", "No/Segment"]);
    assert_eq!((told(), scratch.reader().authority_name().unwrap().as_str()), (None, "No/Segment"));
}

#[test]
fn parameters_are_read_as_git_writes_them() {
    let some = |text: &str| Some(text.to_owned());
    assert_eq!(parameters(""), Some(vec![]));
    assert_eq!(parameters("'a.b'='c d' 'e.f'=''"), Some(vec![("a.b".into(), some("c d")), ("e.f".into(), some(""))]));
    assert_eq!(parameters("'a.b=c=d' 'e.f'="), Some(vec![("a.b".into(), some("c=d")), ("e.f".into(), None)]));
    assert_eq!(parameters("'a.b'='x'\\''y'\\!''"), Some(vec![("a.b".into(), some("x'y!"))]));
    for bad in ["a.b=c", "'a.b", "'a.b'x", "'a'='b"] {
        assert_eq!(parameters(bad), None, "{bad}");
    }
}
