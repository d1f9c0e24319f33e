use std::fs::File;
use std::io::{Error, ErrorKind, Read as _, Result};
use std::path::Path;

/// Largest source of a bundle.
const SOURCE_MAX: u64 = 1 << 20;

/// Reads a source file whole; `None` where there is none. What is no file, or is longer than a source may be, is an error of the
/// kind `InvalidData`.
pub fn read_source(path: &Path) -> Result<Option<Vec<u8>>> {
    let none = |e: &Error| matches!(e.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory);
    match std::fs::metadata(path) {
        // Before it is opened: whoever opens a pipe waits for its other end.
        Ok(meta) if !meta.is_file() => return Err(Error::new(ErrorKind::InvalidData, "it is no regular file")),
        Ok(_) => {}
        Err(e) if none(&e) => return Ok(None),
        Err(e) => return Err(e),
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(SOURCE_MAX + 1).read_to_end(&mut bytes)?;
    match bytes.len() as u64 > SOURCE_MAX {
        true => Err(Error::new(ErrorKind::InvalidData, format!("it is longer than {SOURCE_MAX} bytes"))),
        false => Ok(Some(bytes)),
    }
}
