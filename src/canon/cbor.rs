//! Strict DAG-CBOR (the IPLD profile of RFC 8949): one encoding for each value, and a reader that takes no other.

use super::error::CborFault;
use super::value::{Map, Text, Value};
use super::{CborError, DEPTH_MAX, EncodeError, INT_MAX};
use std::cmp::Ordering;

const UINT: u8 = 0;
const NEGATIVE: u8 = 1;
const BYTES: u8 = 2;
const TEXT: u8 = 3;
const ARRAY: u8 = 4;
const MAP: u8 = 5;
const TAG: u8 = 6;
const SIMPLE: u8 = 7;
/// The only tag: a CID.
const TAG_CID: u64 = 42;

/// Length and first bytes of a key in one word: where two words differ, they are ordered as the keys are. Keys of 255
/// bytes and more share a word, for their lengths decide before their bytes do.
fn sort_word(key: &str) -> u64 {
    const PREFIX: usize = 7;
    let bytes = key.as_bytes();
    let prefix = match bytes.first_chunk::<8>() {
        _ if bytes.len() >= 255 => return u64::MAX,
        Some(first) => u64::from_be_bytes(*first) >> 8,
        None => {
            let used = &bytes[..bytes.len().min(PREFIX)];
            used.iter().fold(0, |word, b| word << 8 | u64::from(*b)) << (8 * (PREFIX - used.len()))
        }
    };
    (bytes.len() as u64) << (8 * PREFIX) | prefix
}

/// Which doubles an encoding may hold.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Doubles {
    /// What a document may say: none that is integral and above 2^53-1, for JSON could not tell it from an integer.
    Document,
    /// Every finite one.
    All,
}

/// Appends the encoding of a value that is stored or signed. An integral double above 2^53-1 is refused.
pub fn encode(value: &Value, out: &mut Vec<u8>) -> Result<(), EncodeError> {
    Writer { out, doubles: Doubles::Document }.value(value, DEPTH_MAX)
}

/// The encoding of a value that is stored or signed, as bytes of its own.
pub fn to_vec(value: &Value) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::with_capacity(512);
    encode(value, &mut out)?;
    Ok(out)
}

/// The encoding of any value of DAG-CBOR: what `decode` read is given back to the byte.
pub fn exact(value: &Value) -> Result<Vec<u8>, EncodeError> {
    let mut out = Vec::with_capacity(512);
    Writer { out: &mut out, doubles: Doubles::All }.value(value, DEPTH_MAX)?;
    Ok(out)
}

#[inline]
fn head(major: u8, n: u64, out: &mut Vec<u8>) {
    if n < 24 {
        out.push(major << 5 | n as u8);
    } else {
        long_head(major << 5, n, out);
    }
}

fn long_head(major: u8, n: u64, out: &mut Vec<u8>) {
    let be = n.to_be_bytes();
    let (info, used) = match n {
        0..0x100 => (24, 1),
        0x100..0x1_0000 => (25, 2),
        0x1_0000..0x1_0000_0000 => (26, 4),
        _ => (27, 8),
    };
    out.push(major | info);
    out.extend_from_slice(&be[8 - used..]);
}

fn key_order(a: &str, b: &str) -> Ordering {
    a.len().cmp(&b.len()).then_with(|| a.as_bytes().cmp(b.as_bytes()))
}

fn text(s: &str, out: &mut Vec<u8>) {
    head(TEXT, s.len() as u64, out);
    out.extend_from_slice(s.as_bytes());
}

struct Writer<'a> {
    out: &'a mut Vec<u8>,
    doubles: Doubles,
}

