//! Values into the VM and out of it.

use super::error::Class;
use super::number::N;
use crate::canon::{INT_MAX, Map, Text, Value, fixed};
use mlua::{LightUserData, Lua, Table};
use std::ffi::c_void;

// A fraction travels as light userdata whose 64 bits are its raw value.
const _: () = assert!(size_of::<*mut c_void>() == 8, "fractions need 64-bit pointers");

/// Deepest nesting of values that a program sees.
pub const DEPTH_MAX: usize = 64;

pub fn number(n: N) -> mlua::Value {
    match n {
        N::Int(i) => mlua::Value::Integer(i),
        N::Frac(raw) => mlua::Value::LightUserData(fraction(raw)),
    }
}

fn fraction(raw: i64) -> LightUserData {
    LightUserData(raw as usize as *mut c_void)
}

fn null() -> LightUserData {
    fraction(0)
}

/// The number that a value is; null is none, for no fraction has the raw value 0.
pub fn as_number(v: &mlua::Value) -> Option<N> {
    match v {
        mlua::Value::Integer(i) => Some(N::Int(*i)),
        mlua::Value::LightUserData(p) if !p.0.is_null() => Some(N::Frac(p.0 as usize as i64)),
        _ => None,
    }
}

/// What a table that is made from a value becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// Part of the state.
    State,
    /// An argument, read-only.
    Frozen,
    /// A new table of the program.
    New,
}

/// The metatables by which the prelude knows tables.
#[derive(Debug, Clone)]
pub struct Marks {
    map_at: Vec<Table>,
    list_at: Vec<Table>,
    event_map: Table,
    event_list: Table,
    new_list: Table,
}

/// Why a value did not go in.
#[derive(Debug)]
pub enum Refused {
    /// It is not a value of the language.
    Value(String),
    Host(mlua::Error),
}

impl From<mlua::Error> for Refused {
    fn from(e: mlua::Error) -> Refused {
        Refused::Host(e)
    }
}

impl Marks {
    pub fn read(marks: &Table) -> mlua::Result<Marks> {
        let all = |name| marks.raw_get::<Table>(name)?.sequence_values::<Table>().collect::<mlua::Result<Vec<_>>>();
        Ok(Marks {
            map_at: all("map_at")?,
            list_at: all("list_at")?,
            event_map: marks.raw_get("event_map")?,
            event_list: marks.raw_get("event_list")?,
            new_list: marks.raw_get("new_list")?,
        })
    }

    fn set(&self, table: &Table, role: Role, list: bool, depth: usize) -> mlua::Result<()> {
        let mark = match (role, list) {
            (Role::State, true) => &self.list_at[depth],
            (Role::State, false) => &self.map_at[depth],
            (Role::Frozen, true) => &self.event_list,
            (Role::Frozen, false) => &self.event_map,
            (Role::New, true) if table.raw_len() == 0 => &self.new_list,
            (Role::New, _) => return Ok(()),
        };
        table.set_metatable(Some(mark.clone()))
    }
}

/// Makes values of the VM.
pub struct Writer<'a> {
    pub lua: &'a Lua,
    pub marks: &'a Marks,
    pub role: Role,
}

