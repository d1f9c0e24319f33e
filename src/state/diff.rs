use crate::canon::Value;

/// One place where two states differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// Where, as a JSON pointer (RFC 6901); empty for the whole.
    pub path: String,
    pub before: Option<Value>,
    pub after: Option<Value>,
}

/// The structural difference of two states, in the order of canonical JSON. Lists are compared place by place.
pub fn difference(before: &Value, after: &Value) -> Vec<Change> {
    let mut out = Vec::new();
    walk(String::new(), Some(before), Some(after), &mut out);
    out
}

fn walk(path: String, before: Option<&Value>, after: Option<&Value>, out: &mut Vec<Change>) {
    match (before, after) {
        (Some(a), Some(b)) if a == b => {}
        (Some(Value::Map(a)), Some(Value::Map(b))) => {
            let mut keys: Vec<&str> = a.keys().chain(b.keys().filter(|k| !a.contains(k))).collect();
            keys.sort_unstable();
            for key in keys {
                walk(format!("{path}/{}", escape(key)), a.get(key), b.get(key), out);
            }
        }
        (Some(Value::List(a)), Some(Value::List(b))) => {
            for i in 0..a.len().max(b.len()) {
                walk(format!("{path}/{i}"), a.get(i), b.get(i), out);
            }
        }
        (None, None) => {}
        (a, b) => out.push(Change { path, before: a.cloned(), after: b.cloned() }),
    }
}

fn escape(key: &str) -> String {
    key.replace('~', "~0").replace('/', "~1")
}
