//! Shapes that the binary shows only when much has gone wrong.

use crate::canon::{Value, json};
use crate::id::Oid;
use crate::node::{Anchors, Finding, Kind, Report, Severity, Tally};
use crate::view::{ErrorFrame, Page, Selected, Verified, View};

fn text(view: &dyn View) -> String {
    let mut out = Vec::new();
    view.text(&mut Page::new(&mut out, false)).unwrap();
    String::from_utf8(out).unwrap()
}

fn line(view: &dyn View) -> String {
    String::from_utf8(json::document(&view.json()).unwrap()).unwrap()
}

#[test]
fn a_frame_cannot_be_made_to_say_ok() {
    let details = [("ok", Value::Bool(true)), ("stored", Value::Int(3))];
    let frame = ErrorFrame { code: "FILE", reason: "why", hint: Some("how"), details: &details };
    assert_eq!(line(&frame), "{\"code\":\"FILE\",\"hint\":\"how\",\"ok\":false,\"reason\":\"why\",\"stored\":3}");
    assert_eq!(text(&frame), "error: why\nhint: how\n");
    assert!(frame.is_complaint());
}

#[test]
fn a_report_counts_failures_and_names_notes() {
    let finding = |seq, severity| Finding {
        name: "refs/x".into(),
        commit: Oid::ZERO,
        seq,
        code: "a.b".into(),
        sentence: "s".into(),
        severity,
        count: None,
    };
    let mut report = Report {
        repo: None,
        journals: 1,
        events: 2,
        void: 1,
        checkpoints: 0,
        bundles: 1,
        trust_versions: 1,
        refusals: 0,
        receipts: 0,
        again: Tally::default(),
        findings: vec![finding(Some(7), Severity::Fail), finding(None, Severity::Note)],
        anchors: Anchors::default(),
    };
    let zero = Oid::ZERO;
    let shown = text(&Verified(report.clone()));
    let counts =
        "1 journal, 2 events (and 1 void), 0 checkpoints, 1 policy bundle, 1 trust version, 0 recorded refusals";
    let anchors = "anchors: none, so newest appends that were dropped would not be noticed";
    assert_eq!(
        shown,
        format!("refs/x {zero}#7 a.b: s\nrefs/x {zero} a.b: s (note)\nFAILED (1 finding): {counts}; {anchors}\n")
    );
    report.findings.remove(0);
    report.anchors = Anchors { remembered: 2, tracking: 1, checkpoint_heads: 0 };
    report.receipts = 1;
    report.again.judged.extend([(Kind::Events, 2), (Kind::Trust, 1), (Kind::Undated, 1)]);
    report.again.unknown.extend([((Kind::Events, "no receipt".into()), 3), ((Kind::Branches, "commits".into()), 1)]);
    let value = line(&Verified(report.clone()));
    let judged = r#""judged":{"activations without a receipt":1,"changes of trust":1,"events":2}"#;
    assert!(value.contains(judged) && value.contains(r#"{"count":1,"what":"pushes to branches: commits"}"#), "{value}");
    let shown = text(&Verified(report));
    let again = [
        "judged again by the law that stood then, with 1 receipt: 1 change of trust, 2 events",
        "judged by some version of trust: 1 activation without a receipt",
        "not judged again: 3 events: no receipt",
        "not judged again: 1 push to a branch: commits",
    ];
    assert!(shown.contains(&(again.join("\n") + "\n")), "{shown}");
    assert!(
        shown.ends_with(&format!("PASSED: {counts}; anchors: heads 2 remembered, 1 of fetched journals\n")),
        "{shown}"
    );
}

#[test]
fn what_jq_gives_stays_readable_whatever_it_is() {
    let outputs = Selected(vec!["1".into(), "0.1234567890123456".into(), "NaN".into(), "\"a\"".into()]);
    assert_eq!(line(&outputs), "{\"outputs\":[1,0.1234567890123456,\"NaN\",\"a\"]}");
    assert_eq!(text(&outputs), "1\n0.1234567890123456\nNaN\n\"a\"\n");
}
