use super::judge::{self, DOC, SIGNATURES, judge};
use super::{Graph, GraphFault, Origin, Said, Signer, TrustDoc, TrustError, dsse};
use crate::canon::{Value, json, trailers};
use crate::git::{NewCommit, Store};
use crate::id::{Oid, PublicKey};

const FORM: &str = "trust-proposal/1";
/// Most bytes of all files of a trust graph's commit that are written again beside what is new.
const TREE_MAX: u64 = 256 << 20;

/// A change of the trust graph with the signatures that it has so far. It goes from hand to hand as a file:
///
/// ```text
/// {"document":{…},"gatos":"trust-proposal/1","signatures":[{"keyid":"ed25519:…","sig":"…"}]}
/// ```
///
/// The document is a trust.json, a grant or a revocation; the signatures are those that will lie beside it.
#[derive(Debug, Clone, PartialEq)]
pub struct Proposal {
    what: Proposed,
    signatures: Vec<dsse::Signature>,
}

/// What is proposed.
#[derive(Debug, Clone, PartialEq)]
pub enum Proposed {
    Version(TrustDoc),
    Statement(Said),
}

impl Proposal {
    pub fn version(doc: TrustDoc) -> Proposal {
        Proposal { what: Proposed::Version(doc), signatures: Vec::new() }
    }

    pub fn statement(said: Said) -> Proposal {
        Proposal { what: Proposed::Statement(said), signatures: Vec::new() }
    }

    pub fn what(&self) -> &Proposed {
        &self.what
    }

    /// Who has signed.
    pub fn signers(&self) -> Vec<PublicKey> {
        self.signatures.iter().map(|s| s.keyid).collect()
    }

