use super::error::NodeError;
use super::open::Node;
use super::replica;
use crate::git::{Plane, RefName};
use crate::id::{Actor, Ns, PublicKey, Replica, Writer};
use crate::trust::{KeyDir, Signer, TrustError};

/// Who this clone speaks as.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    pub actor: Actor,
    pub key: PublicKey,
}

impl Identity {
    pub fn writer(&self, replica: Replica) -> Writer {
        Writer::new(&self.actor, &self.key, replica)
    }
}

impl Node {
    /// Actor and key: as configured here by `init`, else the one key of the key directory that the trust graph knows.
    pub fn identity(&self) -> Result<Identity, NodeError> {
        let actor = self.store().config_text("gatos.actor")?;
        let key = self.store().config_text("gatos.key")?;
        if let (Some(actor), Some(key)) = (&actor, &key) {
            return Ok(Identity { actor: actor.parse()?, key: key.parse()? });
        }
        let keys = KeyDir::of(self.ambient())?;
        let mut fits: Vec<Identity> = Vec::new();
        for (known, set) in &self.graph().current().actors {
            if actor.as_ref().is_some_and(|a| a != known.as_str()) {
                continue;
            }
            for key in set {
                if keys.holds(key) && self.graph().stands(known, key) {
                    fits.push(Identity { actor: known.clone(), key: *key });
                }
            }
        }
        match fits.len() {
            1 => Ok(fits.remove(0)),
            0 => Err(NodeError::NoKey(
                "none of the keys in the key directory stands in the trust graph; run: git gatos init".into(),
            )),
            _ => Err(NodeError::NoKey(format!(
                "several keys fit ({}); choose: git config gatos.actor ACTOR and git config gatos.key KEY",
                fits.iter().map(|i| format!("{} {}", i.actor, i.key)).collect::<Vec<_>>().join(", ")
            ))),
        }
    }

    /// The key of an identity, ready to sign.
    pub fn signer(&self, identity: &Identity) -> Result<Signer, NodeError> {
        if let Some(path) = self.store().config_text("gatos.keyfile")? {
            let signer = crate::trust::load_key_file(std::path::Path::new(&path), self.ambient())?;
            if *signer.public() != identity.key {
                return Err(NodeError::NoKey(format!(
                    "{path} holds {}, but this clone signs with {} (gatos.key); put the key back, or run: git gatos init --key {path}",
                    signer.public(),
                    identity.key
                )));
            }
            return Ok(signer);
        }
        let keys = KeyDir::of(self.ambient())?;
        keys.load(&identity.key).map_err(|error| match error {
            TrustError::NoSuchKey { key, dir } => NodeError::KeyLost { key, dir },
            other => other.into(),
        })
    }

    /// The writer for the next append to a namespace. A copied directory and a restored backup draw a new replica first,
    /// so that no journal forks.
    pub(super) fn writer(&self, identity: &Identity, ns: &Ns) -> Result<Writer, NodeError> {
        let common = self.store().common_dir();
        let drawn = match replica::read(common)? {
            Some(replica) => replica,
            None => replica::renew(self.ambient(), common, None)?,
        };
        let writer = identity.writer(drawn);
        if self.holds_remembered(ns, &writer)? {
            return Ok(writer);
        }
        self.fresh_writer(identity, ns, &writer, "behind what this machine wrote last (a restored backup?)")
    }

    /// Goes on in a fresh replica, because the journal of `writer` is not what it should be.
    pub(super) fn fresh_writer(
        &self,
        identity: &Identity,
        ns: &Ns,
        writer: &Writer,
        why: &str,
    ) -> Result<Writer, NodeError> {
        let common = self.store().common_dir();
        let fresh = identity.writer(replica::renew(self.ambient(), common, Some(writer.replica()))?);
        self.notice(format!("the journal {ns}/{writer} is {why}; going on as {fresh}"));
        Ok(fresh)
    }

    /// Whether the journal still holds the append that this machine wrote last.
    fn holds_remembered(&self, ns: &Ns, writer: &Writer) -> Result<bool, NodeError> {
        let Some(remembered) = self.memory().tip(ns, writer)? else { return Ok(true) };
        let name = RefName::own(Plane::Journal { ns: ns.clone(), writer: writer.clone() });
        match self.store().resolve(&name)? {
            None => Ok(false),
            Some(tip) if tip == remembered => Ok(true),
            Some(tip) => Ok(self.store().contains(remembered) && self.store().is_ancestor(remembered, tip)?),
        }
    }
}
