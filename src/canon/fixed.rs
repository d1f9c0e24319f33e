//! The decimal form of Q32.32: a value is `raw / 2^32`. Printing gives the fewest decimals that parse back to the same
//! raw value (ten always suffice); parsing rounds to the nearest, ties to even.

/// Decimals that are computed with: 2 * 10^38 is still below 2^128.
const DECIMALS_MAX: usize = 38;
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
    let significant = whole.trim_start_matches('0');
    if significant.len() > 20 {
        return Err(FixedError::Range);
    }
    let whole: i128 = if significant.is_empty() { 0 } else { significant.parse().map_err(|_| FixedError::Range)? };
    let raw = whole * ONE + fraction(decimals);
    Ok(if negative { -raw } else { raw })
}

/// The nearest multiple of 2^-32 to `0.decimals`. Values and ties have at most 33 decimals, so what stands behind the 38th
/// only says on which side of a tie the number lies.
fn fraction(decimals: &str) -> i128 {
    let (used, rest) = decimals.split_at(decimals.len().min(DECIMALS_MAX));
    if used.is_empty() {
        return 0;
    }
    let d = 10u128.pow(used.len() as u32);
    let mut r: u128 = used.parse().expect("at most 38 digits");
    let mut q = 0i128;
    for _ in 0..32 {
        r *= 2;
        q = q << 1 | i128::from(r >= d);
        r -= if r >= d { d } else { 0 };
    }
    let sticky = rest.bytes().any(|b| b != b'0');
    let up = r * 2 > d || (r * 2 == d && (sticky || q & 1 == 1));
    if up { q + 1 } else { q }
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

/// The raw value of a double that is not integral, where its JCS text is the exact form of a Q32.32 fraction; an exponent,
/// which JCS writes below 10^-6, counts as the zeros it stands for. `None` for every other double.
pub fn on_grid(f: f64) -> Option<i64> {
    if !f.is_finite() {
        return None;
    }
    let mut buffer = ryu_js::Buffer::new();
    let text = buffer.format_finite(f);
    match text.split_once("e-") {
        None => parse_canonical(text),
        Some((digits, zeros)) => {
            let (sign, digits) = digits.strip_prefix('-').map_or(("", digits), |d| ("-", d));
            let zeros: usize = zeros.parse().ok().filter(|n| *n <= 10)?;
            let digits = digits.replace('.', "");
            parse_canonical(&format!("{sign}0.{}{digits}", "0".repeat(zeros - 1)))
        }
    }
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
