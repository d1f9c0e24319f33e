//! The decimal form of Q32.32: a value is `raw / 2^32`. Printing gives the fewest decimals that parse back to the same
//! raw value (ten always suffice); parsing rounds to the nearest, ties to even.

/// Decimals that decide a rounding: halves of the grid, multiples of 2^-33, have 33. More can only break a tie.
const DECIMALS: usize = 33;
const ONE: i128 = 1 << 32;

/// Why a decimal is not a Q32.32 value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FixedError {
    #[error("not a plain decimal: digits, and after a point more digits")]
    Syntax,
    #[error("outside the range of Q32.32")]
    Range,
}

/// `n / d` to the nearest integer, ties to even; `n` ≥ 0, `d` > 0.
pub(crate) fn div_even(n: i128, d: i128) -> i128 {
    let (q, r) = (n / d, n % d);
    if r * 2 > d || (r * 2 == d && q & 1 == 1) { q + 1 } else { q }
}

/// Reads a plain decimal (`-12.5`) as the nearest raw value, in 128 bits: integers need more than Q32.32 has.
pub fn parse_wide(text: &str) -> Result<i128, FixedError> {
    let (negative, body) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, decimals) = match body.split_once('.') {
        Some((_, "")) => return Err(FixedError::Syntax),
        Some(parts) => parts,
        None => (body, ""),
    };
    let digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(decimals) {
        return Err(FixedError::Syntax);
    }
    if whole.len() > 1 && whole.starts_with('0') {
        return Err(FixedError::Syntax);
    }
    if whole.len() > 20 {
        return Err(FixedError::Range);
    }
    let whole: i128 = whole.parse().expect("at most 20 digits");
    let raw = whole * ONE + fraction(decimals);
    Ok(if negative { -raw } else { raw })
}

/// The nearest multiple of 2^-32 to `0.decimals`, ties to even.
fn fraction(decimals: &str) -> i128 {
    if decimals.is_empty() {
        return 0;
    }
    let (used, rest) = decimals.split_at(decimals.len().min(DECIMALS));
    let n: i128 = used.parse().expect("at most 33 digits");
    let n = n * 10i128.pow((DECIMALS - used.len()) as u32);
    // n / 10^33 in units of 2^-33 is n / 5^33.
    let d = 5i128.pow(DECIMALS as u32);
    let (halves, more) = (n / d, n % d != 0 || rest.bytes().any(|b| b != b'0'));
    let (q, tied_or_above) = (halves / 2, halves % 2 == 1);
    if tied_or_above && (more || q % 2 == 1) { q + 1 } else { q }
}

/// Reads a plain decimal as a raw Q32.32 value.
pub fn parse(text: &str) -> Result<i64, FixedError> {
    i64::try_from(parse_wide(text)?).map_err(|_| FixedError::Range)
}

/// Reads a fraction in the exact form that `print` gives it; integral values have no such form.
pub fn parse_canonical(text: &str) -> Option<i64> {
    let raw = parse(text).ok()?;
    (raw as i128 % ONE != 0 && print(raw) == text).then_some(raw)
}

/// The shortest plain decimal of a raw value.
pub fn print(raw: i64) -> String {
    let sign = if raw < 0 { "-" } else { "" };
    let magnitude = i128::from(raw).abs();
    let (whole, part) = (magnitude / ONE, magnitude % ONE);
    if part == 0 {
        return format!("{sign}{whole}");
    }
    for width in 1..=10u32 {
        let scale = 10i128.pow(width);
        let decimals = div_even(part * scale, ONE);
        if decimals > 0 && decimals < scale && div_even(decimals * ONE, scale) == part {
            return format!("{sign}{whole}.{decimals:0width$}", width = width as usize);
        }
    }
    unreachable!("ten decimals tell 2^32 fractions apart")
}
