use crate::canon::fixed::{self, FixedError};
use crate::id::tests::vectors::{Case, each, same, verdict};
use proptest::prelude::*;

fn raw(case: &Case) -> i64 {
    case.text("raw").parse().expect("a raw value")
}

#[test]
fn vectors_parse() {
    each(
        "q32",
        |case| case.get("op") == "parse",
        |case| {
            let read = fixed::parse(case.text("in"));
            verdict(case, read, || raw(case))?;
            read.map_or(Ok(()), |raw| same(fixed::print(raw).as_str(), case.text("out")))
        },
    );
}

#[test]
fn vectors_print() {
    each(
        "q32",
        |case| case.get("op") == "format",
        |case| {
            same(fixed::print(raw(case)).as_str(), case.text("out"))?;
            same(fixed::parse(case.text("out")), Ok(raw(case)))?;
            // The exact decimal of a raw value has up to 32 decimals.
            same(fixed::parse(case.text("exact")), Ok(raw(case)))
        },
    );
}

#[test]
fn wide_values_reach_beyond_the_range() {
    assert_eq!(fixed::parse_wide("9223372036854775807"), Ok(i128::from(i64::MAX) << 32));
    assert_eq!(fixed::parse_wide("-99999999999999999999"), Ok(-99_999_999_999_999_999_999 << 32));
    assert_eq!(fixed::parse_wide("100000000000000000000"), Err(FixedError::Range));
}

#[test]
fn only_fractions_have_a_canonical_spelling() {
    assert_eq!(fixed::parse_canonical("0.5"), Some(1 << 31));
    for bad in ["1", "1.0", "0", "-0", "0.50", "00.5", "+0.5", ".5", "0.5e0", "0.0000000001", "2147483648.5"] {
        assert_eq!(fixed::parse_canonical(bad), None, "{bad:?}");
    }
}

/// `0.digits` in units of 2^-32, rounded by the definition: each doubling of the decimal carries out one binary digit.
fn by_doubling(digits: &str) -> i128 {
    let mut digits: Vec<u8> = digits.bytes().map(|b| b - b'0').collect();
    let mut double = || {
        digits.iter_mut().rev().fold(0, |carry, digit| {
            let n = *digit * 2 + carry;
            *digit = n % 10;
            n / 10
        })
    };
    let raw = (0..32).fold(0i128, |raw, _| raw * 2 + i128::from(double()));
    let half = double() == 1;
    let more = digits.iter().any(|d| *d != 0);
    raw + i128::from(half && (more || raw % 2 == 1))
}

#[test]
fn doubles_off_the_grid_and_integral_ones() {
    assert_eq!(fixed::on_grid(0.1), Some(429_496_730));
    assert_eq!(fixed::on_grid(-2e-10), Some(-1));
    for f in [0.0, -0.0, 1.0, 1e21, 1e-10, 0.12345678901, 2_147_483_648.5, f64::NAN, f64::INFINITY, f64::MIN_POSITIVE] {
        assert_eq!(fixed::on_grid(f), None, "{f}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn every_raw_value_prints_shortest_and_reads_back(raw: i64, shift in 0u32..64) {
        let raw = raw >> shift;
        let text = fixed::print(raw);
        prop_assert_eq!(fixed::parse(&text), Ok(raw));
        if let Some((_, decimals)) = text.split_once('.') {
            prop_assert!(decimals.len() <= 10 && !decimals.ends_with('0'), "{}", text);
            prop_assert_eq!(fixed::parse_canonical(&text), Some(raw));
            // One decimal less, rounded either way, names another value.
            let cut = &text[..text.len() - 1];
            prop_assert_ne!(fixed::parse_wide(cut.trim_end_matches('.')), Ok(i128::from(raw)));
        } else {
            prop_assert_eq!(raw % (1 << 32), 0);
        }
    }

    #[test]
    fn decimals_are_read_as_the_nearest_value(whole in 0i128..1 << 31, digits in "[0-9]{1,50}") {
        let raw = (whole << 32) + by_doubling(&digits);
        prop_assert_eq!(fixed::parse_wide(&format!("{whole}.{digits}")), Ok(raw));
        prop_assert_eq!(fixed::parse_wide(&format!("-{whole}.{digits}")), Ok(-raw));
    }

    #[test]
    fn ties_go_to_the_even_value(odd in 0i128..1 << 32, tail in "[0-9]{0,9}") {
        // (2 odd + 1) / 2^33 has exactly 33 decimals.
        let tie = format!("{:033}", (2 * odd + 1) * 5i128.pow(33));
        let raw = by_doubling(&format!("{tie}{tail}"));
        prop_assert_eq!(fixed::parse_wide(&format!("0.{tie}{tail}")), Ok(raw));
        prop_assert!(raw == odd || raw == odd + 1);
    }

    #[test]
    fn a_double_on_the_grid_means_the_value_that_it_prints(raw: i64, shift in 0u32..64, any: f64) {
        let raw = raw >> shift;
        let text = fixed::print(raw);
        let double: f64 = text.parse().expect("a decimal");
        let digits = text.bytes().filter(u8::is_ascii_digit).count();
        if raw % (1 << 32) != 0 && digits <= 15 {
            // A double tells decimals of 15 digits apart.
            prop_assert_eq!(fixed::on_grid(double), Some(raw));
        }
        for f in [double, any] {
            if let Some(raw) = fixed::on_grid(f) {
                prop_assert_eq!(fixed::print(raw).parse(), Ok(f));
            }
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,12}|-?[0-9.]{0,60}|-?[0-9.]{0,4}[eE][+-]?[0-9]{0,30}") {
        let _ = (fixed::parse(&text), fixed::parse_canonical(&text));
    }
}
