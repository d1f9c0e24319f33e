//! What this gate judged before, so that a push costs what it brings.

use super::files;
use super::law::{Law, Policy};
use crate::canon::{Value, cbor, digest};
use crate::git::gate_dir;
use crate::id::Oid;
use crate::lua::ENGINE;
use crate::policy::Bundle;
use crate::trust::Graph;
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The form of the bytes and the program that judged them: what another one wrote is not read, for it may have judged otherwise.
const FORM: &str = concat!("gate-law/1 ", env!("CARGO_PKG_VERSION"));
/// Bytes of the digest in front of every file.
const DIGEST: usize = 32;

/// Files in the gate's own directory, where no push writes. Each begins with its own digest and names the commits that it was
/// made of, and counts for these alone; without it everything is read and judged again.
pub(super) struct Memory {
    dir: PathBuf,
}

impl Memory {
    pub(super) fn of(common_dir: &Path) -> Memory {
        Memory { dir: gate_dir(common_dir).join("known") }
    }

    /// The law that was judged last.
    pub(super) fn law(&self) -> Option<Law> {
        let value = cbor::decode(&self.read("law")?).ok()?;
        let [form, engine, graph, policy] = value.as_list()? else { return None };
        if form.as_str() != Some(FORM) || engine.as_str() != Some(ENGINE) {
            return None;
        }
        let graph = Graph::recall(raw(graph)?)?;
        let policy = match policy.as_list()? {
            [] => None,
            [bundle, line] => Some(self.policy(Bundle::recall(raw(bundle)?)?, line.as_list()?)?),
            _ => return None,
        };
        Some(Law { graph, policy })
    }

    fn policy(&self, bundle: Bundle, line: &[Value]) -> Option<Policy> {
        let place = |(place, oid): (usize, &Value)| Some((Oid(raw(oid)?.try_into().ok()?), place));
        let age: HashMap<Oid, usize> = line.iter().enumerate().map(place).collect::<Option<_>>()?;
        Some(Policy::new(bundle, age, Some(self)))
    }

    pub(super) fn keep_law(&self, law: &Law) {
        let Some(graph) = law.graph.to_bytes() else { return };
        let policy = match &law.policy {
            None => Value::List(Vec::new()),
            Some(policy) => {
                let Ok(bundle) = policy.judge.bundle().to_bytes() else { return };
                let mut line: Vec<(&Oid, &usize)> = policy.age.iter().collect();
                line.sort_by_key(|(_, place)| **place);
                let line = line.into_iter().map(|(oid, _)| Value::Bytes(oid.as_bytes().to_vec()));
                Value::list([Value::Bytes(bundle), Value::list(line)])
            }
        };
        if let Ok(bytes) = cbor::to_vec(&Value::list([FORM.into(), ENGINE.into(), Value::Bytes(graph), policy])) {
            self.write("law", &bytes);
        }
    }

    /// What a policy allowed, in the words of its judge.
    pub(super) fn answers(&self, policy: Oid) -> Option<Vec<u8>> {
        let mut bytes = self.read("answers")?;
        let (of, _) = bytes.split_first_chunk::<20>()?;
        if Oid(*of) != policy {
            return None;
        }
        bytes.drain(..20);
        Some(bytes)
    }

    pub(super) fn keep_answers(&self, policy: Oid, answers: &[u8]) {
        self.write("answers", &[policy.as_bytes(), answers].concat());
    }

    fn read(&self, name: &str) -> Option<Vec<u8>> {
        let mut bytes = files::read(&self.dir.join(name)).ok()??;
        let (head, body) = bytes.split_at_checked(DIGEST)?;
        if digest::blake3(body).as_bytes() != head {
            return None;
        }
        bytes.drain(..DIGEST);
        Some(bytes)
    }

    /// A gate that cannot write here judges everything anew the next time.
    fn write(&self, name: &str, body: &[u8]) {
        let _ = files::swap(&self.dir.join(name), &[digest::blake3(body).as_bytes(), body].concat());
    }
}

fn raw(value: &Value) -> Option<&[u8]> {
    match value {
        Value::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}