    fn kind(&self) -> &'static str {
        match &self.what {
            Proposed::Version(_) => judge::KIND,
            Proposed::Statement(said) => said.kind(),
        }
    }

    fn document(&self) -> Vec<u8> {
        match &self.what {
            Proposed::Version(doc) => doc.encode(),
            Proposed::Statement(said) => said.encode(),
        }
    }

    /// Adds a signature; one of the same key before is replaced.
    pub fn sign(&mut self, signer: &Signer) -> Result<(), TrustError> {
        let signature = dsse::sign(self.kind(), &self.document(), signer)?;
        self.signatures.retain(|s| s.keyid != signature.keyid);
        self.signatures.push(signature);
        self.signatures.sort_by_key(|s| s.keyid);
        Ok(())
    }

    /// Whether it can still follow a graph: a version names the one before it.
    pub fn is_current(&self, graph: &Graph) -> bool {
        match &self.what {
            Proposed::Version(doc) => match doc.origin {
                Origin::Next { prev, .. } => prev == graph.last().id,
                Origin::Genesis { .. } => false,
            },
            Proposed::Statement(_) => true,
        }
    }

    /// The files that it brings.
    fn files(&self) -> Vec<(String, Vec<u8>)> {
        let signatures = dsse::encode(&self.signatures);
        let (document, beside) = match &self.what {
            Proposed::Version(_) => (DOC.to_owned(), SIGNATURES.to_owned()),
            Proposed::Statement(said) => said.paths(),
        };
        vec![(document, self.document()), (beside, signatures)]
    }

    /// Judges it as every reader will.
    pub fn judge(&self, graph: Option<&Graph>) -> Result<Graph, GraphFault> {
        let mut files = self.files();
        if let (Proposed::Statement(_), Some(graph)) = (&self.what, graph) {
            files.push((DOC.to_owned(), graph.current().encode()));
            files.push((SIGNATURES.to_owned(), Vec::new()));
        }
        judge(Oid::ZERO, &files, graph.cloned())
    }

    /// Judges it and only then writes its commit behind the tip of the graph. The caller moves the ref.
    pub fn write(&self, store: &Store, graph: Option<&Graph>) -> Result<Oid, TrustError> {
        let version = self.number(graph);
        self.judge(graph).map_err(|source| TrustError::Propose { version, source })?;
        let mut files = self.files();
        let parent = graph.map(Graph::tip);
        if let Some(tip) = parent {
            let brings = |path: &str| files.iter().any(|(new, _)| new == path);
            let kept: Vec<_> = store.files(tip, TREE_MAX)?.into_iter().filter(|(path, _)| !brings(path)).collect();
            files.extend(kept);
        }
        let tree = store.write_tree(&files)?;
        Ok(store.commit(&NewCommit {
            tree,
            parents: parent.as_slice(),
            name: "gatos",
            email: "trust@gatos",
            time: store.ambient().now(),
            message: &self.message(version),
        })?)
    }

    /// The version that counts when it is accepted.
    fn number(&self, graph: Option<&Graph>) -> u32 {
        match &self.what {
            Proposed::Version(doc) => doc.version,
            Proposed::Statement(_) => graph.map_or(1, |graph| graph.current().version),
        }
    }

    fn message(&self, version: u32) -> String {
        let mut message;
        match &self.what {
            Proposed::Version(doc) => {
                message = format!("trust version {version}\n\n");
                trailers::push(&mut message, "Trust-Version", version);
                trailers::push(&mut message, "Trust-Root-Id", doc.content_id());
            }
            Proposed::Statement(Said::Grant(grant)) => {
                message = format!("trust grant to {}\n\n", grant.subject);
                trailers::push(&mut message, "Trust-Version", version);
                trailers::push(&mut message, "Trust-Grant", grant.ulid);
            }
            Proposed::Statement(Said::Revocation(revocation)) => {
                message = format!("trust revocation of {}\n\n", revocation.target);
                trailers::push(&mut message, "Trust-Version", version);
                trailers::push(&mut message, "Trust-Revocation", revocation.ulid);
            }
        }
        message
    }

    /// The bytes of the file.
    pub fn to_bytes(&self) -> Vec<u8> {
        let value = |bytes: &[u8]| json::parse(bytes).expect("we wrote it");
        let file = Value::map([
            ("gatos", FORM.into()),
            ("document", value(&self.document())),
            ("signatures", value(&dsse::encode(&self.signatures))),
        ]);
        let mut bytes = json::document(&file).expect("two documents are one");
        bytes.push(b'\n');
        bytes
    }

    /// Reads the bytes of the file, in any spelling of their JSON; every signature must be good.
    pub fn parse(bytes: &[u8]) -> Result<Proposal, TrustError> {
        let bad = |why: String| TrustError::ProposalFile { why };
        let value = json::parse(bytes).map_err(|e| bad(e.to_string()))?;
        let part = |name: &str| {
            let part = value.get(name).ok_or_else(|| bad(format!("it has no {name}")))?;
            json::document(part).map_err(|e| bad(e.to_string()))
        };
        if value.get("gatos").and_then(Value::as_str) != Some(FORM) {
            return Err(bad(format!("it is no {FORM}")));
        }
        let document = part("document")?;
        let form = value.get("document").and_then(|d| d.get("gatos")).and_then(Value::as_str);
        let what = match form {
            Some("trust/1") => TrustDoc::parse(&document).map(Proposed::Version),
            Some("capability/1") => super::Grant::parse(&document).map(|g| Proposed::Statement(Said::Grant(g))),
            _ => super::Revocation::parse(&document).map(|r| Proposed::Statement(Said::Revocation(r))),
        }
        .map_err(|e| bad(e.to_string()))?;
        let signatures = dsse::parse(&part("signatures")?).map_err(|e| bad(format!("signatures: {e}")))?;
        let proposal = Proposal { what, signatures };
        let good = dsse::signers(proposal.kind(), &document, &proposal.signatures);
        match proposal.signatures.iter().find(|s| !good.contains(&s.keyid)) {
            Some(wrong) => Err(bad(format!("the signature of {} is not good", wrong.keyid))),
            None => Ok(proposal),
        }
    }
}
