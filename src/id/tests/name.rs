use crate::id::{Actor, ActorKind, EventType, Ns, PublicKey, Replica, Segment, Writer};
use proptest::prelude::*;

#[test]
fn segments_that_git_or_a_file_system_refuses() {
    for good in
        ["a", "0", "main", "a.b", "a+b", "a-b_c", "locks", "a.lock.b", "console", "com0", "com10", &"x".repeat(80)]
    {
        assert_eq!(good.parse::<Segment>().expect(good).as_str(), good);
    }
    for bad in [
        "",
        ".a",
        "-a",
        "_a",
        "+a",
        "A",
        "aB",
        "a b",
        "a/b",
        "a:b",
        "a~b",
        "a^b",
        "a?b",
        "a*b",
        "a[b",
        "a\\b",
        "a@b",
        "a..b",
        "a.",
        "a.lock",
        "é",
        "a\n",
        "con",
        "nul.txt",
        "com1",
        "lpt9.a.b",
        &"x".repeat(81),
    ] {
        assert!(bad.parse::<Segment>().is_err(), "{bad:?} was read as a segment");
        assert!(bad.parse::<Ns>().is_err(), "{bad:?} was read as a namespace");
    }
    assert_eq!(Ns::main().as_str(), "main");
}

#[test]
fn event_types() {
    for good in ["add", "inventory.add", "a_b-c.9", "9", &"x".repeat(64)] {
        assert_eq!(good.parse::<EventType>().expect(good).as_str(), good);
    }
    for bad in ["", ".add", "Add", "a+b", "a b", "a/b", "ä", &"x".repeat(65)] {
        assert!(bad.parse::<EventType>().is_err(), "{bad:?} was read as an event type");
    }
}

#[test]
fn actors() {
    for (good, kind, name) in [
        ("user:alice", ActorKind::User, "alice"),
        ("agent:a.b+c", ActorKind::Agent, "a.b+c"),
        ("service:gate", ActorKind::Service, "gate"),
    ] {
        let actor: Actor = good.parse().expect(good);
        assert_eq!((actor.kind(), actor.name(), actor.as_str()), (kind, name, good));
        assert_eq!(Actor::new(kind, name).expect(good), actor);
    }
    let long = format!("user:{}", "x".repeat(49));
    for bad in
        ["", "alice", "user:", "user:Alice", "root:alice", "User:alice", "user.alice", "user:a:b", "user:a.lock", &long]
    {
        assert!(bad.parse::<Actor>().is_err(), "{bad:?} was read as an actor");
    }
}

#[test]
fn writers_that_do_not_name_a_key_of_an_actor_in_a_clone() {
    let good = "user.alice+e4674323.k7q2mz";
    let writer: Writer = good.parse().expect(good);
    assert_eq!(writer.actor().as_str(), "user:alice");
    assert_eq!((writer.key8(), writer.replica().as_str()), ("e4674323", "k7q2mz"));
    let elsewhere: Writer = "user.alice+e4674323.aaaaaa".parse().expect("a writer");
    assert!(writer.has_key_of(&elsewhere), "one key in two clones");
    for other in ["user.alice+e4674324.k7q2mz", "user.bob+e4674323.k7q2mz"] {
        assert!(!writer.has_key_of(&other.parse().expect(other)), "{other}");
    }
    for bad in [
        "",
        "user.alice",
        "user.alice+e4674323",
        "user.alice.k7q2mz",
        "user:alice+e4674323.k7q2mz",
        "user.alice+e467432.k7q2mz",
        "user.alice+e46743233.k7q2mz",
        "user.alice+E4674323.k7q2mz",
        "user.alice+g4674323.k7q2mz",
        "user.alice+e4674323.k7q2m",
        "user.alice+e4674323.K7Q2MZ",
        "user.+e4674323.k7q2mz",
        "root.alice+e4674323.k7q2mz",
        "user.a..b+e4674323.k7q2mz",
        "user.alice.+e4674323.k7q2mz",
        "user.con+e4674323.k7q2mz",
    ] {
        assert!(bad.parse::<Writer>().is_err(), "{bad:?} was read as a writer");
    }
}

fn actor() -> impl Strategy<Value = Actor> {
    let kind = prop_oneof![Just(ActorKind::Agent), Just(ActorKind::Service), Just(ActorKind::User)];
    (kind, "[a-z0-9][a-z0-9._+-]{0,47}").prop_filter_map("a legal name", |(k, n)| Actor::new(k, &n).ok())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn actors_and_writers_read_what_they_print(actor in actor(), key: [u8; 32], chance: [u8; 8]) {
        prop_assert_eq!(actor.to_string().parse(), Ok(actor.clone()));
        let (key, replica) = (PublicKey(key), Replica::from_chance(chance));
        prop_assert_eq!(replica.to_string().parse(), Ok(replica));
        let writer = Writer::new(&actor, &key, replica);
        prop_assert_eq!(writer.as_str().parse(), Ok(writer.clone()));
        prop_assert_eq!(writer.key8(), key.key8());
        // A writer's name stands in a ref as one segment.
        prop_assert!(writer.as_str().parse::<Segment>().is_ok(), "{} is no segment", writer);
    }

    #[test]
    fn whatever_is_read_prints_as_itself(text in "[a-z0-9.:+-]{0,90}|(user|agent|service)[.:][a-z+.-]{1,8}\\+[0-9a-f]{8}\\.[a-z0-9]{6}|\\PC{0,20}") {
        if let Ok(x) = text.parse::<Segment>() { prop_assert_eq!(x.to_string(), text.as_str()); }
        if let Ok(x) = text.parse::<Actor>() { prop_assert_eq!(x.to_string(), text.as_str()); }
        if let Ok(x) = text.parse::<EventType>() { prop_assert_eq!(x.to_string(), text.as_str()); }
        if let Ok(x) = text.parse::<Replica>() { prop_assert_eq!(x.to_string(), text.as_str()); }
        if let Ok(x) = text.parse::<Writer>() {
            prop_assert_eq!(x.to_string(), text.as_str());
            prop_assert!(text.parse::<Segment>().is_ok());
        }
    }
}
