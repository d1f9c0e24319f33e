use super::verify;
use crate::id::{PublicKey, SigBytes};
use ssh_key::SshSig;
use ssh_key::public::KeyData;

/// The namespace in which git signs (gitformat-signature(5)).
const NAMESPACE: &str = "git";

/// Whose key signed a commit: that of an SSH signature which is good over the commit without it (gitformat-signature(5)).
/// `None` for a commit without one, with a bad one, or with one of another kind.
pub fn commit_signer(raw: &[u8]) -> Option<PublicKey> {
    let (signed, pem) = take_signature(std::str::from_utf8(raw).ok()?)?;
    let signature = SshSig::from_pem(pem).ok()?;
    let KeyData::Ed25519(key) = signature.public_key() else { return None };
    if signature.namespace() != NAMESPACE {
        return None;
    }
    let key = PublicKey(key.0);
    let covered = SshSig::signed_data(NAMESPACE, signature.hash_alg(), signed.as_bytes()).ok()?;
    let sig = SigBytes(signature.signature_bytes().try_into().ok()?);
    verify(&key, &covered, &sig).then_some(key)
}

/// The commit without its one signature header, and that signature.
fn take_signature(text: &str) -> Option<(String, String)> {
    const HEADER: &str = "gpgsig ";
    let (head, message) = text.split_once("\n\n")?;
    let (mut rest, mut pem) = (String::new(), String::new());
    let mut inside = false;
    for line in head.split('\n') {
        let continued = line.strip_prefix(' ').filter(|_| inside);
        if let Some(line) = continued.or_else(|| line.strip_prefix(HEADER).filter(|_| pem.is_empty())) {
            pem.push_str(line);
            pem.push('\n');
            inside = true;
            continue;
        }
        if line.starts_with(HEADER) {
            return None;
        }
        inside = false;
        rest.push_str(line);
        rest.push('\n');
    }
    if pem.is_empty() { None } else { Some((format!("{rest}\n{message}"), pem)) }
}
