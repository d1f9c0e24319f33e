use thiserror::Error;

/// Why bytes are not one strict JSON document.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("JSON, byte {offset}: {why}")]
pub struct JsonError {
    /// Byte offset where reading stopped.
    pub offset: usize,
    pub why: JsonFault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum JsonFault {
    #[error("a value was expected here")]
    Syntax,
    #[error("bytes follow the end of the document")]
    Trailing,
    #[error("the text ends in the middle of a value")]
    End,
    #[error("this is not UTF-8")]
    Utf8,
    #[error("a byte order mark stands before the document; remove it")]
    Bom,
    #[error("a control character must be escaped inside a string")]
    Control,
    #[error("an escape JSON does not have")]
    Escape,
    #[error("half of a surrogate pair")]
    Surrogate,
    #[error("a key stands twice in one object")]
    Duplicate,
    #[error("nested deeper than 128 levels")]
    Depth,
    #[error("an integer above 2^53-1 is not safe in JSON; send it as a string")]
    UnsafeInteger,
    #[error("a number too large for a double")]
    Overflow,
    #[error("a fraction that is not in its shortest form on the Q32.32 grid")]
    OffGrid,
    #[error("not in canonical form (RFC 8785)")]
    NotCanonical,
}

impl JsonError {
    /// The wire-stable code.
    pub fn code(&self) -> &'static str {
        match self.why {
            JsonFault::Syntax | JsonFault::Trailing | JsonFault::End | JsonFault::Control | JsonFault::Escape => {
                "JSON_SYNTAX"
            }
            JsonFault::Utf8 => "JSON_UTF8",
            JsonFault::Bom => "JSON_BOM",
            JsonFault::Surrogate => "JSON_SURROGATE",
            JsonFault::Duplicate => "JSON_DUPLICATE",
            JsonFault::Depth => "JSON_DEPTH",
            JsonFault::UnsafeInteger => "NUMBER_UNSAFE",
            JsonFault::Overflow => "NUMBER_OVERFLOW",
            JsonFault::OffGrid => "NUMBER_OFF_GRID",
            JsonFault::NotCanonical => "JSON_NOT_CANONICAL",
        }
    }

    /// Line and column, both from 1, of the fault in the text that was read; columns count characters.
    pub fn position(&self, text: &[u8]) -> (usize, usize) {
        let before = &text[..self.offset.min(text.len())];
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        let start = before.iter().rposition(|b| *b == b'\n').map_or(0, |i| i + 1);
        (line, String::from_utf8_lossy(&before[start..]).chars().count() + 1)
    }
}

/// Why bytes are not one strict DAG-CBOR item.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("DAG-CBOR, byte {offset}: {why}")]
pub struct CborError {
    pub offset: usize,
    pub why: CborFault,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum CborFault {
    #[error("the bytes end in the middle of an item")]
    End,
    #[error("bytes follow the end of the item")]
    Trailing,
    #[error("a length or integer is not in its shortest form")]
    NotMinimal,
    #[error("indefinite lengths are not allowed")]
    Indefinite,
    #[error("a reserved additional information value")]
    Reserved,
    #[error("only 64-bit floats are allowed")]
    FloatWidth,
    #[error("NaN and infinity are not allowed")]
    NotFinite,
    #[error("a simple value other than false, true and null")]
    Simple,
    #[error("a map key must be a text string")]
    Key,
    #[error("map keys are not in order, shorter first, then by bytes")]
    Order,
    #[error("a map key stands twice")]
    Duplicate,
    #[error("a tag other than 42")]
    Tag,
    #[error("tag 42 does not hold a CID")]
    Cid,
    #[error("a text string is not UTF-8")]
    Utf8,
    #[error("nested deeper than 128 levels")]
    Depth,
}

impl CborError {
    pub fn code(&self) -> &'static str {
        "CBOR_REFUSED"
    }
}

/// Why a value has no bytes in the wanted form.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum EncodeError {
    #[error("an integral number above 2^53-1 does not fit a document; send it as a string")]
    UnsafeInteger,
    #[error("NaN and infinity have no form")]
    NotFinite,
    #[error("a {0} has no JSON form")]
    NoJson(&'static str),
    #[error("a Q32.32 fraction has no DAG-CBOR form; write it as a double or a string")]
    NoCbor,
    #[error("nested deeper than 128 levels")]
    Depth,
}

impl EncodeError {
    pub fn code(&self) -> &'static str {
        match self {
            EncodeError::UnsafeInteger => "NUMBER_UNSAFE",
            EncodeError::NotFinite => "NUMBER_NOT_FINITE",
            EncodeError::NoJson(_) | EncodeError::NoCbor => "NO_FORM",
            EncodeError::Depth => "DEPTH",
        }
    }
}

/// Why a text is not the key, signature or base64 it was read as.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?}: {why}")]
pub struct TextError {
    pub text: String,
    pub why: &'static str,
}

impl TextError {
    pub fn code(&self) -> &'static str {
        "TEXT_INVALID"
    }
}
