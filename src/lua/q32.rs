//! The pure core of fixed-point arithmetic: a value is `raw / 2^32`. Every result is the exact rational one, rounded to the
//! grid, or an error; nothing wraps and nothing saturates.

/// Why an operation has no result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ArithError {
    #[error("number overflow")]
    Overflow,
    #[error("division by zero")]
    Zero,
    #[error("the exponent of '^' must be a non-negative integer")]
    Exponent,
}

pub(super) fn narrow(raw: i128) -> Result<i64, ArithError> {
    i64::try_from(raw).map_err(|_| ArithError::Overflow)
}

/// `x / 2^32` to the nearest integer, ties to even.
pub(super) fn shift_even(x: i128) -> i128 {
    const HALF: i128 = 1 << 31;
    let floor = x >> 32;
    let rest = x - (floor << 32);
    if rest > HALF || (rest == HALF && floor & 1 == 1) { floor + 1 } else { floor }
}

pub(super) fn floor_div(a: i128, b: i128) -> i128 {
    let q = a / b;
    if a % b != 0 && (a < 0) != (b < 0) { q - 1 } else { q }
}

pub fn add(a: i64, b: i64) -> Result<i64, ArithError> {
    a.checked_add(b).ok_or(ArithError::Overflow)
}

pub fn sub(a: i64, b: i64) -> Result<i64, ArithError> {
    a.checked_sub(b).ok_or(ArithError::Overflow)
}

pub fn neg(a: i64) -> Result<i64, ArithError> {
    a.checked_neg().ok_or(ArithError::Overflow)
}

/// The nearest grid value, ties to even.
pub fn mul(a: i64, b: i64) -> Result<i64, ArithError> {
    narrow(shift_even(i128::from(a) * i128::from(b)))
}

/// Rounds toward zero.
pub fn div(a: i64, b: i64) -> Result<i64, ArithError> {
    if b == 0 {
        return Err(ArithError::Zero);
    }
    narrow((i128::from(a) << 32) / i128::from(b))
}

/// The floor of the quotient, again as a raw value.
pub fn idiv(a: i64, b: i64) -> Result<i64, ArithError> {
    if b == 0 {
        return Err(ArithError::Zero);
    }
    narrow(floor_div(a.into(), b.into()) << 32)
}

/// `a - floor(a / b) * b`: the sign is that of the divisor.
pub fn modulo(a: i64, b: i64) -> Result<i64, ArithError> {
    if b == 0 {
        return Err(ArithError::Zero);
    }
    let (a, b) = (i128::from(a), i128::from(b));
    narrow(a - floor_div(a, b) * b)
}
