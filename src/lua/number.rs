//! The numbers of the language: all 64-bit integers, and the Q32.32 fractions that are not integral.

use super::q32::{ArithError, floor_div, narrow, shift_even};
use crate::canon::fixed;
use std::cmp::Ordering;
use std::fmt;

/// A number has exactly one representation, so equality is equality of the two fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum N {
    Int(i64),
    /// `k / 2^32`; the low 32 bits of `k` are never all zero.
    Frac(i64),
}

use N::{Frac, Int};

type Outcome = Result<N, ArithError>;

/// Most decimals that `round` and `%.nf` take: ten tell all fractions apart.
pub const DIGITS_MAX: u32 = 10;

impl N {
    /// The value of `raw / 2^32`.
    pub fn from_raw(raw: i128) -> Outcome {
        if raw & 0xffff_ffff == 0 { narrow(raw >> 32).map(Int) } else { narrow(raw).map(Frac) }
    }

    fn raw(self) -> i128 {
        match self {
            Int(i) => i128::from(i) << 32,
            Frac(k) => i128::from(k),
        }
    }

    pub fn checked_add(self, other: N) -> Outcome {
        N::from_raw(self.raw() + other.raw())
    }

    pub fn checked_sub(self, other: N) -> Outcome {
        N::from_raw(self.raw() - other.raw())
    }

    /// Nearest, ties to even; exact where an integer takes part.
    pub fn checked_mul(self, other: N) -> Outcome {
        match (self, other) {
            (Int(a), Int(b)) => a.checked_mul(b).map(Int).ok_or(ArithError::Overflow),
            (Int(i), Frac(k)) | (Frac(k), Int(i)) => N::from_raw(i128::from(i) * i128::from(k)),
            (Frac(a), Frac(b)) => N::from_raw(shift_even(i128::from(a) * i128::from(b))),
        }
    }

    /// Toward zero.
    pub fn checked_div(self, other: N) -> Outcome {
        match (self, other) {
            (_, Int(0)) => Err(ArithError::Zero),
            // i64::MIN << 64 is i128::MIN, and its quotient by -1 wraps to a value that is out of range all the same.
            (Int(a), Frac(k)) => N::from_raw((i128::from(a) << 64).wrapping_div(k.into())),
            (Frac(k), Int(b)) => N::from_raw(i128::from(k) / i128::from(b)),
            (Int(a), Int(b)) | (Frac(a), Frac(b)) => N::from_raw((i128::from(a) << 32) / i128::from(b)),
        }
    }

    /// The floor of the quotient: always an integer.
    pub fn checked_idiv(self, other: N) -> Outcome {
        if other == Int(0) {
            return Err(ArithError::Zero);
        }
        narrow(floor_div(self.raw(), other.raw())).map(Int)
    }

    pub fn checked_mod(self, other: N) -> Outcome {
        if other == Int(0) {
            return Err(ArithError::Zero);
        }
        let (a, b) = (self.raw(), other.raw());
        N::from_raw(a - floor_div(a, b) * b)
    }

    /// By squaring, from the highest bit of the exponent down, each product rounded as `checked_mul` rounds.
    pub fn checked_pow(self, exponent: N) -> Outcome {
        let n = match exponent {
            Int(n) if n >= 0 => n as u64,
            _ => return Err(ArithError::Exponent),
        };
        let mut power = Int(1);
        for bit in (0..u64::BITS - n.leading_zeros()).rev() {
            power = power.checked_mul(power)?;
            if n >> bit & 1 == 1 {
                power = power.checked_mul(self)?;
            }
        }
        Ok(power)
    }

    pub fn floor(self) -> N {
        match self {
            Frac(k) => Int(k >> 32),
            whole => whole,
        }
    }

    pub fn ceil(self) -> N {
        match self {
            Frac(k) => Int((k >> 32) + 1),
            whole => whole,
        }
    }

    pub fn trunc(self) -> N {
        match self {
            Frac(k) if k < 0 => self.ceil(),
            other => other.floor(),
        }
    }

    /// To a number of decimals (at most ten), ties to even.
    pub fn round(self, digits: u32) -> Outcome {
        let Frac(k) = self else { return Ok(self) };
        let scale = 10i128.pow(digits.min(DIGITS_MAX));
        let decimals = fixed::div_even(i128::from(k).abs() * scale, 1 << 32);
        let magnitude = fixed::div_even(decimals << 32, scale);
        N::from_raw(if k < 0 { -magnitude } else { magnitude })
    }

    /// With exactly so many decimals (at most ten), as `%.nf` prints.
    pub fn with_digits(self, digits: u32) -> String {
        let digits = digits.min(DIGITS_MAX);
        let scale = 10i128.pow(digits);
        // The magnitude is below 2^95 and the scale below 2^34.
        let n = fixed::div_even(self.raw().abs() * scale, 1 << 32);
        let sign = if self.raw() < 0 && n != 0 { "-" } else { "" };
        match digits {
            0 => format!("{sign}{n}"),
            width => format!("{sign}{}.{:0width$}", n / scale, n % scale, width = width as usize),
        }
    }

    /// Reads a number in the exact form in which it prints, and no other.
    pub fn parse_canonical(text: &str) -> Option<N> {
        let n = N::from_raw(fixed::parse_wide(text).ok()?).ok()?;
        (n.to_string() == text).then_some(n)
    }
}

impl PartialOrd for N {
    fn partial_cmp(&self, other: &N) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for N {
    fn cmp(&self, other: &N) -> Ordering {
        self.raw().cmp(&other.raw())
    }
}

impl fmt::Display for N {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Int(i) => i.fmt(f),
            Frac(k) => f.write_str(&fixed::print(*k)),
        }
    }
}
