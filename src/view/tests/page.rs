use crate::view::{Ink, Page};

#[test]
fn ink_shows_only_where_somebody_sees_it() {
    let mut out = Vec::new();
    assert_eq!(Page::new(&mut out, false).ink(Ink::Bad, "no"), "no");
    assert_eq!(Page::new(&mut out, true).ink(Ink::Bad, "no"), "\x1b[31mno\x1b[0m");
}
