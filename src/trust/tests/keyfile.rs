//! Files that OpenSSH wrote.

use super::{ambient, askpass, keygen};
use crate::id::PublicKey;
use crate::trust::{TrustError, load_key_file, parse_public, verify};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

fn public(file: &Path) -> PublicKey {
    parse_public(&fs::read_to_string(file.with_extension("pub")).unwrap()).unwrap()
}

#[test]
fn a_plain_file_signs() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("id_ed25519");
    keygen(&file, "ed25519", "");
    let signer = load_key_file(&file, &ambient(dir.path(), &[])).unwrap();
    assert_eq!(*signer.public(), public(&file));
    assert!(verify(signer.public(), b"message", &signer.sign(b"message").unwrap()));
}

#[test]
fn an_encrypted_file_signs_with_its_passphrase() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("id_ed25519");
    keygen(&file, "ed25519", "correct horse");
    let program = askpass(dir.path(), "correct horse");
    let vars = [("SSH_ASKPASS", program.as_str()), ("SSH_ASKPASS_REQUIRE", "force")];
    let signer = load_key_file(&file, &ambient(dir.path(), &vars)).unwrap();
    assert_eq!(*signer.public(), public(&file));
    assert!(verify(signer.public(), b"message", &signer.sign(b"message").unwrap()));
    assert_eq!(fs::read_to_string(dir.path().join("calls")).unwrap().lines().count(), 1);
}

#[test]
fn a_wrong_passphrase_is_refused_after_three_questions() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("id_ed25519");
    keygen(&file, "ed25519", "correct horse");
    let program = askpass(dir.path(), "wrong horse");
    let vars = [("SSH_ASKPASS", program.as_str()), ("SSH_ASKPASS_REQUIRE", "force")];
    let refused = load_key_file(&file, &ambient(dir.path(), &vars)).unwrap_err();
    assert!(matches!(refused, TrustError::Passphrase { .. }), "{refused}");
    assert_eq!(fs::read_to_string(dir.path().join("calls")).unwrap().lines().count(), 3);
}

#[test]
fn a_program_that_gives_up_is_not_asked_again() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("id_ed25519");
    keygen(&file, "ed25519", "correct horse");
    let vars = [("SSH_ASKPASS", "/bin/false"), ("SSH_ASKPASS_REQUIRE", "force")];
    let refused = load_key_file(&file, &ambient(dir.path(), &vars)).unwrap_err();
    assert!(matches!(refused, TrustError::Askpass { .. }), "{refused}");
    let vars = [("SSH_ASKPASS", "/nowhere/askpass"), ("SSH_ASKPASS_REQUIRE", "force")];
    let refused = load_key_file(&file, &ambient(dir.path(), &vars)).unwrap_err();
    assert!(matches!(refused, TrustError::RunAskpass { .. }), "{refused}");
}

#[test]
fn a_file_that_others_may_open_is_refused_with_the_remedy() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("id of alice");
    keygen(&file, "ed25519", "");
    for mode in [0o640, 0o604, 0o620, 0o666] {
        fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
        let refused = load_key_file(&file, &ambient(dir.path(), &[])).unwrap_err();
        let remedy = format!("has mode {mode:04o}, so others may reach the key; run: chmod 600 '{}'", file.display());
        assert!(refused.to_string().ends_with(&remedy), "{refused}");
        assert_eq!(refused.code(), "KEY_MODE");
    }
    fs::set_permissions(&file, fs::Permissions::from_mode(0o400)).unwrap();
    assert!(load_key_file(&file, &ambient(dir.path(), &[])).is_ok());
}

#[test]
fn keys_of_other_kinds_are_refused_with_a_sentence() {
    let dir = tempfile::tempdir().unwrap();
    for (kind, passphrase) in [("rsa", ""), ("rsa", "correct horse"), ("ecdsa", "")] {
        let file = dir.path().join(format!("id_{kind}{}", passphrase.len()));
        keygen(&file, kind, passphrase);
        for path in [file.clone(), file.with_extension("pub")] {
            let refused = load_key_file(&path, &ambient(dir.path(), &[])).unwrap_err();
            assert!(matches!(refused, TrustError::NotEd25519 { .. }), "{refused}");
            assert!(refused.to_string().contains("only Ed25519 keys sign here"), "{refused}");
        }
    }
}

#[test]
fn what_is_no_key_file_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("id_ed25519");
    keygen(&file, "ed25519", "");
    let text = fs::read_to_string(&file).unwrap();
    let ambient = ambient(dir.path(), &[]);
    let refuse = |bytes: &[u8], code: &str| {
        fs::write(&file, bytes).unwrap();
        let refused = load_key_file(&file, &ambient).unwrap_err();
        assert_eq!(refused.code(), code, "{refused}");
        refused.to_string()
    };
    refuse(b"", "KEY_INVALID");
    refuse(b"hello", "KEY_INVALID");
    refuse(&[0xff; 100], "KEY_INVALID");
    refuse(&vec![b'x'; 100_000], "KEY_INVALID");
    refuse(&text.as_bytes()[..text.len() / 2], "KEY_INVALID");
    let pem = refuse(b"-----BEGIN PRIVATE KEY-----\n", "KEY_INVALID");
    assert!(pem.contains("ssh-keygen -p -f"), "{pem}");
    assert_eq!(load_key_file(dir.path(), &ambient).unwrap_err().code(), "KEY_INVALID");
    assert_eq!(load_key_file(&dir.path().join("none"), &ambient).unwrap_err().code(), "KEY_IO");
}

#[test]
fn must_refuse_or_read_alike_every_flipped_byte_of_a_key_file() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("id_ed25519");
    keygen(&file, "ed25519", "");
    let (key, bytes) = (public(&file), fs::read(&file).unwrap());
    let ambient = ambient(dir.path(), &[]);
    for at in 0..bytes.len() {
        let mut flipped = bytes.clone();
        flipped[at] ^= 1;
        fs::write(&file, flipped).unwrap();
        // A flip in the comment is harmless; one in the key never gives another key.
        if let Ok(signer) = load_key_file(&file, &ambient) {
            assert_eq!(*signer.public(), key, "byte {at}");
        }
    }
}
