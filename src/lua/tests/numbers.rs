//! The pure cores against vectors of an independent implementation.

use super::value;
use crate::canon::{Value, fixed};
use crate::lua::pcg32::Pcg32;
use crate::lua::q32::{self, ArithError};

fn cases(text: &str) -> Vec<Value> {
    value(text).get("cases").and_then(Value::as_list).expect("a list of cases").to_vec()
}

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case.get(key).and_then(Value::as_str).unwrap_or_else(|| panic!("{key} of {case:?}"))
}

fn raw(case: &Value, key: &str) -> i64 {
    text(case, key).parse().expect("a raw value is an integer")
}

#[test]
fn must_match_every_q32_vector() {
    type Operator = fn(i64, i64) -> Result<i64, ArithError>;
    let binary: [(&str, Operator); 6] = [
        ("add", q32::add),
        ("sub", q32::sub),
        ("mul", q32::mul),
        ("div", q32::div),
        ("idiv", q32::idiv),
        ("mod", q32::modulo),
    ];
    let all = cases(include_str!("../../../tests/vectors/q32.json"));
    assert_eq!(all.len(), 377);
    for case in &all {
        let refused = case.get("error").and_then(Value::as_str);
        let result = match text(case, "op") {
            "parse" => fixed::parse(text(case, "in")).map_err(|e| match e {
                fixed::FixedError::Syntax => "E_Q_SYNTAX",
                fixed::FixedError::Range => "E_Q_OVERFLOW",
            }),
            "format" => Ok(raw(case, "raw")),
            op => {
                let result = match binary.iter().find(|(name, _)| *name == op) {
                    Some((_, f)) => f(raw(case, "a"), raw(case, "b")),
                    None if op == "neg" => q32::neg(raw(case, "a")),
                    None => panic!("unknown operation {op}"),
                };
                result.map_err(|e| if e == ArithError::Zero { "E_Q_DIV0" } else { "E_Q_OVERFLOW" })
            }
        };
        match (result, refused) {
            (Ok(got), None) => {
                assert_eq!(got, raw(case, "raw"), "{case:?}");
                assert_eq!(fixed::print(got), text(case, "out"), "{case:?}");
            }
            (Err(got), Some(wanted)) => assert_eq!(got, wanted, "{case:?}"),
            (got, wanted) => panic!("{got:?} where {wanted:?} was wanted: {case:?}"),
        }
    }
}

#[test]
fn must_match_every_pcg32_vector() {
    let mut seen = 0;
    for case in cases(include_str!("../../../tests/vectors/pcg32.json")) {
        // Generators that are not seeded by `pcg32_srandom_r` are not ours.
        let pair = case.get("seed").and_then(|s| s.get("srandom")).and_then(Value::as_list).map(<[Value]>::to_vec);
        let Some(pair) = pair else { continue };
        let word = |i: usize| pair[i].as_str().and_then(|s| s.parse::<u64>().ok()).expect("a 64-bit word");
        let mut pcg = Pcg32::new(word(0), word(1));
        let seeded = pcg.clone();
        let (state, increment) = pcg.parts();
        assert_eq!(format!("{state:016x}"), text(&case, "state_hex"));
        assert_eq!(format!("{increment:016x}"), text(&case, "inc_hex"));
        for drawn in case.get("u32").and_then(Value::as_list).expect("outputs") {
            assert_eq!(format!("{:08x}", pcg.next_u32()), drawn.as_str().expect("hexadecimal"));
        }
        assert_eq!(format!("{:016x}", pcg.parts().0), text(&case, "state_after_16_hex"));
        for bound in [6, 100, 2_147_483_649] {
            pcg = seeded.clone();
            let drawn = case.get(&format!("bounded_{bound}")).and_then(Value::as_list).expect("bounded outputs");
            drawn.iter().for_each(|d| assert_eq!(d.as_int(), Some(pcg.below(bound).into()), "{case:?}"));
        }
        assert_eq!(format!("{:016x}", pcg.parts().0), text(&case, "state_after_that_hex"));
        seen += 1;
    }
    assert_eq!(seen, 16, "no case was lost");
}

#[test]
fn doubles_on_the_grid_are_those_whose_text_is_exact() {
    for (f, wanted) in [
        (0.5, Some(1 << 31)),
        (0.1, Some(429_496_730)),
        (-0.1, Some(-429_496_730)),
        (2e-10, Some(1)),
        (-2e-10, Some(-1)),
        (1.5e-7, Some(644)),
        (1.23456789e-7, None),
        (0.1 + 0.2, None),
        (2_147_483_647.25, Some((((1i64 << 31) - 1) << 32) + (1 << 30))),
        (-2_147_483_648.5, None),
        (1e-11, None),
        (f64::NAN, None),
        (f64::INFINITY, None),
        (3.0, None),
    ] {
        assert_eq!(fixed::on_grid(f), wanted, "{f}");
    }
    // Every fraction whose shortest decimal a double can carry comes back.
    for raw in [3i64, 12_345_678_901, -77_777_777_777, (1 << 33) + 1] {
        let f: f64 = fixed::print(raw).parse().expect("a decimal");
        assert_eq!(fixed::on_grid(f), Some(raw), "{raw}");
    }
}

#[test]
fn powers_are_exact_where_they_fit_and_end_soon_where_they_do_not() {
    use crate::lua::N;
    let half = N::from_raw(1 << 31).unwrap();
    assert_eq!(N::Int(2).checked_pow(N::Int(62)), Ok(N::Int(1 << 62)));
    assert_eq!(N::Int(-2).checked_pow(N::Int(63)), Ok(N::Int(i64::MIN)));
    assert_eq!(N::Int(2).checked_pow(N::Int(63)), Err(ArithError::Overflow));
    assert_eq!(half.checked_pow(N::Int(i64::MAX)), Ok(N::Int(0)));
    let barely = N::from_raw((1 << 32) + 1).unwrap();
    assert!(barely.checked_pow(N::Int(1 << 33)).is_ok());
    assert_eq!(barely.checked_pow(N::Int(i64::MAX)), Err(ArithError::Overflow));
    assert_eq!(N::Int(0).checked_pow(N::Int(0)), Ok(N::Int(1)));
    assert_eq!(N::Int(2).checked_pow(half), Err(ArithError::Exponent));
}
