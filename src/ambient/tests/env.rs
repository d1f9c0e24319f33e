use crate::ambient::Env;
use std::path::PathBuf;

#[test]
fn a_fixed_environment_has_the_given_variables_alone() {
    let env = Env::fixed("/here", [("HOME", "/home"), ("EMPTY", "")]);
    assert_eq!(env.text("HOME").as_deref(), Some("/home"));
    assert_eq!(env.get("EMPTY"), None, "an empty variable counts as not set");
    assert_eq!(env.get("PATH"), None);
    assert_eq!(env.cwd(), "/here");
}

#[test]
fn xdg_directories() {
    let config = |vars: &[(&str, &str)]| Env::fixed("/", vars.to_vec()).xdg("XDG_CONFIG_HOME", ".config");
    assert_eq!(config(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "/x")]), Some(PathBuf::from("/x")));
    assert_eq!(config(&[("HOME", "/h")]), Some(PathBuf::from("/h/.config")));
    // "All paths set in these environment variables must be absolute": others are ignored.
    assert_eq!(config(&[("HOME", "/h"), ("XDG_CONFIG_HOME", "x")]), Some(PathBuf::from("/h/.config")));
    assert_eq!(config(&[]), None);
}
