//! The two questions that are put to an ssh-agent (draft-ietf-sshm-ssh-agent): which keys, and sign this.

use super::{TrustError, verify};
use crate::ambient::Ambient;
use crate::id::{PublicKey, SigBytes};
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::sync::Mutex;

/// Longest message either way: the limit of OpenSSH's own agent.
const MESSAGE_MAX: usize = 256 * 1024;
const ALGORITHM: &[u8] = b"ssh-ed25519";

const REQUEST_IDENTITIES: u8 = 11;
const IDENTITIES_ANSWER: u8 = 12;
const SIGN_REQUEST: u8 = 13;
const SIGN_RESPONSE: u8 = 14;
const FAILURE: u8 = 5;

#[cfg(unix)]
type Stream = std::os::unix::net::UnixStream;

/// Where the platform has no agent socket that we can speak to, nothing can be connected.
#[cfg(not(unix))]
type Stream = io::Empty;

/// A connection to the agent of `SSH_AUTH_SOCK`.
pub(super) struct Session {
    socket: PathBuf,
    stream: Mutex<Stream>,
}

impl Session {
    /// `None` where no agent is announced.
    pub(super) fn open(ambient: &Ambient) -> Result<Option<Session>, TrustError> {
        let Some(socket) = ambient.env().get("SSH_AUTH_SOCK").map(PathBuf::from) else { return Ok(None) };
        match connect(&socket) {
            Ok(stream) => Ok(Some(Session { socket, stream: Mutex::new(stream) })),
            Err(source) => Err(TrustError::AgentConnect { socket, source }),
        }
    }

    /// Whether the agent holds the secret of this key.
    pub(super) fn holds(&self, key: &PublicKey) -> Result<bool, TrustError> {
        let answer = self.ask(&[REQUEST_IDENTITIES])?;
        let blobs = identities(&answer).ok_or_else(|| self.garbled())?;
        Ok(blobs.contains(&blob(key).as_slice()))
    }

    /// Signs, and checks the answer: an agent is another program.
    pub(super) fn sign(&self, key: &PublicKey, message: &[u8]) -> Result<SigBytes, TrustError> {
        let mut request = vec![SIGN_REQUEST];
        put(&mut request, &blob(key));
        put(&mut request, message);
        request.extend_from_slice(&0u32.to_be_bytes()); // no flags: they choose hashes for RSA
        let answer = self.ask(&request)?;
        if answer[0] == FAILURE {
            return Err(TrustError::AgentRefused { key: *key });
        }
        let sig = signature(&answer).ok_or_else(|| self.garbled())?;
        if !verify(key, message, &sig) {
            return Err(self.garbled());
        }
        Ok(sig)
    }

    fn garbled(&self) -> TrustError {
        TrustError::AgentAnswer { socket: self.socket.clone() }
    }

    /// One message there and one back; the answer has at least one byte.
    fn ask(&self, body: &[u8]) -> Result<Vec<u8>, TrustError> {
        if body.len() > MESSAGE_MAX {
            return Err(TrustError::AgentTooLong { size: body.len(), max: MESSAGE_MAX });
        }
        // A panic of another holder can only have lost an answer; the next read then fails by itself.
        let mut stream = self.stream.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let answer = exchange(&mut *stream, body);
        answer
            .map_err(|source| TrustError::AgentSpeak { socket: self.socket.clone(), source })?
            .ok_or_else(|| self.garbled())
    }
}

#[cfg(unix)]
fn connect(socket: &std::path::Path) -> io::Result<Stream> {
    Stream::connect(socket)
}

#[cfg(not(unix))]
fn connect(_: &std::path::Path) -> io::Result<Stream> {
    Err(io::ErrorKind::Unsupported.into())
}

/// `None` where the answer has no length that an agent may send.
fn exchange(stream: &mut (impl Read + Write), body: &[u8]) -> io::Result<Option<Vec<u8>>> {
    let mut message = Vec::with_capacity(body.len() + 4);
    put(&mut message, body);
    stream.write_all(&message)?;
    let mut size = [0; 4];
    stream.read_exact(&mut size)?;
    let size = u32::from_be_bytes(size) as usize;
    if size == 0 || size > MESSAGE_MAX {
        return Ok(None);
    }
    let mut answer = vec![0; size];
    stream.read_exact(&mut answer)?;
    Ok(Some(answer))
}

/// The public key as SSH writes it on the wire.
fn blob(key: &PublicKey) -> Vec<u8> {
    let mut out = Vec::with_capacity(51);
    put(&mut out, ALGORITHM);
    put(&mut out, &key.0);
    out
}

/// Appends a string: four bytes of length, then the bytes.
fn put(out: &mut Vec<u8>, bytes: &[u8]) {
    out.extend_from_slice(&(bytes.len() as u32).to_be_bytes());
    out.extend_from_slice(bytes);
}

fn take_u32(from: &mut &[u8]) -> Option<u32> {
    let (head, rest) = from.split_first_chunk::<4>()?;
    *from = rest;
    Some(u32::from_be_bytes(*head))
}

fn take<'a>(from: &mut &'a [u8]) -> Option<&'a [u8]> {
    let size = take_u32(from)? as usize;
    let (bytes, rest) = from.split_at_checked(size)?;
    *from = rest;
    Some(bytes)
}

/// The key blobs of an identities answer.
fn identities(answer: &[u8]) -> Option<Vec<&[u8]>> {
    let mut rest = answer.strip_prefix(&[IDENTITIES_ANSWER])?;
    let count = take_u32(&mut rest)?;
    let mut blobs = Vec::new();
    for _ in 0..count {
        blobs.push(take(&mut rest)?);
        take(&mut rest)?; // the comment
    }
    rest.is_empty().then_some(blobs)
}

/// The signature of a sign response.
fn signature(answer: &[u8]) -> Option<SigBytes> {
    let mut rest = answer.strip_prefix(&[SIGN_RESPONSE])?;
    let mut inner = take(&mut rest)?;
    let algorithm = take(&mut inner)?;
    let bytes = take(&mut inner)?;
    (algorithm == ALGORITHM && inner.is_empty() && rest.is_empty()).then_some(SigBytes(bytes.try_into().ok()?))
}
