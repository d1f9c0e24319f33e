use crate::canon::{Map, Value, json, text};

/// Why there is no result: the answer says so in these words.
pub struct Refusal {
    pub code: String,
    pub reason: String,
    /// Further fields of the answer.
    pub more: Vec<(&'static str, Value)>,
}

impl Refusal {
    pub fn new(code: impl Into<String>, reason: impl Into<String>) -> Refusal {
        Refusal { code: code.into(), reason: reason.into(), more: Vec::new() }
    }

    pub fn with(mut self, name: &'static str, value: impl Into<Value>) -> Refusal {
        self.more.push((name, value.into()));
        self
    }

    fn field(name: &str, what: &str) -> Refusal {
        Refusal::new("BAD_REQUEST", format!("the field `{name}` must be {what}"))
    }
}

/// Errors of the rooms below keep their code.
macro_rules! refusals {
    ($($error:ty),*) => { $(
        impl From<$error> for Refusal {
            fn from(e: $error) -> Refusal {
                Refusal::new(e.code(), e.to_string())
            }
        }
    )* };
}
refusals!(
    crate::canon::JsonError,
    crate::canon::CborError,
    crate::canon::EncodeError,
    crate::canon::TextError,
    crate::id::IdError,
    crate::trust::TrustError,
    crate::lua::Halt,
    crate::lua::LuaError
);

/// A result of named fields.
pub fn fields<const N: usize>(entries: [(&'static str, Value); N]) -> Result<Map, Refusal> {
    let Value::Map(map) = Value::map(entries) else { unreachable!("`Value::map` makes a map") };
    Ok(map)
}

/// Bytes as they stand in an answer.
pub fn hex(bytes: impl AsRef<[u8]>) -> Value {
    text::hex(bytes.as_ref()).into()
}

/// One request: an object with the fields of its op.
pub struct Request(Map);

impl Request {
    /// `Err` holds what could be read of the id beside the refusal.
    pub fn parse(line: &[u8]) -> Result<Request, (Value, Refusal)> {
        match json::parse(line) {
            Ok(Value::Map(map)) => Ok(Request(map)),
            Ok(other) => {
                let reason = format!("a request is an object, not {}", other.kind());
                Err((Value::Null, Refusal::new("BAD_REQUEST", reason)))
            }
            Err(e) => Err((recover_id(line), e.into())),
        }
    }

    pub fn id(&self) -> Value {
        self.0.get("id").cloned().unwrap_or(Value::Null)
    }

    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }

    pub fn text(&self, name: &str) -> Result<&str, Refusal> {
        self.get(name).and_then(Value::as_str).ok_or_else(|| Refusal::field(name, "a string"))
    }

    pub fn whole(&self, name: &str) -> Result<u64, Refusal> {
        let found = self.get(name).and_then(Value::as_int).and_then(|n| u64::try_from(n).ok());
        found.ok_or_else(|| Refusal::field(name, "an integer from 0"))
    }

    /// An integer in decimal text, because JSON's own stop at 2^53-1.
    pub fn decimal<T: std::str::FromStr>(&self, name: &str) -> Result<T, Refusal> {
        let text = self.text(name)?;
        let plain = text.strip_prefix('-').unwrap_or(text).bytes().all(|b| b.is_ascii_digit());
        let parsed = text.parse().ok().filter(|_| plain);
        parsed.ok_or_else(|| Refusal::field(name, "an integer of 64 bits in decimal text"))
    }

    pub fn bytes(&self, name: &str) -> Result<Vec<u8>, Refusal> {
        text::from_hex(self.text(name)?).map_err(|_| Refusal::field(name, "bytes in lower-case hexadecimal"))
    }

    pub fn array<const N: usize>(&self, name: &str) -> Result<[u8; N], Refusal> {
        let fail = |_| Refusal::field(name, &format!("{N} bytes in lower-case hexadecimal"));
        self.bytes(name)?.try_into().map_err(fail)
    }

    pub fn list(&self, name: &str) -> Result<&[Value], Refusal> {
        self.get(name).and_then(Value::as_list).ok_or_else(|| Refusal::field(name, "a list"))
    }

    pub fn map(&self, name: &str) -> Result<&Map, Refusal> {
        self.get(name).and_then(Value::as_map).ok_or_else(|| Refusal::field(name, "an object"))
    }
}

/// The id of a line that is no strict JSON, as far as it can be told: a caller wants to know which request was refused.
fn recover_id(line: &[u8]) -> Value {
    const KEY: &[u8] = b"\"id\"";
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for (at, byte) in line.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' if !quoted && depth == 1 && line[at..].starts_with(KEY) => {
                if let Some(id) = id_behind(&line[at + KEY.len()..]) {
                    return id;
                }
                quoted = true;
            }
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    Value::Null
}

/// A number or a short text behind a colon; `None` where the key was a value itself.
fn id_behind(rest: &[u8]) -> Option<Value> {
    let rest = rest.trim_ascii_start().strip_prefix(b":")?;
    let end = rest.iter().position(|b| matches!(b, b',' | b'}'))?;
    json::parse(&rest[..end]).ok()
}
