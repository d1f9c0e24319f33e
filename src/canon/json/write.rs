use super::scan::plain;
use crate::canon::{DEPTH_MAX, EncodeError, INT_MAX, Value, fixed};

/// Appends the canonical form. Large integral floats are written as RFC 8785 writes them; a document must not hold them
/// (`document`).
pub fn write(value: &Value, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    write_at(value, out, DEPTH_MAX)
}

/// The canonical bytes of a document that is stored or signed: no integral number above 2^53-1.
pub fn document(value: &Value) -> Result<Vec<u8>, EncodeError> {
    check_document(value, DEPTH_MAX)?;
    let mut out = Vec::with_capacity(256);
    write(value, &mut out)?;
    Ok(out)
}

/// Refuses an integral number that a document must not hold.
pub(super) fn check_document(value: &Value, depth: usize) -> Result<(), EncodeError> {
    match value {
        Value::Int(i) if i.unsigned_abs() > INT_MAX as u64 => Err(EncodeError::UnsafeInteger),
        Value::Float(f) if f.fract() == 0.0 && f.abs() > INT_MAX as f64 => Err(EncodeError::UnsafeInteger),
        Value::List(_) | Value::Map(_) if depth == 0 => Err(EncodeError::Depth),
        Value::List(items) => items.iter().try_for_each(|v| check_document(v, depth - 1)),
        Value::Map(map) => map.iter().try_for_each(|(_, v)| check_document(v, depth - 1)),
        _ => Ok(()),
    }
}

fn write_at(value: &Value, out: &mut Vec<u8>, depth: usize) -> Result<(), EncodeError> {
    match value {
        Value::Null => out.extend_from_slice(b"null"),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(i) => write_int(*i, out),
        Value::Wide(_) => return Err(EncodeError::UnsafeInteger),
        Value::Float(f) if !f.is_finite() => return Err(EncodeError::NotFinite),
        Value::Float(f) => out.extend_from_slice(ryu_js::Buffer::new().format_finite(*f).as_bytes()),
        Value::Fixed(raw) => out.extend_from_slice(fixed::print(*raw).as_bytes()),
        Value::Text(s) => write_string(s, out),
        Value::Bytes(_) | Value::Link(_) => return Err(EncodeError::NoJson(value.kind())),
        Value::List(_) | Value::Map(_) if depth == 0 => return Err(EncodeError::Depth),
        Value::List(items) => {
            out.push(b'[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_at(item, out, depth - 1)?;
            }
            out.push(b']');
        }
        Value::Map(map) => {
            out.push(b'{');
            for (i, (key, item)) in map.entries().iter().enumerate() {
                if i > 0 {
                    out.push(b',');
                }
                write_string(key, out);
                out.push(b':');
                write_at(item, out, depth - 1)?;
            }
            out.push(b'}');
        }
    }
    Ok(())
}

fn write_int(i: i64, out: &mut Vec<u8>) {
    let mut digits = [0u8; 20];
    let mut at = digits.len();
    let mut n = i.unsigned_abs();
    loop {
        at -= 1;
        digits[at] = b'0' + (n % 10) as u8;
        n /= 10;
        if n == 0 {
            break;
        }
    }
    if i < 0 {
        out.push(b'-');
    }
    out.extend_from_slice(&digits[at..]);
}

/// Appends a string in quotes with the escapes of RFC 8785, section 3.2.2.2.
pub fn write_string(s: &str, out: &mut Vec<u8>) {
    let mut rest = s.as_bytes();
    out.reserve(rest.len() + 2);
    out.push(b'"');
    loop {
        let (plain, special) = rest.split_at(plain(rest));
        out.extend_from_slice(plain);
        let Some((&b, behind)) = special.split_first() else { break };
        write_escape(b, out);
        rest = behind;
    }
    out.push(b'"');
}

fn write_escape(b: u8, out: &mut Vec<u8>) {
    let short = match b {
        b'"' => b'"',
        b'\\' => b'\\',
        0x08 => b'b',
        b'\t' => b't',
        b'\n' => b'n',
        0x0c => b'f',
        b'\r' => b'r',
        _ => {
            const HEX: &[u8; 16] = b"0123456789abcdef";
            out.extend_from_slice(&[b'\\', b'u', b'0', b'0', HEX[usize::from(b >> 4)], HEX[usize::from(b & 15)]]);
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}
