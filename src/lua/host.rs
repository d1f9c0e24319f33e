//! The functions that the prelude and the library ask of Rust: arithmetic on fractions, strings, JSON, seeds.
//!
//! They never raise: an answer is a value, or nothing and what is wrong.

use super::convert::{Marks, Reader, Refused, Role, Unreadable, Writer, as_number, number};
use super::error::Class;
use super::number::N;
use super::pcg32::{Pcg32, STREAM};
use super::q32::ArithError;
use super::strings;
use crate::canon::json;
use mlua::{BorrowedStr, Lua, LuaString, Table, Value, Variadic};
use std::cell::OnceCell;
use std::rc::Rc;

/// The metatables of the prelude, known when it has run.
pub type SharedMarks = Rc<OnceCell<Marks>>;

/// Most values in one JSON text: each takes a byte at least, and a string has 1 MiB.
const VALUES_MAX: usize = 1 << 20;

fn operand(v: &Value) -> N {
    as_number(v).unwrap_or(N::Int(0))
}

fn class(e: ArithError) -> &'static str {
    match e {
        ArithError::Overflow => "overflow",
        ArithError::Zero => "zero",
        ArithError::Exponent => "type",
    }
}

/// A number, or nothing, a class and a sentence.
type Answer = (Option<Value>, Option<&'static str>, Option<String>);

fn answer(result: Result<N, ArithError>) -> Answer {
    match result {
        Ok(n) => (Some(number(n)), None, None),
        Err(e) => (None, Some(class(e)), Some(e.to_string())),
    }
}

/// The table `H` of the prelude.
pub fn core(lua: &Lua) -> mlua::Result<Table> {
    let h = lua.create_table()?;
    let globals = lua.globals();
    for name in ["setmetatable", "type", "next", "select", "error"] {
        h.raw_set(name, globals.raw_get::<Value>(name)?)?;
    }
    let (math, table): (Table, Table) = (globals.raw_get("math")?, globals.raw_get("table")?);
    h.raw_set("mtype", math.raw_get::<Value>("type")?)?;
    for name in ["concat", "unpack", "sort"] {
        h.raw_set(name, table.raw_get::<Value>(name)?)?;
    }
    h.raw_set("maxinteger", i64::MAX)?;
    h.raw_set("mininteger", i64::MIN)?;
    h.raw_set("null", Value::NULL)?;
    arithmetic(lua, &h)?;
    Ok(h)
}

fn arithmetic(lua: &Lua, h: &Table) -> mlua::Result<()> {
    type Binary = fn(N, N) -> Result<N, ArithError>;
    let operators: [(&str, Binary); 7] = [
        ("add", N::checked_add),
        ("sub", N::checked_sub),
        ("mul", N::checked_mul),
        ("div", N::checked_div),
        ("idiv", N::checked_idiv),
        ("mod", N::checked_mod),
        ("pow", N::checked_pow),
    ];
    for (name, f) in operators {
        let f = lua.create_function(move |_, (a, b): (Value, Value)| Ok(answer(f(operand(&a), operand(&b)))))?;
        h.raw_set(name, f)?;
    }
    h.raw_set("lt", lua.create_function(|_, (a, b): (Value, Value)| Ok(operand(&a) < operand(&b)))?)?;
    h.raw_set("le", lua.create_function(|_, (a, b): (Value, Value)| Ok(operand(&a) <= operand(&b)))?)?;
    h.raw_set("numstr", lua.create_function(|_, a: Value| Ok(operand(&a).to_string()))?)?;
    let setkind = |lua: &Lua, (kind, metatable): (LuaString, Table)| {
        let metatable = Some(metatable);
        match &*kind.as_bytes() {
            b"number" => lua.set_type_metatable::<mlua::Number>(metatable),
            b"string" => lua.set_type_metatable::<LuaString>(metatable),
            b"function" => lua.set_type_metatable::<mlua::Function>(metatable),
            b"boolean" => lua.set_type_metatable::<bool>(metatable),
            _ => lua.set_type_metatable::<mlua::LightUserData>(metatable),
        }
        Ok(())
    };
    h.raw_set("setkind", lua.create_function(setkind)?)
}

/// Adds what only the library asks for.
pub fn library(lua: &Lua, h: &Table, marks: &SharedMarks) -> mlua::Result<()> {
    numbers(lua, h)?;
    texts(lua, h)?;
    searches(lua, h)?;
    documents(lua, h, marks)
}

fn numbers(lua: &Lua, h: &Table) -> mlua::Result<()> {
    type Rounding = fn(N) -> N;
    let roundings: [(&str, Rounding); 3] = [("floor", N::floor), ("ceil", N::ceil), ("trunc", N::trunc)];
    for (name, f) in roundings {
        h.raw_set(name, lua.create_function(move |_, a: Value| Ok(number(f(operand(&a)))))?)?;
    }
    let round = |_: &Lua, (a, digits): (Value, i64)| match u32::try_from(digits) {
        Ok(digits) if digits <= super::number::DIGITS_MAX => Ok(answer(operand(&a).round(digits))),
        _ => Ok((None, Some("value"), Some("math.round: digits must be 0 to 10".to_owned()))),
    };
    h.raw_set("round", lua.create_function(round)?)?;
    let tonumber = |_: &Lua, s: BorrowedStr| Ok(N::parse_canonical(&s).map(number));
    h.raw_set("tonumber", lua.create_function(tonumber)?)?;
    let seed = |_: &Lua, seed: Value| {
        let pcg = match &seed {
            Value::String(s) => Pcg32::from_text(&s.to_str()?),
            other => match as_number(other) {
                Some(N::Int(i)) => Pcg32::new(i as u64, STREAM),
                _ => Pcg32::new(0, STREAM),
            },
        };
        let (state, increment) = pcg.parts();
        Ok((state as i64, increment as i64))
    };
    h.raw_set("seed", lua.create_function(seed)?)
}

fn texts(lua: &Lua, h: &Table) -> mlua::Result<()> {
    h.raw_set("upper", lua.create_function(|_, s: BorrowedStr| Ok(s.to_ascii_uppercase()))?)?;
    h.raw_set("lower", lua.create_function(|_, s: BorrowedStr| Ok(s.to_ascii_lowercase()))?)?;
    h.raw_set("trim", lua.create_function(|lua, s: BorrowedStr| lua.create_string(strings::trim(&s)))?)?;
    let sub_bytes = |lua: &Lua, (s, i, j): (BorrowedStr, i64, i64)| match strings::sub_bytes(&s, i, j) {
        Some(part) => Ok((Some(lua.create_string(part)?), None)),
        None => Ok((None, Some("string.sub would split a UTF-8 character; use utf8.sub"))),
    };
    h.raw_set("sub_bytes", lua.create_function(sub_bytes)?)?;
    let byte = |_: &Lua, (s, i): (LuaString, i64)| Ok(strings::byte(&s.as_bytes(), i));
    h.raw_set("byte", lua.create_function(byte)?)?;
    let rep = |_: &Lua, (s, n, sep): (BorrowedStr, usize, BorrowedStr)| Ok(strings::repeat(&s, n, &sep));
    h.raw_set("rep", lua.create_function(rep)?)?;
    let format = |_: &Lua, args: Variadic<Value>| match strings::format(&args) {
        Ok(text) => Ok((Some(text), None)),
        Err(why) => Ok((None, Some(why))),
    };
    h.raw_set("format", lua.create_function(format)?)?;
    h.raw_set("utf8_len", lua.create_function(|_, s: BorrowedStr| Ok(s.chars().count()))?)?;
    let utf8_sub = |lua: &Lua, (s, i, j): (BorrowedStr, i64, i64)| lua.create_string(strings::sub_chars(&s, i, j));
    h.raw_set("utf8_sub", lua.create_function(utf8_sub)?)?;
    let utf8_char = |_: &Lua, n: i64| match u32::try_from(n).ok().and_then(char::from_u32) {
        Some(c) => Ok((Some(c.to_string()), None)),
        None => Ok((None, Some("utf8.char: not a Unicode scalar value"))),
    };
    h.raw_set("utf8_char", lua.create_function(utf8_char)?)
}

fn searches(lua: &Lua, h: &Table) -> mlua::Result<()> {
    let magic = |_: &Lua, p: BorrowedStr| Ok(p.contains(|c| "^$*+?.([%-".contains(c)));
    h.raw_set("magic", lua.create_function(magic)?)?;
    let find = |_: &Lua, (s, p, from): (BorrowedStr, BorrowedStr, i64)| {
        Ok(match strings::find(&s, &p, from) {
            Some((start, end)) => (Some(start), Some(end)),
            None => (None, None),
        })
    };
    h.raw_set("find", lua.create_function(find)?)?;
    type Texts = (BorrowedStr, BorrowedStr);
    h.raw_set("starts_with", lua.create_function(|_, (s, p): Texts| Ok(s.starts_with(&*p)))?)?;
    h.raw_set("ends_with", lua.create_function(|_, (s, p): Texts| Ok(s.ends_with(&*p)))?)?;
    h.raw_set("count", lua.create_function(|_, (s, p): Texts| Ok(s.matches(&*p).count()))?)?;
    let replace = |_: &Lua, (s, from, to): (BorrowedStr, BorrowedStr, BorrowedStr)| Ok(s.replace(&*from, &to));
    h.raw_set("replace", lua.create_function(replace)?)?;
    h.raw_set("split", lua.create_function(|lua, (s, sep): Texts| lua.create_sequence_from(s.split(&*sep)))?)
}

fn documents(lua: &Lua, h: &Table, marks: &SharedMarks) -> mlua::Result<()> {
    let encode = |_: &Lua, v: Value| {
        let no = |class: Class, why: String| Ok((None, Some(class.as_str()), Some(why)));
        let value = match (Reader { left: VALUES_MAX }).value(&v, 0) {
            Ok(value) => value,
            Err(Unreadable::Verdict(class, why)) => return no(class, why),
            Err(Unreadable::Host(e)) => return Err(e),
        };
        match json::document(&value) {
            Ok(text) => Ok((Some(String::from_utf8_lossy(&text).into_owned()), None, None)),
            Err(e) => no(Class::Value, e.to_string()),
        }
    };
    h.raw_set("encode", lua.create_function(encode)?)?;
    let marks = marks.clone();
    let decode = move |lua: &Lua, s: BorrowedStr| {
        let no = |why: String| Ok((Value::Nil, Some(why)));
        let value = match json::parse_state(s.as_bytes()) {
            Ok(value) => value,
            Err(e) => return no(e.to_string()),
        };
        let marks = marks.get().ok_or_else(|| mlua::Error::runtime("the prelude has not run"))?;
        match (Writer { lua, marks, role: Role::New }).value(&value) {
            Ok(v) => Ok((v, None)),
            Err(Refused::Value(why)) => no(why),
            Err(Refused::Host(e)) => Err(e),
        }
    };
    h.raw_set("decode", lua.create_function(decode)?)
}
