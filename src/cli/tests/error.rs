use crate::cli::error::{CliError, Kind};
use crate::git::GitError;
use crate::id::{Actor, Ns};
use crate::node::NodeError;
use crate::state::StateError;

#[test]
fn the_kind_decides_the_exit_code() {
    assert_eq!([Kind::Usage, Kind::Failed, Kind::Bug].map(Kind::exit), [2, 3, 4]);
}

#[test]
fn what_was_typed_wrongly_is_told_from_what_could_not_be_done() {
    let id = "alice".parse::<Actor>().unwrap_err();
    let select = StateError::Select { expr: ".[".into(), why: "x".into() };
    for (error, kind, code) in [
        (CliError::from(id), Kind::Usage, "ID_INVALID"),
        (CliError::from(select), Kind::Usage, "JQ_INVALID"),
        (CliError::from(NodeError::NoActor("x".into())), Kind::Usage, "NO_ACTOR"),
        (CliError::from(NodeError::NoNamespace(Ns::main())), Kind::Failed, "ERR_INVALID_NS"),
        (CliError::from(GitError::Shallow), Kind::Failed, "REPO_SHALLOW"),
        (CliError::bug("x"), Kind::Bug, "INTERNAL"),
    ] {
        assert_eq!((error.kind, error.code), (kind, code), "{error}");
    }
}

#[test]
fn a_frame_says_all_that_the_error_knows() {
    let error = CliError::usage("why").hint("how").detail("stored", 3);
    let frame = error.frame();
    assert_eq!((frame.code, frame.reason, frame.hint, frame.details.len()), ("USAGE", "why", Some("how"), 1));
}
