//! Text forms of raw bytes: base64, and keys and signatures in every spelling that is read.

use super::TextError;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE, URL_SAFE_NO_PAD};

/// Standard base64 with padding, as a DSSE envelope carries its payload.
pub fn base64(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

/// Reads standard base64 with padding.
pub fn from_base64(text: &str) -> Result<Vec<u8>, TextError> {
    STANDARD.decode(text).map_err(|_| refuse(text, "it is not base64"))
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// Reads lower-case hexadecimal.
pub fn from_hex(text: &str) -> Result<Vec<u8>, TextError> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).map_err(|_| refuse(text, "it is not lower-case hexadecimal"))
}

fn refuse(text: &str, why: &'static str) -> TextError {
    TextError { text: text.chars().take(100).collect(), why }
}

/// Reads `ed25519:` with `N` bytes in lower-case hexadecimal, in padded base64, or in base64url, padded or not. Spare bits
/// must be zero.
pub fn key<const N: usize>(text: &str) -> Result<[u8; N], TextError> {
    let body = text.strip_prefix("ed25519:").ok_or_else(|| refuse(text, "it does not start with \"ed25519:\""))?;
    if body.len() == 2 * N {
        let bytes = from_hex(body).map_err(|_| refuse(text, "it is not lower-case hexadecimal"))?;
        return bytes.try_into().map_err(|_| refuse(text, "it has the wrong length"));
    }
    // Each engine refuses the other alphabet, and padding that it does not expect.
    let engine = match (body.contains(['+', '/']), body.ends_with('=')) {
        (true, _) => &STANDARD,
        (false, true) => &URL_SAFE,
        (false, false) => &URL_SAFE_NO_PAD,
    };
    let bytes = engine.decode(body).map_err(|_| refuse(text, misfit::<N>(body)))?;
    bytes.try_into().map_err(|_| refuse(text, misfit::<N>(body)))
}

/// Why a text is no form of so many bytes. Part of one, as it is left behind by a careless copy, is told from another text.
fn misfit<const N: usize>(body: &str) -> &'static str {
    let is_hex = body.bytes().all(|b| b.is_ascii_hexdigit());
    let least = if is_hex { 2 * N } else { (4 * N).div_ceil(3) };
    match body.len() {
        length if length < least => "it is too short",
        length if length > 2 * N => "it is too long",
        _ => "it is neither hexadecimal nor base64 of the right length with zero spare bits",
    }
}
