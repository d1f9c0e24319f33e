//! Key files in the format of OpenSSH.

use super::agent::Session;
use super::{Signer, TrustError, Verifier, passphrase, private_file};
use crate::ambient::Ambient;
use crate::canon::text;
use crate::id::PublicKey;
use ed25519_dalek::SigningKey;
use ssh_key::private::{Ed25519Keypair, KeypairData};
use ssh_key::{LineEnding, PrivateKey};
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// How often a passphrase is asked for before we give up, as ssh does.
const ATTEMPTS: usize = 3;

const PRIVATE: &[u8] = b"-----BEGIN OPENSSH PRIVATE KEY-----";
const OTHER_PEM: &[u8] = b"-----BEGIN ";

/// What a key file holds.
pub(super) enum KeyFile {
    Plain(SigningKey),
    /// The public key stands outside the encrypted part.
    Encrypted(PublicKey, Box<PrivateKey>),
    /// A line of a `.pub` file: the secret is elsewhere.
    Public(PublicKey),
}

impl KeyFile {
    pub(super) fn public(&self) -> PublicKey {
        match self {
            KeyFile::Plain(key) => PublicKey(key.verifying_key().to_bytes()),
            KeyFile::Encrypted(key, _) | KeyFile::Public(key) => *key,
        }
    }
}

/// The signer of a key file. An encrypted key is signed with by the ssh-agent where it holds that key; else its passphrase
/// is asked for. Of a `.pub` file, or of a name beside which only the `.pub` lies, the agent must hold the key.
pub fn load_key_file(path: &Path, ambient: &Ambient) -> Result<Signer, TrustError> {
    let found = match read(path) {
        Err(TrustError::ReadKey { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {
            let public = with_pub(path);
            if !public.exists() {
                return Err(TrustError::ReadKey { path: path.into(), source });
            }
            read(&public)
        }
        found => found,
    };
    match found?.0 {
        KeyFile::Plain(key) => Ok(Signer::of_key(key)),
        KeyFile::Public(key) => match held_by_agent(&key, ambient)? {
            Some(signer) => Ok(signer),
            None => Err(TrustError::AgentLacks { key }),
        },
        KeyFile::Encrypted(key, locked) => {
            // An agent that does not answer is no reason to fail: the passphrase will do.
            match held_by_agent(&key, ambient) {
                Ok(Some(signer)) => Ok(signer),
                _ => unlock(path, &locked, ambient),
            }
        }
    }
}

fn with_pub(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".pub");
    name.into()
}

fn held_by_agent(key: &PublicKey, ambient: &Ambient) -> Result<Option<Signer>, TrustError> {
    match Session::open(ambient)? {
        Some(session) if session.holds(key)? => Ok(Some(Signer::of_agent(*key, session))),
        _ => Ok(None),
    }
}

/// Asks for the passphrase of an encrypted key.
fn unlock(path: &Path, locked: &PrivateKey, ambient: &Ambient) -> Result<Signer, TrustError> {
    for _ in 0..ATTEMPTS {
        let passphrase = passphrase::ask(path, ambient)?;
        if passphrase.is_empty() {
            break;
        }
        if let Ok(open) = locked.decrypt(passphrase.as_bytes()) {
            return signing_key(path, &open).map(Signer::of_key);
        }
    }
    Err(TrustError::Passphrase { path: path.into() })
}

/// Reads a key file, and gives its bytes too. A file with a secret that others may open is refused.
pub(super) fn read(path: &Path) -> Result<(KeyFile, Zeroizing<Vec<u8>>), TrustError> {
    let (bytes, meta) = private_file::read(path)?;
    let trimmed = bytes.trim_ascii_start();
    if trimmed.starts_with(PRIVATE) {
        private_file::check_mode(path, &meta)?;
        return Ok((private(path, &bytes)?, bytes));
    }
    if trimmed.starts_with(OTHER_PEM) {
        return Err(TrustError::OtherFormat { path: path.into() });
    }
    let line = std::str::from_utf8(&bytes).map_err(|_| TrustError::NotAKeyFile { path: path.into() })?;
    Ok((KeyFile::Public(public_of_line(path, line)?), bytes))
}

fn private(path: &Path, pem: &[u8]) -> Result<KeyFile, TrustError> {
    let parsed = PrivateKey::from_openssh(pem)
        .map_err(|source| TrustError::ParseKey { path: path.into(), why: source.to_string() })?;
    let public = ed25519(path, parsed.public_key())?;
    if parsed.is_encrypted() {
        return Ok(KeyFile::Encrypted(public, Box::new(parsed)));
    }
    signing_key(path, &parsed).map(KeyFile::Plain)
}

/// The public half, where the key is of the one kind that signs here.
fn ed25519(path: &Path, public: &ssh_key::PublicKey) -> Result<PublicKey, TrustError> {
    match public.key_data().ed25519() {
        Some(key) => Ok(PublicKey(key.0)),
        None => Err(TrustError::NotEd25519 { path: path.into(), kind: public.algorithm().as_str().into() }),
    }
}

fn signing_key(path: &Path, open: &PrivateKey) -> Result<SigningKey, TrustError> {
    ed25519(path, open.public_key())?;
    match open.key_data() {
        KeypairData::Ed25519(pair) => Ok(SigningKey::from(&pair.private)),
        _ => Err(TrustError::NotAKeyFile { path: path.into() }),
    }
}

fn public_of_line(path: &Path, line: &str) -> Result<PublicKey, TrustError> {
    let parsed =
        ssh_key::PublicKey::from_openssh(line.trim()).map_err(|_| TrustError::NotAKeyFile { path: path.into() })?;
    ed25519(path, &parsed)
}

/// The file of an unencrypted key with this seed. The comment names it in `ssh-add -l`.
pub(super) fn file_of_seed(seed: &[u8; 32], comment: &str) -> Zeroizing<String> {
    let pair = KeypairData::Ed25519(Ed25519Keypair::from_seed(seed));
    let key = PrivateKey::new(pair, comment).expect("the key is not encrypted");
    key.to_openssh(LineEnding::LF).expect("an Ed25519 key has an OpenSSH form")
}

/// The line of a `.pub` file, without a line feed: `ssh-ed25519 AAAA… comment`.
pub fn public_line(key: &PublicKey, comment: &str) -> String {
    let data = ssh_key::public::KeyData::Ed25519(ssh_key::public::Ed25519PublicKey(key.0));
    let key = ssh_key::PublicKey::new(data, comment);
    key.to_openssh().expect("an Ed25519 key has an OpenSSH form")
}

/// Reads a public key as a person has it: `ed25519:` with hexadecimal or base64, or the line of a `.pub` file. Refuses what
/// can never verify a signature.
pub fn parse_public(input: &str) -> Result<PublicKey, TrustError> {
    let refuse = |why| TrustError::ParsePublic { text: input.chars().take(100).collect(), why };
    let trimmed = input.trim();
    let key = if trimmed.starts_with("ed25519:") {
        PublicKey(text::key(trimmed).map_err(|e| refuse(e.why))?)
    } else {
        let parsed = ssh_key::PublicKey::from_openssh(trimmed)
            .map_err(|_| refuse("it is neither ed25519:… nor the line of an OpenSSH .pub file"))?;
        let data = parsed.key_data().ed25519();
        PublicKey(data.ok_or_else(|| refuse("only Ed25519 keys can sign here"))?.0)
    };
    match Verifier::new(&key) {
        Some(_) => Ok(key),
        None => Err(refuse("these 32 bytes are no Ed25519 key that can sign")),
    }
}
