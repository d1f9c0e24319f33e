use super::vectors::{each, verdict};
use crate::id::{Seconds, Timestamp};
use proptest::prelude::*;

#[test]
fn vectors_durations() {
    each(
        "iso8601_duration",
        |_| true,
        |case| verdict(case, case.text("text").parse::<Seconds>().map(|s| Some(s.0)), || case.get("seconds").as_u64()),
    );
}

#[test]
fn only_one_form_of_a_time_is_read() {
    for good in ["1970-01-01T00:00:00Z", "2000-02-29T23:59:59Z", "2026-11-21T09:00:00Z", "9999-12-31T23:59:59Z"] {
        assert_eq!(good.parse::<Timestamp>().expect(good).to_string(), good);
    }
    for bad in [
        "",
        "2026-11-21",
        "2026-11-21T09:00:00",
        "2026-11-21T09:00:00+00:00",
        "2026-11-21T09:00:00.0Z",
        "2026-11-21t09:00:00Z",
        "2026-11-21T09:00:00z",
        "2026-11-21 09:00:00Z",
        " 2026-11-21T09:00:00Z",
        "2026-11-21T09:00:00Z\n",
        "2026-00-21T09:00:00Z",
        "2026-13-21T09:00:00Z",
        "2026-11-00T09:00:00Z",
        "2026-11-31T09:00:00Z",
        "2025-02-29T09:00:00Z",
        "1900-02-29T09:00:00Z",
        "2026-11-21T24:00:00Z",
        "2026-11-21T23:60:00Z",
        "2026-11-21T23:59:60Z",
        "1969-12-31T23:59:59Z",
        "0000-01-01T00:00:00Z",
        "-026-11-21T09:00:00Z",
        "٢٠٢٦-11-21T09:0",
    ] {
        assert!(bad.parse::<Timestamp>().is_err(), "{bad:?} was read as a time");
    }
}

#[test]
fn times_outside_the_years_1970_to_9999_have_no_form() {
    assert_eq!(Timestamp::from_unix(-1), None);
    assert_eq!(Timestamp::from_unix(253_402_300_800), None);
    assert_eq!(Timestamp::from_unix(253_402_300_799).expect("in range").to_string(), "9999-12-31T23:59:59Z");
}

fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        2 if leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// A calendar that counts every day from 1970 on, for comparison.
fn naive(unix: i64) -> String {
    let (mut days, s) = (unix / 86_400, unix % 86_400);
    let (mut year, mut month) = (1970, 1);
    while days >= if leap(year) { 366 } else { 365 } {
        days -= if leap(year) { 366 } else { 365 };
        year += 1;
    }
    while days >= days_in(year, month) {
        days -= days_in(year, month);
        month += 1;
    }
    format!("{year:04}-{month:02}-{:02}T{:02}:{:02}:{:02}Z", days + 1, s / 3600, s / 60 % 60, s % 60)
}

#[test]
fn every_day_of_four_centuries_agrees_with_the_naive_calendar() {
    for day in 0..4 * 36_525 {
        let unix = day * 86_400 + day % 86_400;
        let text = naive(unix);
        assert_eq!(Timestamp::from_unix(unix).expect("in range").to_string(), text);
        assert_eq!(text.parse::<Timestamp>().expect("a time").unix(), unix);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn times_agree_with_the_naive_calendar(unix in 0i64..=253_402_300_799) {
        let time = Timestamp::from_unix(unix).expect("in range");
        prop_assert_eq!(time.to_string(), naive(unix));
        prop_assert_eq!(time.to_string().parse(), Ok(time));
    }

    #[test]
    fn any_date_of_a_grid_is_read_just_when_it_exists(year in 1970i64..=9999, month in 0i64..=13, day in 0i64..=32) {
        let text = format!("{year:04}-{month:02}-{day:02}T00:00:00Z");
        let exists = (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
        prop_assert_eq!(text.parse::<Timestamp>().is_ok(), exists);
    }

    #[test]
    fn durations_add_up(w in 0u64..9999, d in 0u64..9999, h in 0u64..9999, m in 0u64..9999, s in 0u64..9999) {
        let text = format!("P{w}W{d}DT{h}H{m}M{s}S");
        prop_assert_eq!(text.parse(), Ok(Seconds(((w * 7 + d) * 24 + h) * 3600 + m * 60 + s)));
    }

    #[test]
    fn no_text_makes_the_readers_panic(text in "\\PC{0,24}|P[0-9WDTHMS.]{0,12}|[0-9TZ:-]{20}") {
        let _ = (text.parse::<Timestamp>(), text.parse::<Seconds>());
    }
}
