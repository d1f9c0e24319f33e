//! The commits: documents, and nothing that does not follow from them but the time.

use super::document::Document;
use super::fault::ConsentFault;
use super::grant::Grant;
use super::proof::Proof;
use crate::canon::trailers;
use crate::git::{NewCommit, Reader, Store, commit_bytes};
use crate::id::{Actor, Oid, PublicKey, Timestamp};
use crate::policy::PolicyError;
use crate::trust::{Signer, dsse};

const SIGNATURES: &str = "signatures.json";
const PROOF: &str = "proof";
/// Largest files of such a commit together.
const FILES_MAX: u64 = 8 << 20;

/// A document with the key that signed it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signed<D> {
    pub document: D,
    pub key: PublicKey,
    /// When by the signer's word.
    pub at: Timestamp,
    pub commit: Oid,
}

/// The words of a commit: who, and the message.
struct Words {
    name: String,
    email: String,
    message: String,
}

impl Words {
    fn of(name: &str, kind: &str, subject: &str, lines: &[(&'static str, String)]) -> Words {
        let mut message = format!("{kind} {subject}\n\n");
        lines.iter().for_each(|(name, value)| trailers::push(&mut message, name, value));
        Words { name: name.to_owned(), email: format!("{kind}@gatos"), message }
    }

    fn commit(&self, tree: Oid, time: Timestamp) -> NewCommit<'_> {
        NewCommit { tree, parents: &[], name: &self.name, email: &self.email, time, message: &self.message }
    }
}

fn signed_words<D: Document>(document: &D, actor: &Actor) -> Words {
    Words::of(actor.as_str(), D::KIND, &document.id().hex()[..12], &document.trailers())
}

fn grant_words(grant: &Grant) -> Words {
    Words::of("gatos", Grant::KIND, &grant.id().hex()[..12], &grant.trailers())
}

fn proof_words(proof: &Proof) -> Words {
    Words::of("gatos", PROOF, &proof.proposal_id.hex()[..12], &proof.trailers())
}

/// Writes a document with the signature of this key; the caller moves the ref.
pub fn write_signed<D: Document>(
    store: &Store,
    document: &D,
    actor: &Actor,
    signer: &Signer,
    at: Timestamp,
) -> Result<Oid, PolicyError> {
    let bytes = document.encode();
    let signature = dsse::sign(D::KIND, &bytes, signer).map_err(PolicyError::Sign)?;
    let files = [(format!("{}.json", D::KIND), bytes), (SIGNATURES.to_owned(), dsse::encode(&[signature]))];
    commit(store, &files, &signed_words(document, actor), at)
}

/// Writes a grant and its proof, as whoever has the proof would: identity and time follow from the proposal.
pub fn write(store: &Store, grant: &Grant, proof: &Proof, expire_at: Timestamp) -> Result<(Oid, Oid), PolicyError> {
    let proof_file = [("proof.json".to_owned(), proof.encode())];
    let proven = commit(store, &proof_file, &proof_words(proof), expire_at)?;
    let grant_file = [("grant.json".to_owned(), grant.encode())];
    Ok((commit(store, &grant_file, &grant_words(grant), expire_at)?, proven))
}

fn commit(store: &Store, files: &[(String, Vec<u8>)], words: &Words, at: Timestamp) -> Result<Oid, PolicyError> {
    let tree = store.write_tree(files).map_err(PolicyError::Consent)?;
    store.commit(&words.commit(tree, at)).map_err(PolicyError::Consent)
}

/// Reads a signed document: its commit must be the one that document, signature and time make. `actor` tells whose name it
/// has to bear.
pub fn read_signed<D: Document>(
    reader: &Reader,
    oid: Oid,
    actor: impl FnOnce(&D) -> Actor,
) -> Result<Signed<D>, ConsentFault> {
    let name = format!("{}.json", D::KIND);
    let [bytes, signatures] = files(reader, oid, [&name, SIGNATURES])?;
    let document = D::parse(&bytes)?;
    let bad = |why: String| ConsentFault::Signature(why);
    let signatures = dsse::parse(&signatures).map_err(|e| bad(format!("{SIGNATURES}: {e}")))?;
    let [signature] = &signatures[..] else {
        return Err(bad(format!("{SIGNATURES} holds {} signatures, and one key signs", signatures.len())));
    };
    let key = signature.keyid;
    if dsse::signers(D::KIND, &bytes, &signatures).is_empty() {
        return Err(bad(format!("the signature of {key} does not verify")));
    }
    let at = same(reader, oid, &signed_words(&document, &actor(&document)))?;
    Ok(Signed { document, key, at, commit: oid })
}

/// Reads a grant, with the time of its commit.
pub fn read_grant(reader: &Reader, oid: Oid) -> Result<(Grant, Timestamp), ConsentFault> {
    let [bytes] = files(reader, oid, ["grant.json"])?;
    let grant = Grant::parse(&bytes)?;
    let at = same(reader, oid, &grant_words(&grant))?;
    Ok((grant, at))
}

/// Reads a proof, with the time of its commit.
pub fn read_proof(reader: &Reader, oid: Oid) -> Result<(Proof, Timestamp), ConsentFault> {
    let [bytes] = files(reader, oid, ["proof.json"])?;
    let proof = Proof::parse(&bytes)?;
    let at = same(reader, oid, &proof_words(&proof))?;
    Ok((proof, at))
}

/// The files of these names, and no other.
fn files<const N: usize>(reader: &Reader, oid: Oid, names: [&str; N]) -> Result<[Vec<u8>; N], ConsentFault> {
    let mut found = reader.files(oid, FILES_MAX).map_err(ConsentFault::Read)?;
    if found.len() != N {
        return Err(ConsentFault::form(format!("its tree holds {} files, not {}", found.len(), names.join(" and "))));
    }
    let mut take = |name: &str| {
        let at = found.iter().position(|(path, _)| path == name);
        at.map(|at| found.swap_remove(at).1).ok_or_else(|| ConsentFault::form(format!("there is no {name}")))
    };
    let mut out = Vec::with_capacity(N);
    for name in names {
        out.push(take(name)?);
    }
    out.try_into().map_err(|_| ConsentFault::Bytes)
}

/// The time of a commit that says these words and nothing else.
fn same(reader: &Reader, oid: Oid, words: &Words) -> Result<Timestamp, ConsentFault> {
    let held = reader.commit(oid).map_err(ConsentFault::Read)?;
    let at = held.time().ok_or(ConsentFault::Bytes)?;
    match commit_bytes(&words.commit(held.tree, at)) == held.raw() {
        true => Ok(at),
        false => Err(ConsentFault::Bytes),
    }
}
