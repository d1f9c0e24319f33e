use super::IdError;
use std::fmt;
use std::str::FromStr;

/// A point in time in whole UTC seconds, printed `YYYY-MM-DDTHH:MM:SSZ` and read in no other form.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

/// 9999-12-31T23:59:59Z
const LAST: i64 = 253_402_300_799;

impl Timestamp {
    /// Seconds since 1970-01-01T00:00:00Z; `None` outside the years 1970 to 9999.
    pub fn from_unix(seconds: i64) -> Option<Timestamp> {
        (0..=LAST).contains(&seconds).then_some(Timestamp(seconds))
    }

    pub fn unix(self) -> i64 {
        self.0
    }
}

/// Days since 1970-01-01 of a proleptic Gregorian date
/// (Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`).
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let yoe = year.rem_euclid(400);
    let doy = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    let doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    era * 146_097 + doe - 719_468
}

/// The inverse of `days_from_civil` (same source, `civil_from_days`).
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let doe = z.rem_euclid(146_097);
    let yoe = (doe - doe / 1460 + doe / 36_524 - doe / 146_096) / 365;
    let doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    let mp = (5 * doy + 2) / 153;
    let day = doy - (153 * mp + 2) / 5 + 1;
    let month = if mp < 10 { mp + 3 } else { mp - 9 };
    (yoe + era * 400 + i64::from(month <= 2), month, day)
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = civil_from_days(self.0.div_euclid(86_400));
        let s = self.0.rem_euclid(86_400);
        write!(f, "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}Z", s / 3600, s / 60 % 60, s % 60)
    }
}
impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let bad = |why| IdError::new("a time", text, why);
        const FORM: &str = "it needs the form YYYY-MM-DDTHH:MM:SSZ";
        let b = text.as_bytes();
        if b.len() != 20
            || !b.iter().zip(b"0000-00-00T00:00:00Z").all(|(c, p)| if *p == b'0' { c.is_ascii_digit() } else { c == p })
        {
            return Err(bad(FORM));
        }
        let n = |r: std::ops::Range<usize>| b[r].iter().fold(0i64, |n, c| n * 10 + i64::from(c - b'0'));
        let (year, month, day, h, m, s) = (n(0..4), n(5..7), n(8..10), n(11..13), n(14..16), n(17..19));
        let days = days_from_civil(year, month, day);
        if !(1..=12).contains(&month) || civil_from_days(days) != (year, month, day) {
            return Err(bad("there is no such day"));
        }
        if h > 23 || m > 59 || s > 59 {
            return Err(bad("there is no such time of day"));
        }
        Timestamp::from_unix(days * 86_400 + h * 3600 + m * 60 + s).ok_or_else(|| bad("it lies outside 1970 to 9999"))
    }
}

/// A span of whole seconds, read from ISO 8601 (`P1DT2H`) with W D H M S, each at most once and in order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Seconds(pub u64);

/// Largest span, so that it stays an exact JSON number.
const SECONDS_MAX: u64 = (1 << 53) - 1;

impl FromStr for Seconds {
    type Err = IdError;
    fn from_str(text: &str) -> Result<Self, IdError> {
        let bad = |why| IdError::new("a duration", text, why);
        const FORM: &str = "it needs the form P[nW][nD][T[nH][nM][nS]]";
        let body = text.strip_prefix('P').ok_or_else(|| bad(FORM))?;
        let (date, time) = match body.split_once('T') {
            Some((_, "")) => return Err(bad(FORM)),
            Some((date, time)) => (date, time),
            None => (body, ""),
        };
        if date.is_empty() && time.is_empty() {
            return Err(bad(FORM));
        }
        if date.contains(['Y', 'M']) {
            return Err(bad("years and months have no fixed length"));
        }
        let mut total = 0u64;
        for (part, units) in [(date, &[('W', 604_800), ('D', 86_400)][..]), (time, &[('H', 3600), ('M', 60), ('S', 1)])]
        {
            let mut rest = part;
            for &(unit, size) in units {
                let Some((number, after)) = rest.split_once(unit) else { continue };
                let whole = match number.split_once('.') {
                    Some((whole, zeros)) if unit == 'S' && !zeros.is_empty() && zeros.bytes().all(|b| b == b'0') => {
                        whole
                    }
                    Some(_) => return Err(bad("fractions are not allowed")),
                    None => number,
                };
                if whole.is_empty() || !whole.bytes().all(|b| b.is_ascii_digit()) {
                    return Err(bad(FORM));
                }
                let n: u64 = whole.parse().map_err(|_| bad("it is too long"))?;
                total = n
                    .checked_mul(size)
                    .and_then(|n| n.checked_add(total))
                    .filter(|n| *n <= SECONDS_MAX)
                    .ok_or_else(|| bad("it is too long"))?;
                rest = after;
            }
            if !rest.is_empty() {
                return Err(bad(FORM));
            }
        }
        Ok(Seconds(total))
    }
}
