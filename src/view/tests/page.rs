use crate::view::{Ink, Page, RawState, View as _};
use std::io::Write as _;

const FOREIGN: &str = "a\u{9b}31m\u{1b}[2J\u{7f}\u{202e}z\u{1b}";
const SHOWN: &str = "a\\u{9b}31m\\u{1b}[2J\\u{7f}\\u{202e}z\\u{1b}";

fn page(colour: bool, terminal: bool, write: impl Fn(&mut Page<'_>)) -> Vec<u8> {
    let mut out = Vec::new();
    write(&mut Page::new(&mut out, colour).on_terminal(terminal));
    out
}

#[test]
fn ink_shows_only_where_somebody_sees_it() {
    let mut out = Vec::new();
    assert_eq!(Page::new(&mut out, false).ink(Ink::Bad, "no"), "no");
    assert_eq!(Page::new(&mut out, true).ink(Ink::Bad, "no"), "\x1b[31mno\x1b[0m");
}

#[test]
fn nothing_foreign_drives_the_terminal_and_ink_still_does() {
    for ink in [Ink::Good, Ink::Bad, Ink::Name, Ink::Faint] {
        let line = |page: &mut Page<'_>| {
            let inked = page.ink(ink, format_args!("{FOREIGN}\n"));
            writeln!(page, "{FOREIGN} {inked}\t{FOREIGN}").unwrap();
        };
        let start = Page::new(&mut Vec::new(), true).ink(ink, "").replace("\x1b[0m", "");
        let coloured = format!("{SHOWN} {start}{SHOWN}\\n\x1b[0m\t{SHOWN}\n");
        assert_eq!(String::from_utf8(page(true, true, line)).unwrap(), coloured);
        assert_eq!(String::from_utf8(page(false, false, line)).unwrap(), format!("{SHOWN} {SHOWN}\\n\t{SHOWN}\n"));
    }
}

#[test]
fn raw_bytes_are_as_they_are_but_on_a_terminal() {
    let bytes = [FOREIGN.as_bytes(), b"\x9b\n"].concat();
    assert_eq!(page(false, false, |page| page.raw(&bytes).unwrap()), bytes);
    assert_eq!(page(false, true, |page| page.raw(&bytes).unwrap()), format!("{SHOWN}\u{fffd}\n").into_bytes());
    assert_eq!(page(true, true, |page| page.raw(&bytes).unwrap()), format!("{SHOWN}\u{fffd}\n").into_bytes());
}

#[test]
fn a_raw_state_ends_its_line_on_a_terminal_alone() {
    let state = RawState(b"{\"n\":1}".to_vec());
    assert_eq!(page(false, false, |page| state.text(page).unwrap()), b"{\"n\":1}");
    assert_eq!(page(false, true, |page| state.text(page).unwrap()), b"{\"n\":1}\n");
}