impl Writer<'_> {
    fn value(&mut self, value: &Value, depth: usize) -> Result<(), EncodeError> {
        let out = &mut *self.out;
        match value {
            Value::Null => out.push(0xf6),
            Value::Bool(false) => out.push(0xf4),
            Value::Bool(true) => out.push(0xf5),
            Value::Int(i) if *i < 0 => head(NEGATIVE, !*i as u64, out),
            Value::Int(i) => head(UINT, *i as u64, out),
            Value::Wide(i) => {
                let (major, n) = if *i < 0 { (NEGATIVE, !*i) } else { (UINT, *i) };
                head(major, u64::try_from(n).map_err(|_| EncodeError::UnsafeInteger)?, out);
            }
            Value::Float(f) => self.double(*f)?,
            Value::Fixed(_) => return Err(EncodeError::NoCbor),
            Value::Text(s) => text(s, out),
            Value::Bytes(b) => {
                head(BYTES, b.len() as u64, out);
                out.extend_from_slice(b);
            }
            Value::Link(cid) => {
                head(TAG, TAG_CID, out);
                head(BYTES, cid.len() as u64 + 1, out);
                out.push(0);
                out.extend_from_slice(cid);
            }
            Value::List(_) | Value::Map(_) if depth == 0 => return Err(EncodeError::Depth),
            Value::List(items) => {
                head(ARRAY, items.len() as u64, out);
                items.iter().try_for_each(|v| self.value(v, depth - 1))?;
            }
            Value::Map(map) => self.map(map, depth)?,
        }
        Ok(())
    }

    fn double(&mut self, f: f64) -> Result<(), EncodeError> {
        if !f.is_finite() {
            return Err(EncodeError::NotFinite);
        }
        if self.doubles == Doubles::Document && f.fract() == 0.0 && f.abs() > INT_MAX as f64 {
            return Err(EncodeError::UnsafeInteger);
        }
        self.out.push(0xfb);
        self.out.extend_from_slice(&f.to_be_bytes());
        Ok(())
    }

    fn map(&mut self, map: &Map, depth: usize) -> Result<(), EncodeError> {
        /// Maps up to this size are sorted without an allocation.
        const SMALL: usize = 24;
        let entries = map.entries();
        head(MAP, entries.len() as u64, self.out);
        let mut small = [(0, 0); SMALL];
        let mut large;
        let order: &mut [(u64, u32)] = if entries.len() <= SMALL {
            &mut small[..entries.len()]
        } else {
            large = vec![(0, 0); entries.len()];
            &mut large
        };
        for (slot, (i, (key, _))) in order.iter_mut().zip((0..).zip(entries)) {
            *slot = (sort_word(key), i);
        }
        order.sort_unstable_by(|(a, i), (b, j)| {
            a.cmp(b).then_with(|| key_order(&entries[*i as usize].0, &entries[*j as usize].0))
        });
        for &(_, i) in order.iter() {
            let (key, value) = &entries[i as usize];
            text(key, self.out);
            self.value(value, depth - 1)?;
        }
        Ok(())
    }
}

