use crate::policy::Glob;
use proptest::prelude::*;

fn named(glob: &str, text: &str) -> bool {
    Glob::new(glob).unwrap().matches(text)
}

#[test]
fn stars_stand_for_text() {
    for (glob, yes, no) in [
        ("main", &["main"][..], &["mai", "main2", ""][..]),
        ("refs/heads/*", &["refs/heads/x", "refs/heads/"], &["refs/heads/a/b", "refs/tags/x"]),
        ("refs/heads/**", &["refs/heads/x", "refs/heads/a/b"], &["refs/head"]),
        ("api/**/v1", &["api/v1", "api/a/v1", "api/a/b/v1"], &["api/av1", "apiv1"]),
        ("**/x", &["x", "a/x", "a/b/x"], &["ax", "a/bx"]),
        ("a*b*c", &["abc", "aXbYc", "abbcc"], &["ab/c", "acb"]),
        ("a**", &["a", "a/b", "ab"], &["b"]),
    ] {
        yes.iter().for_each(|t| assert!(named(glob, t), "{glob} {t}"));
        no.iter().for_each(|t| assert!(!named(glob, t), "{glob} {t}"));
    }
}

#[test]
fn what_is_no_glob_is_refused() {
    for bad in ["", "a***b", "a\nb", &"x".repeat(257), "*a*a*a*a*a*a*a*a*"] {
        assert!(Glob::new(bad).is_err(), "{bad}");
    }
}

/// The same by trying everything.
fn slowly(glob: &[u8], text: &[u8], begins: bool) -> bool {
    let any =
        |rest: &[u8], to: &dyn Fn(usize) -> bool| (0..=text.len()).any(|n| to(n) && slowly(rest, &text[n..], false));
    match glob {
        [] => text.is_empty(),
        [b'*', b'*', b'/', rest @ ..] if begins => {
            slowly(rest, text, true) || (1..=text.len()).any(|n| text[n - 1] == b'/' && slowly(rest, &text[n..], true))
        }
        [b'*', b'*', rest @ ..] => any(rest, &|_| true),
        [b'*', rest @ ..] => any(rest, &|n| !text[..n].contains(&b'/')),
        [b, rest @ ..] => text.first() == Some(b) && slowly(rest, &text[1..], *b == b'/'),
    }
}

proptest! {
    #[test]
    fn the_table_agrees_with_trying_everything(glob in "[ab/*]{1,7}", text in "[ab/]{0,7}") {
        if let Ok(good) = Glob::new(&glob) {
            prop_assert_eq!(good.matches(&text), slowly(glob.as_bytes(), text.as_bytes(), true), "{} {}", glob, text);
            // What it names goes on from each folder that it lies in.
            let mut folders = (0..=text.len()).map(|n| &text[..n]).filter(|t| t.ends_with('/'));
            prop_assert!(!good.matches(&text) || folders.all(|t| good.reaches(t)), "{} {}", glob, text);
        }
    }
}

#[test]
fn what_goes_on_from_a_folder_is_reached() {
    for (glob, yes, no) in [
        ("api/**", &["api/", "api/v1/"][..], &["ap/", "apis/"][..]),
        ("api/v1/*.proto", &["api/", "api/v1/"], &["api/v2/", "api/v1/x/"]),
        ("src/*/gen/**", &["src/", "src/a/", "src/a/gen/b/"], &["src/a/b/", "lib/"]),
        ("**/secret/**", &["lib/", "a/b/"], &[]),
        ("*.sql", &[], &["lib/"]),
    ] {
        yes.iter().for_each(|t| assert!(Glob::new(glob).unwrap().reaches(t), "{glob} {t}"));
        no.iter().for_each(|t| assert!(!Glob::new(glob).unwrap().reaches(t), "{glob} {t}"));
    }
}
