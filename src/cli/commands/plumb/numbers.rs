//! The arithmetic and the random numbers of the language.

use super::request::{Refusal, Request, fields};
use crate::canon::fixed::{self, FixedError};
use crate::canon::{Map, Value};
use crate::lua::pcg32::Pcg32;
use crate::lua::q32::{self, ArithError};

/// Most random numbers of one request.
const DRAWS_MAX: u64 = 1 << 16;

impl From<ArithError> for Refusal {
    fn from(e: ArithError) -> Refusal {
        let code = match e {
            ArithError::Overflow => "Q_OVERFLOW",
            ArithError::Zero => "Q_DIV0",
            ArithError::Exponent => "Q_EXPONENT",
        };
        Refusal::new(code, e.to_string())
    }
}

impl From<FixedError> for Refusal {
    fn from(e: FixedError) -> Refusal {
        let code = match e {
            FixedError::Syntax => "Q_SYNTAX",
            FixedError::Range => "Q_OVERFLOW",
        };
        Refusal::new(code, e.to_string())
    }
}

pub fn q32(request: &Request) -> Result<Map, Refusal> {
    let a = || request.decimal("a");
    let both = |op: fn(i64, i64) -> Result<i64, ArithError>| Ok::<i64, Refusal>(op(a()?, request.decimal("b")?)?);
    let raw = match request.text("fn")? {
        "parse" => fixed::parse(request.text("in")?)?,
        "format" => request.decimal("raw")?,
        "neg" => q32::neg(a()?)?,
        "add" => both(q32::add)?,
        "sub" => both(q32::sub)?,
        "mul" => both(q32::mul)?,
        "div" => both(q32::div)?,
        "idiv" => both(q32::idiv)?,
        "mod" => both(q32::modulo)?,
        other => {
            let reason = format!("`fn` is one of parse format add sub mul div idiv mod neg, not {other:?}");
            return Err(Refusal::new("BAD_REQUEST", reason));
        }
    };
    fields([("raw", Value::text(raw)), ("out", fixed::print(raw).into())])
}

fn generator(request: &Request) -> Result<(Pcg32, u64), Refusal> {
    let draws = request.whole("n")?;
    if draws > DRAWS_MAX {
        return Err(Refusal::new("LIMIT", format!("`n` is at most {DRAWS_MAX}")));
    }
    Ok((Pcg32::new(request.decimal("initstate")?, request.decimal("initseq")?), draws))
}

pub fn pcg32(request: &Request) -> Result<Map, Refusal> {
    let (mut pcg, draws) = generator(request)?;
    let drawn = (0..draws).map(|_| format!("{:08x}", pcg.next_u32()));
    fields([("u32", Value::list(drawn))])
}

pub fn pcg32_bounded(request: &Request) -> Result<Map, Refusal> {
    let (mut pcg, draws) = generator(request)?;
    let bound = u32::try_from(request.whole("bound")?).ok().filter(|bound| *bound > 0);
    let bound = bound.ok_or_else(|| Refusal::new("BAD_REQUEST", "`bound` must be an integer from 1 to 2^32-1"))?;
    fields([("out", Value::list((0..draws).map(|_| pcg.below(bound))))])
}
