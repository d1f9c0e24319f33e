use crate::canon::{self, Value};
use crate::git::layout::is_stranger;
use crate::git::{JobPart, Lost, Month, Place, Plane, ProofKind, RefName, Scope, SegmentNo, refspec_reaches_ours};
use crate::id::{Actor, ActorKind, Blake3, Ns, PublicKey, Replica, Segment, Ulid, Writer};
use proptest::prelude::*;

/// The text of a ref name in the family; spelled in parts, as `layout` alone may spell it whole.
fn family(rest: &str) -> String {
    ["refs", rest].join("/")
}

fn segment() -> impl Strategy<Value = Segment> {
    "[a-z0-9][a-z0-9._+-]{0,79}".prop_filter_map("a segment", |text| text.parse().ok())
}

fn ns() -> impl Strategy<Value = Ns> {
    segment().prop_map(|s| s.as_str().parse().unwrap())
}

fn writers() -> impl Strategy<Value = Writer> {
    let kind = prop_oneof![Just(ActorKind::Agent), Just(ActorKind::Service), Just(ActorKind::User)];
    let actor = (kind, "[a-z0-9][a-z0-9._+-]{0,47}").prop_filter_map("an actor", |(k, n)| Actor::new(k, &n).ok());
    (actor, any::<[u8; 32]>(), any::<[u8; 8]>())
        .prop_map(|(actor, key, chance)| Writer::new(&actor, &PublicKey(key), Replica::from_chance(chance)))
}

fn blake() -> impl Strategy<Value = Blake3> {
    any::<[u8; 32]>().prop_map(Blake3)
}

fn segment_no() -> impl Strategy<Value = SegmentNo> {
    (1u32..=999_999).prop_map(|n| SegmentNo::new(n).unwrap())
}

fn plane() -> impl Strategy<Value = Plane> {
    let kind = proptest::sample::select(&ProofKind::ALL[..]);
    let part = proptest::sample::select(&JobPart::ALL[..]);
    let month = (1970u16..=9999, 1u8..=12).prop_map(|(y, m)| Month::new(y, m).unwrap());
    let ulid = (0..1u64 << 48, any::<[u8; 10]>()).prop_map(|(ms, r)| Ulid::from_parts(ms, r).unwrap());
    let upper = prop_oneof![
        Just(Plane::TrustGraph),
        blake().prop_map(Plane::PolicyBundle),
        Just(Plane::PolicyActive),
        (ns(), writers()).prop_map(|(ns, writer)| Plane::Journal { ns, writer }),
        ns().prop_map(|ns| Plane::State { ns }),
        writers().prop_map(|writer| Plane::AuditPolicy { writer }),
        (kind, blake()).prop_map(|(kind, id)| Plane::AuditProof { kind, id }),
        writers().prop_map(|writer| Plane::AuditResolve { writer }),
        blake().prop_map(Plane::Proposal),
    ];
    let lower = prop_oneof![
        (blake(), writers()).prop_map(|(proposal, writer)| Plane::Approval { proposal, writer }),
        blake().prop_map(Plane::Grant),
        (blake(), writers()).prop_map(|(grant, writer)| Plane::Revocation { grant, writer }),
        (segment(), writers(), segment_no()).prop_map(|(topic, writer, segment)| Plane::Messages {
            topic,
            writer,
            segment
        }),
        (segment(), writers()).prop_map(|(topic, writer)| Plane::Acks { topic, writer }),
        (blake(), part).prop_map(|(id, part)| Plane::Job { id, part }),
        (ns(), segment_no()).prop_map(|(ns, segment)| Plane::Epoch { ns, segment }),
        (segment(), month).prop_map(|(plane, month)| Plane::Archive { plane, month }),
        (writers(), ulid).prop_map(|(writer, ulid)| Plane::Session { writer, ulid }),
    ];
    prop_oneof![upper, lower]
}

fn name() -> impl Strategy<Value = RefName> {
    let place = prop_oneof![Just(Place::Own), segment().prop_map(Place::Tracking)];
    (place, plane()).prop_map(|(place, plane)| RefName { place, plane })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn parse_inverts_display(name in name()) {
        let text = name.to_string();
        prop_assert_eq!(RefName::parse(&text), Some(name));
        prop_assert!(git2::Reference::is_valid_name(&text));
        prop_assert!(!is_stranger(&text));
    }

    #[test]
    fn what_parses_is_spelled_one_way(rest in "gatos(-remotes/origin)?/(trust/graph|state/.{1,8}|epoch/main/[0-9]{1,7}|archive/jobs/[0-9-]{1,8})") {
        let text = family(&rest);
        if let Some(name) = RefName::parse(&text) {
            prop_assert_eq!(name.to_string(), text);
        }
    }

    #[test]
    fn a_scope_holds_what_its_globs_find(name in name()) {
        let own = name.place == Place::Own;
        prop_assert_eq!(Scope::Own.holds(&name), own);
        prop_assert_eq!(Scope::Tracking.holds(&name), !own);
        if let Plane::Journal { ns, .. } = &name.plane {
            prop_assert!(Scope::Journals(None).holds(&name));
            prop_assert!(Scope::Journals(Some(ns.clone())).holds(&name));
        }
        prop_assert_eq!(Scope::States.holds(&name), matches!(name.plane, Plane::State { .. }));
    }
}

