use crate::git::Named;
use crate::hook::error::HookError;
use crate::hook::updates::read;

const A: &str = "1111111111111111111111111111111111111111";
const ZERO: &str = "0000000000000000000000000000000000000000";

#[test]
fn lines_are_read_with_their_ends_and_names() {
    let input = format!("{ZERO} {A} refs/heads/a b\n{A} {ZERO} refs/gatos/state/main\n");
    let updates = read(input.as_bytes()).expect("two lines");
    assert_eq!((updates[0].old, updates[0].new.map(|o| o.hex())), (None, Some(A.to_owned())));
    assert_eq!((updates[0].name.as_str(), &updates[0].named), ("refs/heads/a b", &Named::Other));
    assert_eq!((updates[1].new, matches!(updates[1].named, Named::Ours(_))), (None, true));
    assert_eq!(read(&b""[..]).expect("an empty push"), []);
}

#[test]
fn what_is_no_line_of_gits_is_an_error() {
    for bad in ["x", "1111 2222 refs/heads/a", &format!("{A} {A}"), &format!("{A} {} refs/heads/a", &A[1..])] {
        let found = read(format!("{ZERO} {A} refs/heads/good\n{bad}\n").as_bytes());
        assert!(matches!(found, Err(HookError::Line { at: 2 })), "{bad}");
    }
}

#[test]
fn a_name_in_another_encoding_is_kept_as_a_branch() {
    let mut line = format!("{ZERO} {A} refs/heads/").into_bytes();
    line.extend_from_slice(b"caf\xe9\n");
    let updates = read(&line[..]).expect("a line");
    assert_eq!((updates[0].name.as_str(), &updates[0].named), ("refs/heads/caf\u{fffd}", &Named::Other));
}
