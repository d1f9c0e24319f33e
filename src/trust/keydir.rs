use super::openssh::{self, KeyFile};
use super::{Signer, TrustError, load_key_file, private_file};
use crate::ambient::Ambient;
use crate::id::PublicKey;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// The directory of a person's keys: `$XDG_CONFIG_HOME/gatos/keys`, mode 0700. A key lies in a file of mode 0600 named by
/// the 64 hexadecimal digits of its public half, in the format of OpenSSH; with `.pub` behind the name where only the public
/// line was imported and an ssh-agent holds the secret.
pub struct KeyDir {
    path: PathBuf,
    ambient: Ambient,
}

/// One key of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyInfo {
    pub key: PublicKey,
    pub path: PathBuf,
    pub form: KeyForm,
}

/// What must be at hand to sign with a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyForm {
    /// Nothing but the file.
    Plain,
    /// The passphrase, or an agent that holds the key.
    Encrypted,
    /// An agent that holds the key.
    Agent,
}

impl From<&KeyFile> for KeyForm {
    fn from(file: &KeyFile) -> KeyForm {
        match file {
            KeyFile::Plain(_) => KeyForm::Plain,
            KeyFile::Encrypted(..) => KeyForm::Encrypted,
            KeyFile::Public(_) => KeyForm::Agent,
        }
    }
}

impl KeyDir {
    /// The directory of these surroundings. Nothing is read or made yet.
    pub fn of(ambient: &Ambient) -> Result<KeyDir, TrustError> {
        let config = ambient.env().xdg("XDG_CONFIG_HOME", ".config").ok_or(TrustError::NoKeyDir)?;
        Ok(KeyDir { path: config.join("gatos").join("keys"), ambient: ambient.clone() })
    }

    /// A directory at a place of its own, whatever the environment says.
    pub fn at(path: &Path, ambient: &Ambient) -> KeyDir {
        KeyDir { path: path.to_owned(), ambient: ambient.clone() }
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Draws a new key and writes its file, whole or not at all.
    pub fn create(&self) -> Result<Signer, TrustError> {
        let seed = Zeroizing::new(self.ambient.chance::<32>());
        let signer = Signer::from_seed(&seed);
        private_file::private_dir(&self.path, &self.ambient)?;
        let text = openssh::file_of_seed(&seed, "gatos");
        private_file::write_new(&self.place(signer.public(), false), text.as_bytes(), &self.ambient)?;
        Ok(signer)
    }

    /// The keys, sorted by their digits. Files of other names are left out; a key whose file is wrong is an error.
    pub fn list(&self) -> Result<Vec<KeyInfo>, TrustError> {
        let paths = self.paths()?;
        if !paths.is_empty() {
            private_file::private_dir(&self.path, &self.ambient)?;
        }
        let mut keys = paths.into_iter().map(|(key, path)| self.info(key, path)).collect::<Result<Vec<_>, _>>()?;
        // A private file sorts before the public line of the same key, which it makes superfluous.
        keys.dedup_by_key(|info| info.key);
        Ok(keys)
    }

    /// All that is wrong with the directory and the files of keys in it.
    pub fn examine(&self) -> Vec<TrustError> {
        let paths = match self.paths() {
            Ok(paths) if paths.is_empty() => return Vec::new(),
            Ok(paths) => paths,
            Err(error) => return vec![error],
        };
        let dir = private_file::private_dir(&self.path, &self.ambient).err();
        dir.into_iter().chain(paths.into_iter().filter_map(|(key, path)| self.info(key, path).err())).collect()
    }

    /// The files that are named after a key, sorted by name.
    fn paths(&self) -> Result<Vec<(PublicKey, PathBuf)>, TrustError> {
        let unread = |source| TrustError::ReadKey { path: self.path.clone(), source };
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(e) => return Err(unread(e)),
        };
        let paths = entries.map(|entry| entry.map(|e| e.path())).collect::<Result<Vec<_>, _>>().map_err(unread)?;
        let mut named: Vec<_> = paths.into_iter().filter_map(|path| Some((named(&path)?, path))).collect();
        named.sort();
        Ok(named)
    }

    fn info(&self, key: PublicKey, path: PathBuf) -> Result<KeyInfo, TrustError> {
        let form = KeyForm::from(&self.read(&key, &path)?.0);
        Ok(KeyInfo { key, path, form })
    }

    /// Whether the directory has a file of this key.
    pub fn holds(&self, key: &PublicKey) -> bool {
        [false, true].into_iter().any(|public| self.place(key, public).exists())
    }

    /// The signer of a key of the directory.
    pub fn load(&self, key: &PublicKey) -> Result<Signer, TrustError> {
        if !self.holds(key) {
            return Err(TrustError::NoSuchKey { key: *key, dir: self.path.clone() });
        }
        private_file::private_dir(&self.path, &self.ambient)?;
        let path = self.place(key, false);
        let signer = load_key_file(&path, &self.ambient)?;
        if signer.public() != key {
            return Err(TrustError::Misnamed { path, holds: *signer.public() });
        }
        Ok(signer)
    }

    /// Copies a key file into the directory as it is: what was encrypted stays so. Twice is harmless.
    pub fn import(&self, from: &Path) -> Result<KeyInfo, TrustError> {
        let (found, bytes) = openssh::read(from)?;
        let (key, form) = (found.public(), KeyForm::from(&found));
        private_file::private_dir(&self.path, &self.ambient)?;
        let path = self.place(&key, form == KeyForm::Agent);
        if path.exists() {
            return self.info(key, path);
        }
        private_file::write_new(&path, &bytes, &self.ambient)?;
        Ok(KeyInfo { key, path, form })
    }

    /// Copies the file of a key to a new file of mode 0600, encrypted where it is encrypted here.
    pub fn export(&self, key: &PublicKey, to: &Path) -> Result<(), TrustError> {
        let public = !self.place(key, false).exists();
        if !self.holds(key) {
            return Err(TrustError::NoSuchKey { key: *key, dir: self.path.clone() });
        }
        let (_, bytes) = self.read(key, &self.place(key, public))?;
        private_file::write_new(to, &bytes, &self.ambient)
    }

    fn place(&self, key: &PublicKey, public: bool) -> PathBuf {
        self.path.join(if public { key.hex() + ".pub" } else { key.hex() })
    }

    /// Reads a file that must hold the key of its name.
    fn read(&self, key: &PublicKey, path: &Path) -> Result<(KeyFile, Zeroizing<Vec<u8>>), TrustError> {
        let (found, bytes) = openssh::read(path)?;
        if found.public() != *key {
            return Err(TrustError::Misnamed { path: path.into(), holds: found.public() });
        }
        Ok((found, bytes))
    }
}

/// The key that a file is named after.
fn named(path: &Path) -> Option<PublicKey> {
    let name = path.file_name()?.to_str()?;
    PublicKey::from_hex(name.strip_suffix(".pub").unwrap_or(name)).ok()
}