#[test]
fn the_table_is_spelled_as_published() {
    let writer: Writer = "user.alice+07070707.k7q2mz".parse().unwrap();
    let id = Blake3([0xab; 32]);
    let h64 = "ab".repeat(32);
    let topic: Segment = "deploy.eu".parse().unwrap();
    let segment = SegmentNo::new(2).unwrap();
    let ulid: Ulid = "01ARZ3NDEKTSV4RRFFQ69G5FAV".parse().unwrap();
    let w = "user.alice+07070707.k7q2mz";
    let rows = [
        (Plane::TrustGraph, "trust/graph".to_owned()),
        (Plane::PolicyBundle(id), format!("policies/{h64}")),
        (Plane::PolicyActive, "policies/active".to_owned()),
        (Plane::Journal { ns: Ns::main(), writer: writer.clone() }, format!("journal/main/{w}")),
        (Plane::State { ns: Ns::main() }, "state/main".to_owned()),
        (Plane::AuditPolicy { writer: writer.clone() }, format!("audit/policy/{w}")),
        (Plane::AuditProof { kind: ProofKind::Fold, id }, format!("audit/proofs/fold/{h64}")),
        (Plane::AuditResolve { writer: writer.clone() }, format!("audit/resolve/{w}")),
        (Plane::Proposal(id), format!("proposals/{h64}")),
        (Plane::Approval { proposal: id, writer: writer.clone() }, format!("approvals/{h64}/{w}")),
        (Plane::Grant(id), format!("grants/{h64}")),
        (Plane::Revocation { grant: id, writer: writer.clone() }, format!("revocations/{h64}/{w}")),
        (
            Plane::Messages { topic: topic.clone(), writer: writer.clone(), segment },
            format!("mbus/deploy.eu/{w}/000002"),
        ),
        (Plane::Acks { topic, writer: writer.clone() }, format!("mbus-ack/deploy.eu/{w}")),
        (Plane::Job { id, part: JobPart::Claim }, format!("jobs/{h64}/claim")),
        (Plane::Epoch { ns: Ns::main(), segment }, "epoch/main/000002".to_owned()),
        (
            Plane::Archive { plane: "jobs".parse().unwrap(), month: Month::new(2026, 1).unwrap() },
            "archive/jobs/2026-01".to_owned(),
        ),
        (Plane::Session { writer: writer.clone(), ulid }, format!("sessions/{w}/01arz3ndektsv4rrffq69g5fav")),
    ];
    for (plane, path) in rows {
        assert_eq!(RefName::own(plane.clone()).to_string(), family(&format!("gatos/{path}")));
        let remote: Segment = "origin".parse().unwrap();
        assert_eq!(RefName::tracking(remote, plane).to_string(), family(&format!("gatos-remotes/origin/{path}")));
    }
    let lost = Lost { ns: Ns::main(), writer };
    assert_eq!(lost.to_string(), family(&format!("gatos-lost/main/{w}")));
    assert_eq!(Lost::parse(&lost.to_string()), Some(lost));
}

#[test]
fn names_outside_the_layout_are_strangers() {
    for rest in [
        "gatos",
        "gatosx/y",
        "GATOS/trust/graph",
        "Gatos/state/main",
        "gatos/trust/graph2",
        "gatos/trust/graph/x",
        "gatos/policies/ABAB",
        "gatos/journal/main/alice",
        "gatos/journal/Main/user.alice+07070707.aaaaaa",
        "gatos/state/main/x",
        "gatos/state/con",
        "gatos/epoch/main/000000",
        "gatos/epoch/main/1",
        "gatos/archive/jobs/2026-13",
        "gatos/audit/proofs/other/00",
        "gatos-remotes/Origin/trust/graph",
        "gatos-remotes/origin",
        "gatos-lost/main",
    ] {
        let name = family(rest);
        assert_eq!(RefName::parse(&name), None, "{name}");
        assert!(is_stranger(&name), "{name}");
    }
    for rest in ["heads/main", "tags/gatos", "gato/x", "gatos-cache/anything/goes"] {
        assert!(!is_stranger(&family(rest)), "{rest}");
    }
}

/// Which identifiers git accepts in a ref name, recorded from `git check-ref-format`: nothing git refuses may be built.
/// What git accepts and we refuse is refused on purpose (case, device names, length).
#[test]
fn vectors_of_ref_names() {
    let vectors = canon::json::parse(include_bytes!("../../../tests/vectors/refnames.json")).unwrap();
    let cases = vectors.get("cases").and_then(Value::as_list).unwrap();
    assert_eq!(cases.len(), 33);
    for case in cases {
        let field = |name: &str| case.get(name).and_then(Value::as_str);
        let accepts = case.get("git_accepts").and_then(Value::as_bool).unwrap();
        for name in ["spec_literal_ref", "proposed_ref"].into_iter().filter_map(field) {
            assert_eq!(git2::Reference::is_valid_name(name), accepts, "{case:?}");
            assert!(accepts || RefName::parse(name).is_none(), "{case:?}");
        }
        if let (Some("actor"), Some(ident), Some(_), false) =
            (field("kind"), field("ident"), field("proposed_ref"), accepts)
        {
            assert!(ident.parse::<Actor>().is_err(), "git refuses the name, so the actor must be refused: {case:?}");
        }
    }
    let active = cases.iter().find(|case| case.get("id").and_then(Value::as_str) == Some("policy-active")).unwrap();
    let name = active.get("spec_literal_ref").and_then(Value::as_str).unwrap();
    assert_eq!(RefName::parse(name), Some(RefName::own(Plane::PolicyActive)));
}

#[test]
fn refspecs_that_can_write_ours_are_known() {
    for reaches in
        ["refs/gatos/*", "refs/*", "*", "refs/gatos*", "refs/gatos/trust/graph", "refs/gatos-remotes/origin/*"]
    {
        assert!(refspec_reaches_ours(reaches), "{reaches}");
    }
    for passes in ["refs/heads/*", "refs/remotes/origin/*", "refs/gatos", "refs/tags/v1", "refs/gatosx/*", ""] {
        assert!(!refspec_reaches_ours(passes), "{passes}");
    }
}
