use crate::git::{Denial, Fetched, Pushed, Said, denials, fetched, pushed};
use crate::id::Oid;

const A: &str = "0101010101010101010101010101010101010101";
const B: &str = "0202020202020202020202020202020202020202";
const NONE: &str = "0000000000000000000000000000000000000000";

fn oid(text: &str) -> Oid {
    Oid::from_hex(text).unwrap()
}

#[test]
fn each_ref_of_a_fetch_is_one_line() {
    let text = format!(
        "  {A} {B} refs/x/forward\n* {NONE} {B} refs/x/new\n= {A} {A} refs/x/same\n! {A} {B} refs/x/rewritten\n\
         - {A} {NONE} refs/x/pruned\nFrom file:///srv\n\n! short\nö\n"
    );
    let line = |name: &str, old: Option<&str>, new: &str, rejected| Fetched {
        name: format!("refs/x/{name}"),
        old: old.map(oid),
        new: oid(new),
        rejected,
    };
    let all = [
        line("forward", Some(A), B, false),
        line("new", None, B, false),
        line("same", Some(A), A, false),
        line("rewritten", Some(A), B, true),
    ];
    assert_eq!(fetched(text.as_bytes()), all);
    assert_eq!(fetched(b"\xff\xfe"), []);
}

#[test]
fn each_ref_of_a_push_is_one_line_with_its_reason() {
    let text = format!(
        "To file:///srv\n*\t{A}:refs/x/new\t[new reference]\n \t{A}:refs/x/on\t0101010..0202020\n=\t{A}:refs/x/same\t[up to date]\n\
         !\t{A}:refs/x/kept\t[rejected] (stale info)\n!\t{A}:refs/x/refused\t[remote rejected] (pre-receive hook declined)\n\
         !\t{A}:refs/x/odd\t[remote failure]\nDone\n"
    );
    let line = |name: &str, said| Pushed { name: format!("refs/x/{name}"), said };
    let all = [
        line("new", Said::Accepted),
        line("on", Said::Accepted),
        line("same", Said::Same),
        line("kept", Said::Kept("stale info".into())),
        line("refused", Said::Refused("pre-receive hook declined".into())),
        line("odd", Said::Refused("[remote failure]".into())),
    ];
    assert_eq!(pushed(text.as_bytes()), all);
    assert_eq!(pushed(b"Everything up-to-date\n"), []);
}

#[test]
fn a_gate_is_heard_through_git() {
    let text = "Enumerating objects: 3, done.\nremote: gatos: DENY refs/x/a        \nremote:   rule    event.late  it sorts before        \n\
                remote:   next    git gatos sync\x1b[K\nremote: gatos: DENY refs/x/b\nremote:   rule    sig.bad  no\nremote: \n\
                remote: see you\nerror: failed to push some refs\n";
    let (found, others) = denials(text.as_bytes());
    let denial = |name: &str, rule: &str, lines: &[&str]| Denial {
        name: name.into(),
        rule: Some(rule.into()),
        lines: lines.iter().map(|l| (*l).into()).collect(),
    };
    assert_eq!(
        found,
        [
            denial("refs/x/a", "event.late", &["rule    event.late  it sorts before", "next    git gatos sync[K"]),
            denial("refs/x/b", "sig.bad", &["rule    sig.bad  no"]),
        ]
    );
    assert_eq!(others, ["see you"]);
}