/// Reads exactly one item.
pub fn decode(bytes: &[u8]) -> Result<Value, CborError> {
    let mut r = Reader { bytes, at: 0 };
    let value = r.value(DEPTH_MAX)?;
    if r.at != bytes.len() {
        return r.fail(CborFault::Trailing);
    }
    Ok(value)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn fail<T>(&self, why: CborFault) -> Result<T, CborError> {
        Err(CborError { offset: self.at, why })
    }

    fn take(&mut self, n: u64) -> Result<&'a [u8], CborError> {
        let rest = &self.bytes[self.at..];
        match usize::try_from(n).ok().filter(|n| *n <= rest.len()) {
            Some(n) => {
                self.at += n;
                Ok(&rest[..n])
            }
            None => self.fail(CborFault::End),
        }
    }

    /// Major type, additional information and argument of the next item; floats keep their width in the second.
    fn head(&mut self) -> Result<(u8, u8, u64), CborError> {
        let first = self.take(1)?[0];
        let (major, info) = (first >> 5, first & 31);
        let n = match info {
            0..24 => return Ok((major, info, u64::from(info))),
            24..=27 => self.take(1 << (info - 24))?.iter().fold(0u64, |n, b| n << 8 | u64::from(*b)),
            28..=30 if major == SIMPLE => return self.fail(CborFault::Simple),
            28..=30 => return self.fail(CborFault::Reserved),
            _ => return self.fail(CborFault::Indefinite),
        };
        let least = [24, 1 << 8, 1 << 16, 1 << 32][usize::from(info - 24)];
        if major != SIMPLE && n < least {
            return self.fail(CborFault::NotMinimal);
        }
        Ok((major, info, n))
    }

    fn text(&mut self, n: u64) -> Result<&'a str, CborError> {
        let bytes = self.take(n)?;
        std::str::from_utf8(bytes).or_else(|_| self.fail(CborFault::Utf8))
    }

    fn value(&mut self, depth: usize) -> Result<Value, CborError> {
        let (major, info, n) = self.head()?;
        match major {
            UINT => Ok(i64::try_from(n).map_or(Value::Wide(n.into()), Value::Int)),
            NEGATIVE => Ok(i64::try_from(n).map_or(Value::Wide(!i128::from(n)), |n| Value::Int(!n))),
            BYTES => Ok(Value::Bytes(self.take(n)?.to_vec())),
            TEXT => Ok(Value::Text(self.text(n)?.into())),
            ARRAY | MAP if depth == 0 => self.fail(CborFault::Depth),
            ARRAY => {
                let mut items = Vec::new();
                for _ in 0..n {
                    items.push(self.value(depth - 1)?);
                }
                Ok(Value::List(items))
            }
            MAP => self.map(n, depth),
            TAG if n == TAG_CID => self.link(),
            TAG => self.fail(CborFault::Tag),
            _ => match (info, n) {
                (20, _) => Ok(Value::Bool(false)),
                (21, _) => Ok(Value::Bool(true)),
                (22, _) => Ok(Value::Null),
                (27, bits) => {
                    let f = f64::from_bits(bits);
                    if f.is_finite() { Ok(Value::Float(f)) } else { self.fail(CborFault::NotFinite) }
                }
                (25 | 26, _) => self.fail(CborFault::FloatWidth),
                _ => self.fail(CborFault::Simple),
            },
        }
    }

    fn map(&mut self, n: u64, depth: usize) -> Result<Value, CborError> {
        let mut entries: Vec<(Text, Value)> = Vec::new();
        for _ in 0..n {
            let (major, _, len) = self.head()?;
            if major != TEXT {
                return self.fail(CborFault::Key);
            }
            let key = self.text(len)?;
            match entries.last().map(|(last, _)| key_order(last, key)) {
                Some(Ordering::Equal) => return self.fail(CborFault::Duplicate),
                Some(Ordering::Greater) => return self.fail(CborFault::Order),
                _ => {}
            }
            let value = self.value(depth - 1)?;
            entries.push((key.into(), value));
        }
        match Map::from_entries(entries) {
            Ok(map) => Ok(Value::Map(map)),
            Err(_) => self.fail(CborFault::Duplicate),
        }
    }

    fn link(&mut self) -> Result<Value, CborError> {
        let (major, _, len) = self.head()?;
        if major != BYTES {
            return self.fail(CborFault::Cid);
        }
        match self.take(len)?.split_first() {
            Some((0, cid)) if is_cid(cid) => Ok(Value::Link(cid.to_vec())),
            _ => self.fail(CborFault::Cid),
        }
    }
}

/// A binary CID: version 0 (a bare sha2-256 multihash) or version 1 with codec, hash function, length and digest.
fn is_cid(bytes: &[u8]) -> bool {
    if bytes.len() == 34 && bytes.starts_with(&[0x12, 0x20]) {
        return true;
    }
    let mut rest = bytes;
    let mut varint = || -> Option<u64> {
        let mut n = 0u64;
        for i in 0..9 {
            let (&b, tail) = rest.split_first()?;
            rest = tail;
            n |= u64::from(b & 0x7f) << (7 * i);
            if b & 0x80 == 0 {
                return (i == 0 || b != 0).then_some(n);
            }
        }
        None
    };
    let (version, codec, hash, len) = (varint(), varint(), varint(), varint());
    version == Some(1) && codec.is_some() && hash.is_some() && len == Some(rest.len() as u64)
}
