use super::judge::Version;
use super::statement::{Said, Statement};
use super::{Grant, Graph, Revocation, TrustDoc};
use crate::canon::{Value, cbor};
use crate::id::{Oid, PublicKey};

/// The form of the bytes: another one is not read.
const FORM: &str = "graph/2";

impl Graph {
    /// All that was judged, in bytes from which `recall` makes it again.
    pub fn to_bytes(&self) -> Option<Vec<u8>> {
        let commits = self.commits().iter().map(|commit| bytes(commit.as_bytes()));
        let versions = self
            .versions()
            .iter()
            .map(|v| Value::list([bytes(v.commit.as_bytes()), bytes(&v.doc.encode()), keys(&v.signers)]));
        let statements = self.statements().iter().map(|s| {
            let is_grant = Value::Bool(matches!(s.said, Said::Grant(_)));
            let document = bytes(&s.said.encode());
            Value::list([bytes(s.commit.as_bytes()), is_grant, document, keys(&s.signers), Value::Bool(s.by_roots)])
        });
        let parts = [FORM.into(), Value::list(commits), Value::list(versions), Value::list(statements)];
        cbor::to_vec(&Value::list(parts)).ok()
    }

    /// A graph that was read and judged before; `None` where these are not its bytes.
    pub fn recall(bytes: &[u8]) -> Option<Graph> {
        let value = cbor::decode(bytes).ok()?;
        let [form, commits, versions, statements] = value.as_list()? else { return None };
        if form.as_str() != Some(FORM) {
            return None;
        }
        let commits = commits.as_list()?.iter().map(oid).collect::<Option<Vec<_>>>()?;
        let versions = versions.as_list()?.iter().map(version).collect::<Option<_>>()?;
        let statements = statements.as_list()?.iter().map(statement).collect::<Option<_>>()?;
        Graph::assemble(&commits, versions, statements)
    }
}

fn bytes(bytes: &[u8]) -> Value {
    Value::Bytes(bytes.to_vec())
}

fn keys(keys: &[PublicKey]) -> Value {
    Value::list(keys.iter().map(|key| bytes(key.as_bytes())))
}

fn raw(value: &Value) -> Option<&[u8]> {
    match value {
        Value::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

fn oid(value: &Value) -> Option<Oid> {
    Some(Oid(raw(value)?.try_into().ok()?))
}

fn signers(value: &Value) -> Option<Vec<PublicKey>> {
    value.as_list()?.iter().map(|key| Some(PublicKey(raw(key)?.try_into().ok()?))).collect()
}

fn version(value: &Value) -> Option<Version> {
    let [commit, document, by] = value.as_list()? else { return None };
    let doc = TrustDoc::parse(raw(document)?).ok()?;
    Some(Version { commit: oid(commit)?, id: doc.content_id(), doc, signers: signers(by)? })
}

fn statement(value: &Value) -> Option<Statement> {
    let [commit, is_grant, document, by, by_roots] = value.as_list()? else { return None };
    let document = raw(document)?;
    let said = match is_grant.as_bool()? {
        true => Said::Grant(Grant::parse(document).ok()?),
        false => Said::Revocation(Revocation::parse(document).ok()?),
    };
    Some(Statement { commit: oid(commit)?, said, signers: signers(by)?, by_roots: by_roots.as_bool()? })
}