/// A leaf of a value, or a table that is to be made.
enum Leaf<'a> {
    Null,
    Bool(bool),
    Number(N),
    Text(&'a str),
    List(&'a [Value]),
    Map(&'a Map),
}

fn leaf(v: &Value) -> Result<Leaf<'_>, Refused> {
    let refuse = |why: &str| Err(Refused::Value(why.to_owned()));
    Ok(match v {
        Value::Null => Leaf::Null,
        Value::Bool(b) => Leaf::Bool(*b),
        Value::Int(i) if i.unsigned_abs() <= INT_MAX as u64 => Leaf::Number(N::Int(*i)),
        Value::Int(_) | Value::Wide(_) => return refuse("an integer above 2^53-1; send it as a string"),
        Value::Float(f) => match fixed::on_grid(*f) {
            Some(raw) => Leaf::Number(N::Frac(raw)),
            None => return refuse(&off_grid(*f)),
        },
        Value::Fixed(raw) => match N::from_raw(i128::from(*raw)) {
            Ok(n) => Leaf::Number(n),
            Err(e) => return refuse(&e.to_string()),
        },
        Value::Text(s) => Leaf::Text(s),
        Value::List(items) => Leaf::List(items),
        Value::Map(map) => Leaf::Map(map),
        Value::Bytes(_) | Value::Link(_) => return refuse(&format!("a {} is no value of the language", v.kind())),
    })
}

fn off_grid(f: f64) -> String {
    let near = (f * 4_294_967_296.0).round();
    let shown = Value::Float(f);
    let mut text = Vec::new();
    let written = crate::canon::json::write(&shown, &mut text).map(|()| String::from_utf8_lossy(&text).into_owned());
    let text = written.unwrap_or_default();
    if f.fract() != 0.0 && near.abs() < 9e18 && near != 0.0 {
        let nearest = fixed::print(near as i64);
        return format!("the number {text} is not exact in Q32.32: write {nearest}, or send it as a string");
    }
    format!("the number {text} is outside Q32.32; send it as a string")
}

fn too_deep() -> Refused {
    Refused::Value(format!("nested deeper than {DEPTH_MAX} levels"))
}

/// Is it a value of the language, all the way down? `depth` counts the tables around it.
pub fn validate(v: &Value, depth: usize) -> Result<(), Refused> {
    match leaf(v)? {
        Leaf::List(_) | Leaf::Map(_) if depth >= DEPTH_MAX => Err(too_deep()),
        Leaf::List(items) => items.iter().try_for_each(|v| validate(v, depth + 1)),
        Leaf::Map(map) => map.iter().try_for_each(|(_, v)| validate(v, depth + 1)),
        _ => Ok(()),
    }
}

impl Writer<'_> {
    pub fn value(&self, v: &Value) -> Result<mlua::Value, Refused> {
        Ok(match leaf(v)? {
            Leaf::Null => mlua::Value::LightUserData(null()),
            Leaf::Bool(b) => mlua::Value::Boolean(b),
            Leaf::Number(n) => number(n),
            Leaf::Text(s) => mlua::Value::String(self.lua.create_string(s)?),
            Leaf::List(items) => mlua::Value::Table(self.list(items, 0)?),
            Leaf::Map(map) => mlua::Value::Table(self.map(map, 0)?),
        })
    }

    fn list(&self, items: &[Value], depth: usize) -> Result<Table, Refused> {
        if depth >= DEPTH_MAX {
            return Err(too_deep());
        }
        let table = self.lua.create_table_with_capacity(items.len(), 0)?;
        for (i, item) in items.iter().enumerate() {
            let at = i + 1;
            match leaf(item)? {
                Leaf::Null => table.raw_seti(at, null())?,
                Leaf::Bool(b) => table.raw_seti(at, b)?,
                Leaf::Number(N::Int(i)) => table.raw_seti(at, i)?,
                Leaf::Number(N::Frac(raw)) => table.raw_seti(at, fraction(raw))?,
                Leaf::Text(s) => table.raw_seti(at, s)?,
                Leaf::List(items) => table.raw_seti(at, self.list(items, depth + 1)?)?,
                Leaf::Map(map) => table.raw_seti(at, self.map(map, depth + 1)?)?,
            }
        }
        self.marks.set(&table, self.role, true, depth)?;
        Ok(table)
    }

    fn map(&self, map: &Map, depth: usize) -> Result<Table, Refused> {
        if depth >= DEPTH_MAX {
            return Err(too_deep());
        }
        let table = self.lua.create_table_with_capacity(0, map.len())?;
        for (key, item) in map.iter() {
            self.field(&table, key, item, depth)?;
        }
        self.marks.set(&table, self.role, false, depth)?;
        Ok(table)
    }

    /// An argument of which the program reads only some fields: the others are checked and left out.
    pub fn part(&self, map: &Map, wanted: &[String]) -> Result<Table, Refused> {
        let table = self.lua.create_table_with_capacity(0, wanted.len())?;
        for (key, item) in map.iter() {
            if wanted.iter().any(|w| w == key) {
                self.field(&table, key, item, 0)?;
            } else {
                validate(item, 1)?;
            }
        }
        self.marks.set(&table, self.role, false, 0)?;
        Ok(table)
    }

    fn field(&self, table: &Table, key: &str, item: &Value, depth: usize) -> Result<(), Refused> {
        match leaf(item)? {
            Leaf::Null => table.raw_set(key, null())?,
            Leaf::Bool(b) => table.raw_set(key, b)?,
            Leaf::Number(N::Int(i)) => table.raw_set(key, i)?,
            Leaf::Number(N::Frac(raw)) => table.raw_set(key, fraction(raw))?,
            Leaf::Text(s) => table.raw_set(key, s)?,
            Leaf::List(items) => table.raw_set(key, self.list(items, depth + 1)?)?,
            Leaf::Map(map) => table.raw_set(key, self.map(map, depth + 1)?)?,
        }
        Ok(())
    }
}

