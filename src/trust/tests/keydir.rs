use super::{ambient, askpass, keygen};
use crate::id::PublicKey;
use crate::trust::{KeyDir, KeyForm, TrustError, parse_public, verify};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn names(dir: &Path) -> Vec<PathBuf> {
    fs::read_dir(dir).map(|d| d.map(|e| e.unwrap().path()).collect()).unwrap_or_default()
}

#[test]
fn a_new_key_is_for_its_owner_alone_and_signs_again_later() {
    let home = tempfile::tempdir().unwrap();
    let dir = KeyDir::of(&ambient(home.path(), &[])).unwrap();
    assert_eq!(dir.list().unwrap(), []);
    let made = dir.create().unwrap();
    assert_eq!(dir.path(), home.path().join(".config/gatos/keys"));
    let path = dir.path().join(made.public().hex());
    assert_eq!((mode(dir.path()), mode(&path)), (0o700, 0o600));
    let info = crate::trust::KeyInfo { key: *made.public(), path, form: KeyForm::Plain };
    assert_eq!(dir.list().unwrap(), [info]);
    let loaded = dir.load(made.public()).unwrap();
    assert!(verify(made.public(), b"m", &loaded.sign(b"m").unwrap()));
    assert_ne!(dir.create().unwrap().public(), made.public());
    assert_eq!(dir.list().unwrap().len(), 2);
}

#[test]
fn openssh_reads_the_file_of_a_new_key() {
    let home = tempfile::tempdir().unwrap();
    let dir = KeyDir::of(&ambient(home.path(), &[])).unwrap();
    let key = *dir.create().unwrap().public();
    let line = std::process::Command::new("ssh-keygen").arg("-yf").arg(dir.path().join(key.hex())).output().unwrap();
    assert_eq!(parse_public(&String::from_utf8(line.stdout).unwrap()).unwrap(), key);
}

#[test]
fn xdg_decides_where_keys_lie() {
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("elsewhere");
    let dir = KeyDir::of(&ambient(home.path(), &[("XDG_CONFIG_HOME", config.to_str().unwrap())])).unwrap();
    assert_eq!(dir.path(), config.join("gatos/keys"));
    let nowhere = ambient(home.path(), &[("HOME", "")]);
    assert!(matches!(KeyDir::of(&nowhere), Err(TrustError::NoKeyDir)));
}

#[test]
fn wider_modes_are_refused_with_the_remedy() {
    let home = tempfile::tempdir().unwrap();
    let dir = KeyDir::of(&ambient(home.path(), &[])).unwrap();
    let key = *dir.create().unwrap().public();
    let path = dir.path().join(key.hex());
    set_mode(dir.path(), 0o755);
    let remedy = format!("run: chmod 700 {}", dir.path().display());
    for refused in [dir.load(&key).map(drop), dir.create().map(drop), dir.list().map(drop)] {
        let refused = refused.unwrap_err().to_string();
        assert!(refused.ends_with(&remedy), "{refused}");
    }
    set_mode(&path, 0o644);
    let all: Vec<_> = dir.examine().iter().map(TrustError::code).collect();
    assert_eq!(all, ["KEY_MODE", "KEY_MODE"], "the directory and the file");
    set_mode(dir.path(), 0o700);
    let remedy = format!("run: chmod 600 {}", path.display());
    for refused in [dir.load(&key).map(drop), dir.list().map(drop)] {
        let refused = refused.unwrap_err().to_string();
        assert!(refused.ends_with(&remedy), "{refused}");
    }
    set_mode(&path, 0o600);
    assert!(dir.examine().is_empty() && dir.load(&key).is_ok());
}

#[test]
fn must_leave_no_half_key_when_creation_is_interrupted() {
    let mut steps = 0;
    for n in 1.. {
        let home = tempfile::tempdir().unwrap();
        let fault = format!("store:{n}:error");
        let dir = KeyDir::of(&ambient(home.path(), &[("GATOS_FAULT", &fault)])).unwrap();
        if dir.create().is_ok() {
            break;
        }
        steps = n;
        assert!(names(dir.path()).is_empty(), "step {n} left {:?}", names(dir.path()));
        let after = KeyDir::of(&ambient(home.path(), &[])).unwrap();
        after.create().unwrap();
        assert_eq!(after.list().unwrap().len(), 1);
    }
    assert_eq!(steps, 3, "directory, temporary file, rename");
}

#[test]
fn a_leftover_of_a_killed_creation_is_not_a_key() {
    let home = tempfile::tempdir().unwrap();
    let dir = KeyDir::of(&ambient(home.path(), &[])).unwrap();
    dir.create().unwrap();
    fs::write(dir.path().join(".gatos-abc123"), "-----BEGIN OPENSSH").unwrap();
    assert_eq!(dir.list().unwrap().len(), 1);
}

#[test]
fn import_copies_the_file_as_it_is() {
    let home = tempfile::tempdir().unwrap();
    let program = askpass(home.path(), "correct horse");
    let vars = [("SSH_ASKPASS", program.as_str()), ("SSH_ASKPASS_REQUIRE", "force")];
    let dir = KeyDir::of(&ambient(home.path(), &vars)).unwrap();
    for (passphrase, form) in [("", KeyForm::Plain), ("correct horse", KeyForm::Encrypted)] {
        let file = home.path().join(format!("id{}", passphrase.len()));
        keygen(&file, "ed25519", passphrase);
        let info = dir.import(&file).unwrap();
        assert_eq!((info.form, mode(&info.path)), (form, 0o600));
        assert_eq!(fs::read(&info.path).unwrap(), fs::read(&file).unwrap());
        assert_eq!(dir.import(&file).unwrap(), info, "twice is harmless");
        assert!(verify(&info.key, b"m", &dir.load(&info.key).unwrap().sign(b"m").unwrap()));
        let copy = home.path().join(format!("copy{}", passphrase.len()));
        dir.export(&info.key, &copy).unwrap();
        assert_eq!((fs::read(&copy).unwrap(), mode(&copy)), (fs::read(&file).unwrap(), 0o600));
        assert_eq!(dir.export(&info.key, &copy).unwrap_err().code(), "KEY_IO", "nothing is overwritten");
    }
    assert_eq!(dir.list().unwrap().len(), 2);
}

#[test]
fn an_imported_public_line_needs_an_agent() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("id");
    keygen(&file, "ed25519", "");
    let dir = KeyDir::of(&ambient(home.path(), &[])).unwrap();
    let info = dir.import(&file.with_extension("pub")).unwrap();
    assert_eq!(info.form, KeyForm::Agent);
    assert!(matches!(dir.load(&info.key), Err(TrustError::AgentLacks { .. })));
    assert_eq!(dir.list().unwrap(), std::slice::from_ref(&info));
    // The private file of the same key takes its place.
    let private = dir.import(&file).unwrap();
    assert_eq!(dir.list().unwrap(), [private]);
    assert!(dir.load(&info.key).is_ok());
}

#[test]
fn a_file_under_another_name_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let dir = KeyDir::of(&ambient(home.path(), &[])).unwrap();
    let key = *dir.create().unwrap().public();
    let other = PublicKey([7; 32]);
    fs::rename(dir.path().join(key.hex()), dir.path().join(other.hex())).unwrap();
    assert!(matches!(dir.load(&other), Err(TrustError::Misnamed { holds, .. }) if holds == key));
    assert!(matches!(dir.list(), Err(TrustError::Misnamed { holds, .. }) if holds == key));
    assert!(matches!(dir.load(&key), Err(TrustError::NoSuchKey { .. })));
}
