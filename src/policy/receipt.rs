use crate::canon::Value;
use crate::git::{Named, Plane, named};
use crate::id::{Oid, PublicKey, Timestamp, Writer};
use crate::trust::Graph;

/// An accepted push, as the chain of a gate has it: what moved, when it came in, and by which law it was judged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The entry.
    pub commit: Oid,
    /// Whose chain it stands in, and the key that signed it.
    pub gate: Writer,
    pub key: PublicKey,
    pub seq: u64,
    pub received_at: Timestamp,
    /// Who pushed, by the word of the transport.
    pub identity: Option<String>,
    pub policy_root: Option<Oid>,
    pub trust_root: Option<Oid>,
    pub updates: Vec<Moved>,
}

/// A ref that an accepted push moved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Moved {
    pub name: String,
    pub named: Named,
    pub old: Option<Oid>,
    /// None where the ref was deleted.
    pub new: Option<Oid>,
}

impl Moved {
    /// The plane, where it is a ref of ours.
    pub fn plane(&self) -> Option<&Plane> {
        match &self.named {
            Named::Ours(plane) => Some(plane),
            _ => None,
        }
    }

    fn read(value: &Value) -> Option<Moved> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let id = |name: &str| text(name).and_then(|hex| Oid::from_hex(hex).ok());
        let place = |oid: Oid| (oid != Oid::ZERO).then_some(oid);
        let name = text("ref")?;
        Some(Moved { name: name.to_owned(), named: named(name), old: place(id("old")?), new: place(id("new")?) })
    }
}

impl Receipt {
    /// Reads the fields of a document whose form was checked; the name of one that is malformed.
    pub(super) fn of(value: &Value, commit: Oid, gate: &Writer, key: PublicKey) -> Result<Receipt, &'static str> {
        let text = |name: &str| value.get(name).and_then(Value::as_str);
        let root = |name: &'static str| match value.get(name) {
            None => Ok(None),
            Some(_) => text(name).and_then(|hex| Oid::from_hex(hex).ok()).map(Some).ok_or(name),
        };
        let updates = value.get("updates").and_then(Value::as_list);
        let updates = updates.and_then(|list| list.iter().map(Moved::read).collect::<Option<Vec<_>>>());
        let seq = value.get("seq").and_then(Value::as_int).and_then(|n| u64::try_from(n).ok()).filter(|n| *n >= 1);
        Ok(Receipt {
            commit,
            gate: gate.clone(),
            key,
            seq: seq.ok_or("seq")?,
            received_at: text("received_at").and_then(|at| at.parse().ok()).ok_or("received_at")?,
            identity: text("identity").map(str::to_owned),
            policy_root: root("policy_root")?,
            trust_root: root("trust_root")?,
            updates: updates.ok_or("updates")?,
        })
    }

    /// Before its key has the right a gate takes nothing but trust, and what is not asked about.
    pub fn moves_only_trust(&self) -> bool {
        self.updates.iter().all(|moved| moved.plane().is_none_or(|plane| *plane == Plane::TrustGraph))
    }

    /// Whether a trust graph gave the gate no right to this receipt. While one stands, a gate asks no rules of what enough
    /// roots signed.
    pub fn is_barred(&self, graph: &Graph) -> bool {
        !graph.gives_receipts(self.gate.actor(), &self.key, &self.received_at)
    }

    /// By what law it was judged: the trust graph, or the policy.
    pub fn named(&self, plane: &Plane) -> Option<Oid> {
        match plane {
            Plane::TrustGraph => self.trust_root,
            Plane::PolicyActive => self.policy_root,
            _ => None,
        }
    }

    /// Where it leaves a ref of the law.
    pub fn leaves(&self, plane: &Plane) -> Option<Oid> {
        self.moved(plane).and_then(|moved| moved.new).or(self.named(plane))
    }

    /// The update of one plane.
    pub fn moved(&self, plane: &Plane) -> Option<&Moved> {
        self.updates.iter().find(|moved| moved.plane() == Some(plane))
    }
}