/// Why a value of the VM did not come out.
#[derive(Debug)]
pub enum Unreadable {
    /// The program made something that is no data.
    Verdict(Class, String),
    Host(mlua::Error),
}

impl From<mlua::Error> for Unreadable {
    fn from(e: mlua::Error) -> Unreadable {
        Unreadable::Host(e)
    }
}

/// Reads values of the VM. Tables that a program shares many times over are bounded by the number of values read.
pub struct Reader {
    pub left: usize,
}

impl Reader {
    pub fn value(&mut self, v: &mlua::Value, depth: usize) -> Result<Value, Unreadable> {
        let fail = |class, why: String| Err(Unreadable::Verdict(class, why));
        self.left = match self.left.checked_sub(1) {
            Some(left) => left,
            None => return fail(Class::Memory, "too many values for one document".to_owned()),
        };
        match v {
            mlua::Value::Boolean(b) => Ok(Value::Bool(*b)),
            mlua::Value::String(s) => Ok(Value::Text(Text::from(&*s.to_str()?))),
            mlua::Value::Table(_) if depth >= DEPTH_MAX => {
                fail(Class::Value, format!("nested deeper than {DEPTH_MAX} levels, or a cycle"))
            }
            mlua::Value::Table(t) => self.table(t, depth),
            mlua::Value::LightUserData(p) if p.0.is_null() => Ok(Value::Null),
            other => match as_number(other) {
                Some(N::Int(i)) if i.unsigned_abs() <= INT_MAX as u64 => Ok(Value::Int(i)),
                Some(N::Int(_)) => {
                    fail(Class::Value, "an integer above 2^53-1 has no JSON form; use tostring(n)".into())
                }
                Some(N::Frac(raw)) => Ok(Value::Fixed(raw)),
                None if other.is_nil() => fail(Class::Value, "nil has no JSON form; use json.null".into()),
                None => fail(Class::Value, format!("a {} has no JSON form", other.type_name())),
            },
        }
    }

    fn table(&mut self, t: &Table, depth: usize) -> Result<Value, Unreadable> {
        let n = t.raw_len();
        if n > 0 {
            let mut items = Vec::with_capacity(n);
            for i in 1..=n {
                items.push(self.value(&t.raw_get(i)?, depth + 1)?);
            }
            return Ok(Value::List(items));
        }
        let mut entries = Vec::new();
        let mut failed = None;
        t.for_each(|key: mlua::Value, value: mlua::Value| {
            if failed.is_some() {
                return Ok(());
            }
            let key = match &key {
                mlua::Value::String(key) => Text::from(&*key.to_str()?),
                other => {
                    let why = format!("a {} key has no JSON form", other.type_name());
                    failed = Some(Unreadable::Verdict(Class::Value, why));
                    return Ok(());
                }
            };
            match self.value(&value, depth + 1) {
                Ok(value) => entries.push((key, value)),
                Err(e) => failed = Some(e),
            }
            Ok(())
        })?;
        if let Some(failed) = failed {
            return Err(failed);
        }
        if entries.is_empty() && t.metatable().is_some_and(|m| m.raw_get::<bool>("arr").unwrap_or(false)) {
            return Ok(Value::List(Vec::new()));
        }
        Ok(Value::Map(Map::from_entries(entries).expect("keys of a table stand once")))
    }
}
