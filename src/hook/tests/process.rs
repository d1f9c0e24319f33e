use crate::hook::process::is_receive_pack;

#[test]
fn the_process_that_receives_a_push_is_told_from_every_other_git() {
    let is = |line: &str| is_receive_pack(line.split(' ').map(std::borrow::Cow::from));
    for line in
        ["git-receive-pack /srv/x", "/usr/lib/git-core/git-receive-pack x", "git receive-pack --stateless-rpc ."]
    {
        assert!(is(line), "{line}");
    }
    assert!(is("/usr/bin/git -c core.x=y receive-pack ."));
    for line in ["git hook run pre-receive", "sh -c git-receive-pack", "git-shell -c git-receive-pack", "git push", ""]
    {
        assert!(!is(line), "{line}");
    }
}
