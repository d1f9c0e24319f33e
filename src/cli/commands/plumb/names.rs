//! ULIDs and durations.

use super::request::{Refusal, Request, fields, hex};
use crate::canon::{Map, Value};
use crate::id::{Seconds, Ulid};

fn whole(n: u64) -> Value {
    Value::Int(i64::try_from(n).expect("a time and a span stay below 2^53"))
}

pub fn ulid_decode(request: &Request) -> Result<Map, Refusal> {
    let ulid: Ulid = request.text("ulid")?.parse()?;
    fields([("ms", whole(ulid.ms())), ("rand_hex", hex(ulid.random()))])
}

pub fn ulid_encode(request: &Request) -> Result<Map, Refusal> {
    let ulid = Ulid::from_parts(request.whole("ms")?, request.array("rand_hex")?);
    let ulid = ulid.ok_or_else(|| Refusal::new("ID_INVALID", "the milliseconds of a ULID have 48 bits"))?;
    fields([("ulid", Value::text(ulid))])
}

pub fn duration(request: &Request) -> Result<Map, Refusal> {
    let Seconds(seconds) = request.text("text")?.parse()?;
    fields([("seconds", whole(seconds))])
}
