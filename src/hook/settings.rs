use super::error::HookError;
use super::files;
use crate::ambient::Ambient;
use crate::canon::{Map, Value, json};
use crate::git::{gate_dir, gate_settings};
use crate::id::{Actor, Blake3, PublicKey, Replica, Writer};
use crate::trust::{KeyDir, Signer};
use std::path::Path;
use std::time::Duration;

/// The one source that says who pushes. Over a local path the whole environment of the pusher reaches the hook, so that no
/// other is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Nobody is told apart: signatures say who wrote.
    None,
    /// `GATOS_PUSHER`, set by the forced command of an ssh key.
    Ssh,
    /// `REMOTE_USER`, set by the web server.
    Http,
    /// `GL_USERNAME`.
    Gitlab,
    /// `GITEA_PUSHER_NAME`, of Gitea and Forgejo.
    Gitea,
    /// `GL_USER`.
    Gitolite,
    /// The key of a signed push that git found good.
    Cert,
}

impl Source {
    pub const ALL: [Source; 7] =
        [Source::None, Source::Ssh, Source::Http, Source::Gitlab, Source::Gitea, Source::Gitolite, Source::Cert];

    pub fn as_str(self) -> &'static str {
        match self {
            Source::None => "none",
            Source::Ssh => "ssh",
            Source::Http => "http",
            Source::Gitlab => "gitlab",
            Source::Gitea => "gitea",
            Source::Gitolite => "gitolite",
            Source::Cert => "cert",
        }
    }

    pub fn parse(text: &str) -> Option<Source> {
        Source::ALL.into_iter().find(|source| source.as_str() == text)
    }

    /// The variable that names the pusher.
    pub fn variable(self) -> Option<&'static str> {
        match self {
            Source::None => None,
            Source::Ssh => Some("GATOS_PUSHER"),
            Source::Http => Some("REMOTE_USER"),
            Source::Gitlab => Some("GL_USERNAME"),
            Source::Gitea => Some("GITEA_PUSHER_NAME"),
            Source::Gitolite => Some("GL_USER"),
            Source::Cert => Some("GIT_PUSH_CERT_KEY"),
        }
    }

    /// Who pushes, as this source says it. `GIT_PUSH_CERT_STATUS` is `G` for a key that nobody knows too, so that a
    /// certificate counts by its key and the nonce that git compared.
    pub(super) fn pusher(self, ambient: &Ambient) -> Option<String> {
        let env = ambient.env();
        if self == Source::Cert {
            let good = env.text("GIT_PUSH_CERT_STATUS").as_deref() == Some("G")
                && env.text("GIT_PUSH_CERT_NONCE_STATUS").as_deref() == Some("OK");
            if !good {
                return None;
            }
        }
        let name = env.text(self.variable()?)?;
        let plain = name.len() <= NAME_MAX && !name.chars().any(char::is_control);
        plain.then_some(name)
    }
}

/// Longest name of a pusher.
const NAME_MAX: usize = 256;

/// What `hook install` settled, in `<common dir>/gatos/gate/settings.json`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The gate is a writer like any other.
    pub actor: Actor,
    pub key: PublicKey,
    pub replica: Replica,
    /// The genesis that this repository may hold; without it nothing of ours passes until one is held.
    pub root: Option<Blake3>,
    /// The bundle that the first policy must be or descend from; without it any may be the first.
    pub policy: Option<Blake3>,
    pub source: Source,
    /// A push returns when its receipt stands: post-receive writes it. Else the holder of the lock does, a moment later.
    pub await_receipt: bool,
    /// Seconds. None = `PATIENCE`.
    pub patience: Option<u64>,
}

/// How long an accepted push may move no ref before it is ended.
pub(super) const PATIENCE: Duration = Duration::from_secs(60);

impl Settings {
    pub fn patience(&self) -> Duration {
        self.patience.map_or(PATIENCE, Duration::from_secs)
    }

    pub fn read(common_dir: &Path) -> Result<Option<Settings>, HookError> {
        let path = gate_settings(common_dir);
        let Some(bytes) = files::read(&path)? else { return Ok(None) };
        match Settings::parse(&bytes) {
            Some(settings) => Ok(Some(settings)),
            None => Err(HookError::Settings { path, why: "it is not what hook install wrote".into() }),
        }
    }

    /// The same, where there must be some.
    pub(super) fn need(common_dir: &Path) -> Result<Settings, HookError> {
        Settings::read(common_dir)?.ok_or_else(|| HookError::NotInstalled { path: gate_settings(common_dir) })
    }

    fn parse(bytes: &[u8]) -> Option<Settings> {
        let value = json::parse_canonical(bytes).ok()?;
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        Some(Settings {
            actor: text("actor")?.parse().ok()?,
            key: text("key")?.parse().ok()?,
            replica: text("replica")?.parse().ok()?,
            root: id_in(&value, "root")?,
            policy: id_in(&value, "policy")?,
            source: Source::parse(text("identity")?)?,
            await_receipt: value.get("await_receipt").and_then(Value::as_bool).unwrap_or(false),
            patience: match value.get("patience") {
                None => None,
                Some(seconds) => Some(u64::try_from(seconds.as_int()?).ok()?),
            },
        })
    }

    pub(super) fn write(&self, common_dir: &Path) -> Result<(), HookError> {
        let mut map = Map::new();
        map.insert("actor", self.actor.as_str());
        map.insert("key", Value::text(self.key));
        map.insert("replica", self.replica.as_str());
        if let Some(root) = &self.root {
            map.insert("root", Value::text(root));
        }
        if let Some(policy) = &self.policy {
            map.insert("policy", Value::text(policy));
        }
        map.insert("identity", self.source.as_str());
        if self.await_receipt {
            map.insert("await_receipt", true);
        }
        if let Some(seconds) = self.patience {
            map.insert("patience", seconds as i64);
        }
        files::replace(&gate_settings(common_dir), &json::document(&Value::Map(map)).expect("short fields have a form"))
    }

    pub fn writer(&self) -> Writer {
        Writer::new(&self.actor, &self.key, self.replica)
    }

    /// The gate's key lies beside its settings: a directory of keys that the environment names would be the pusher's.
    pub(super) fn keys(common_dir: &Path, ambient: &Ambient) -> KeyDir {
        KeyDir::at(&gate_dir(common_dir).join("keys"), ambient)
    }

    pub(super) fn signer(&self, common_dir: &Path, ambient: &Ambient) -> Result<Signer, HookError> {
        Ok(Settings::keys(common_dir, ambient).load(&self.key)?)
    }
}

/// An id that may be left out; `None` where something else stands there.
fn id_in(settings: &Value, name: &str) -> Option<Option<Blake3>> {
    match settings.get(name) {
        None => Some(None),
        Some(id) => Some(Some(id.as_str()?.parse().ok()?)),
    }
}
