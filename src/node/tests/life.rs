use super::*;

#[test]
fn a_repository_computes_its_own_state() {
    let (_home, ambient) = ready();
    let node = Node::open(&ambient).unwrap();
    assert!(node.take_notices().is_empty());
    let first = emit(&node, "add", r#"{"n":10}"#);
    assert_eq!(first.seq, 1);
    let shown = state(&node);
    assert_eq!(shown.state, br#"{"count":10}"#);
    assert_eq!((shown.events, shown.ledger_head), (1, Some(first.commit)));
    emit(&node, "add", r#"{"n":-3}"#);
    emit(&node, "add", r#"{"m":1}"#);
    let shown = state(&node);
    assert_eq!((shown.state.as_slice(), shown.events, shown.reverted.len()), (&br#"{"count":7}"#[..], 3, 1));
    assert_eq!(shown.reverted[0].class, "type");
    // The cache says what was computed.
    assert_eq!(state(&node), shown);
    let (report, _) = verify(&ambient, None, false, &Silent, &Cancel::default()).unwrap();
    assert!(report.passed(), "{:?}", report.findings);
    assert_eq!((report.events, report.journals, report.bundles), (3, 1, 1));
    let written = checkpoint(&node).unwrap();
    assert_eq!(written.proof.events, 3);
    assert!(checkpoint(&node).unwrap().unchanged);
    let verdict = node.verify_fold(written.commit, true, &Silent, &Cancel::default()).unwrap();
    assert_eq!(verdict.difference, None);
    emit(&node, "add", r#"{"n":1}"#);
    let next = checkpoint(&node).unwrap();
    assert_eq!(next.proof.base.as_ref().map(|b| b.checkpoint), Some(written.commit));
    let (report, _) = verify(&ambient, None, true, &Silent, &Cancel::default()).unwrap();
    assert!(report.passed(), "{:?}", report.findings);
    assert_eq!(report.checkpoints, 2);
}

#[test]
fn a_second_init_changes_nothing() {
    let (_home, ambient) = ready();
    let order = Init { profile: None, actor: None, key: None, offline: false };
    let report = init(&ambient, &order).unwrap();
    assert!(report.unchanged && report.adopted && report.known, "{report:?}");
}

#[test]
fn a_batch_is_the_same_as_its_events() {
    let (_home, ambient) = ready();
    let node = Node::open(&ambient).unwrap();
    let mut feed = Same { ambient: &ambient, payload: r#"{"n":1}"#, left: 20_000 };
    let mut told = Vec::new();
    let (batch, ended) = node.emit_batch(&Ns::main(), 256, &mut feed, &mut |p| told.push(p.lines), &Cancel::default());
    ended.unwrap();
    assert_eq!(batch.lines, 20_000);
    assert_eq!(told, [8192, 16384, 20_000]);
    assert_eq!(state(&node).state, br#"{"count":20000}"#);
}
