use crate::harness::World;

#[test]
fn every_shell_has_a_script_that_knows_the_verbs() {
    let world = World::new();
    let repo = world.repo("a");
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        repo.gatos(["completions", shell]).ok().says("bisect").says("git-gatos");
    }
    assert!(repo.gatos(["completions", "bash", "--json"]).ok().json()["text"].is_string());
}

#[test]
fn bash_completes_both_spellings() {
    let world = World::new();
    let repo = world.repo("a");
    let script = repo.gatos(["completions", "bash"]).ok().stdout();
    repo.write("complete.bash", script);
    // As readline and git's completion set the words and call the function.
    let complete = |words: &str, at: usize, call: &str| {
        let line = format!(
            "source ./complete.bash; COMP_WORDS=({words}); COMP_CWORD={at}; {call}; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        );
        world.command("bash", "alice", repo.path()).args(["-c", line.as_str()]).run().ok().stdout()
    };
    assert_eq!(complete("git-gatos bis", 1, "_gatos git-gatos bis git-gatos"), "bisect");
    assert_eq!(complete("git gatos bis", 2, "_git_gatos"), "bisect");
    assert_eq!(complete("git -C x gatos bisect sk", 5, "_git_gatos"), "skip");
    assert_eq!(complete("git gatos trust add-k", 3, "_git_gatos"), "add-key");
    assert!(!complete("git gatos ''", 2, "_git_gatos").contains("reference"));
    assert!(complete("git gatos bisect start --", 4, "_git_gatos").contains("--good"));
}

#[test]
fn bad_usage() {
    let world = World::new();
    let repo = world.repo("a");
    repo.gatos(["completions"]).code(2);
    repo.gatos(["completions", "cmd"]).code(2).err_says("bash");
}
