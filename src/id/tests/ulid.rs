use super::vectors::{Case, each, same, unhex, verdict};
use crate::id::Ulid;
use proptest::prelude::*;

fn op(name: &str) -> impl Fn(&Case) -> bool {
    move |case| case.get("op") == name
}

fn random(text: &str) -> [u8; 10] {
    unhex(text).try_into().expect("10 bytes of chance")
}

#[test]
fn vectors_encode() {
    each("ulid", op("encode"), |case| {
        let ms = case.get("ms").as_u64();
        let ulid = ms.and_then(|ms| Ulid::from_parts(ms, random(case.text("rand_hex"))));
        verdict(case, ulid.map(|u| u.to_string()).ok_or("no ULID"), || case.text("ulid").to_owned())
    });
}

#[test]
fn vectors_decode() {
    each("ulid", op("decode"), |case| {
        let parts = case.text("ulid").parse::<Ulid>().map(|u| (Some(u.ms()), u.random()));
        verdict(case, parts, || (case.get("ms").as_u64(), random(case.text("rand_hex"))))
    });
}

#[test]
fn vectors_next_of_the_same_millisecond() {
    each("ulid", op("monotonic_next_same_ms"), |case| {
        let ulid: Ulid = case.text("ulid").parse().expect("a ULID");
        same(ulid.next().map(|u| u.to_string()).as_deref(), case.maybe("next"))
    });
}

#[test]
fn vectors_order_of_values_is_order_of_texts() {
    each("ulid", op("sort"), |case| {
        let texts =
            |name| -> Vec<&str> { case.get(name).as_array().expect("list").iter().flat_map(|v| v.as_str()).collect() };
        let mut ulids: Vec<Ulid> = texts("in").iter().map(|t| t.parse().expect("a ULID")).collect();
        ulids.sort();
        same(
            ulids.iter().map(ToString::to_string).collect(),
            texts("out").iter().map(ToString::to_string).collect::<Vec<_>>(),
        )
    });
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn text_and_parts_round_trip(ms in 0u64..1 << 48, random: [u8; 10]) {
        let ulid = Ulid::from_parts(ms, random).expect("48 bits");
        prop_assert_eq!((ulid.ms(), ulid.random()), (ms, random));
        prop_assert_eq!(ulid.to_string().parse(), Ok(ulid));
    }
}
