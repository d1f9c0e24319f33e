//! The rules of the chain, on files in memory.

use super::doc::{genesis, next};
use super::signer;
use crate::id::{Actor, Blake3, Oid};
use crate::trust::judge::{DOC, KIND, SIGNATURES, judge};
use crate::trust::{Graph, GraphFault, Origin, TrustDoc, dsse};

pub(super) type Files = Vec<(String, Vec<u8>)>;

/// The files of a version, signed by the keys of these numbers.
pub(super) fn files(doc: &TrustDoc, by: &[u8]) -> Files {
    let bytes = doc.encode();
    let signatures: Vec<_> = by.iter().map(|n| dsse::sign(KIND, &bytes, &signer(*n)).unwrap()).collect();
    vec![(SIGNATURES.into(), dsse::encode(&signatures)), (DOC.into(), bytes)]
}

pub(super) fn oid(n: u8) -> Oid {
    Oid([n; 20])
}

pub(super) fn first() -> Graph {
    judge(oid(1), &files(&genesis(), &[1, 3]), None).unwrap()
}

/// The fault of judging, or the number of the version that counts then.
fn number(judged: Result<Graph, GraphFault>) -> Result<u32, GraphFault> {
    judged.map(|graph| graph.current().version)
}

fn second(doc: &TrustDoc, by: &[u8]) -> Result<u32, GraphFault> {
    number(judge(oid(2), &files(doc, by), Some(first())))
}

fn second_graph(doc: &TrustDoc, by: &[u8]) -> Graph {
    judge(oid(2), &files(doc, by), Some(first())).unwrap()
}

#[test]
fn a_genesis_is_signed_by_its_own_roots() {
    let first = first();
    assert_eq!((first.tip(), first.repo()), (oid(1), genesis().content_id()));
    assert_eq!(first.versions()[0].signers.len(), 2);
    let by = |by: &[u8]| number(judge(oid(1), &files(&genesis(), by), None));
    assert_eq!(by(&[2, 3]), Ok(1));
    assert_eq!(by(&[1, 3, 5]), Ok(1), "a witness does no harm");
    assert_eq!(by(&[1]), Err(GraphFault::Threshold { have: 1, need: 2 }));
    assert_eq!(by(&[1, 2]), Err(GraphFault::Threshold { have: 1, need: 2 }), "two keys of one root");
    assert_eq!(by(&[1, 4]), Err(GraphFault::Threshold { have: 1, need: 2 }), "an actor that is no root");
    assert_eq!(by(&[5, 6]), Err(GraphFault::Threshold { have: 0, need: 2 }), "strangers");
}

#[test]
fn the_next_version_is_signed_by_the_roots_before_it() {
    assert_eq!(second(&next(&genesis()), &[1, 3]), Ok(2));
    // Eve makes herself the only root: her own signature is worth nothing until the old roots sign.
    let eve: Actor = "user:eve".parse().unwrap();
    let mut coup = next(&genesis());
    coup.actors.insert(eve.clone(), vec![*signer(7).public()]);
    coup.roots.actors = vec![eve];
    coup.roots.threshold = 1;
    assert_eq!(second(&coup, &[7]), Err(GraphFault::Threshold { have: 0, need: 2 }));
    assert_eq!(second(&coup, &[1, 7]), Err(GraphFault::Threshold { have: 1, need: 2 }));
    let crowned = second_graph(&coup, &[1, 3]);
    let third = next(&coup);
    let by = |by: &[u8]| number(judge(oid(3), &files(&third, by), Some(crowned.clone())));
    assert_eq!(by(&[7]), Ok(3));
    assert_eq!(by(&[1, 3]), Err(GraphFault::Threshold { have: 0, need: 1 }), "who was a root is none");
}

#[test]
fn must_refuse_a_version_that_does_not_follow() {
    let good = next(&genesis());
    let Origin::Next { repo, prev } = good.origin else { panic!("a later version") };
    let other = Blake3([7; 32]);
    let with = |origin| TrustDoc { origin, ..good.clone() };
    let wrong = second(&with(Origin::Next { repo, prev: other }), &[1, 3]);
    assert_eq!(wrong, Err(GraphFault::Prev { wanted: prev, found: other }));
    let wrong = second(&with(Origin::Next { repo: other, prev }), &[1, 3]);
    assert_eq!(wrong, Err(GraphFault::Repo { wanted: repo, found: other }));
    let skip = TrustDoc { version: 3, ..good.clone() };
    assert_eq!(second(&skip, &[1, 3]), Err(GraphFault::Version { wanted: 2, found: 3 }));
    assert_eq!(second(&genesis(), &[1, 3]), Err(GraphFault::Unchanged));
    let again = TrustDoc { origin: Origin::Genesis { nonce: [8; 16] }, ..genesis() };
    assert_eq!(second(&again, &[1, 3]), Err(GraphFault::Version { wanted: 2, found: 1 }));
    let orphan = number(judge(oid(1), &files(&good, &[1, 3]), None));
    assert_eq!(orphan, Err(GraphFault::Version { wanted: 1, found: 2 }));
    // The third version names the repository, which is not what it follows.
    let two = second_graph(&good, &[1, 3]);
    let three = next(&good);
    assert!(judge(oid(3), &files(&three, &[1, 3]), Some(two.clone())).is_ok());
    let skip_back = TrustDoc { origin: Origin::Next { repo, prev: repo }, ..three };
    let wrong = number(judge(oid(3), &files(&skip_back, &[1, 3]), Some(two)));
    assert_eq!(wrong, Err(GraphFault::Prev { wanted: good.content_id(), found: repo }));
}

#[test]
fn must_refuse_signatures_that_are_not_good() {
    let doc = next(&genesis());
    let judged = |signatures: Vec<u8>| {
        let files = vec![(DOC.to_owned(), doc.encode()), (SIGNATURES.to_owned(), signatures)];
        number(judge(oid(2), &files, Some(first())))
    };
    let sign = |kind: &str, bytes: &[u8], n: u8| dsse::sign(kind, bytes, &signer(n)).unwrap();
    let (alice, bob) = (sign(KIND, &doc.encode(), 1), sign(KIND, &doc.encode(), 3));
    assert!(judged(dsse::encode(&[alice, bob])).is_ok());
    for wrong in [
        sign("bundle", &doc.encode(), 5),
        sign(KIND, &genesis().encode(), 5),
        dsse::Signature { keyid: *signer(5).public(), ..alice },
    ] {
        let key = *signer(5).public();
        assert_eq!(judged(dsse::encode(&[alice, bob, wrong])), Err(GraphFault::BadSignature { key }));
    }
    let unsigned = judged(b"[]".to_vec());
    assert!(matches!(unsigned, Err(GraphFault::Doc { file: SIGNATURES, .. })), "{unsigned:?}");
    let one = dsse::encode(&[alice]);
    let doubled = [b"[", &one[1..one.len() - 1], b",", &one[1..one.len() - 1], b"]"].concat();
    let doubled = judged(doubled);
    assert!(matches!(doubled, Err(GraphFault::Doc { file: SIGNATURES, .. })), "{doubled:?}");
}

#[test]
fn must_refuse_trees_that_hold_anything_else() {
    let judged = |change: &dyn Fn(&mut Files)| {
        let mut files = files(&next(&genesis()), &[1, 3]);
        change(&mut files);
        number(judge(oid(2), &files, Some(first())))
    };
    let with = |path: &str| judged(&|files: &mut Files| files.push((path.into(), b"{}".to_vec())));
    assert_eq!(judged(&|_| ()), Ok(2));
    for path in ["README", "trust.json/x", "trust.JSON", "grant/x.json"] {
        assert_eq!(with(path), Err(GraphFault::Stranger { path: path.into() }));
    }
    for path in ["grants/01ARYZ6S41TSV4RRFFQ69G5FAV.json", "revocations/01ARYZ6S41TSV4RRFFQ69G5FAV.json"] {
        assert_eq!(with(path), Err(GraphFault::Mixed));
    }
    for file in [DOC, SIGNATURES] {
        let missing = judged(&|files: &mut Files| files.retain(|(path, _)| path != file));
        assert_eq!(missing, Err(GraphFault::Missing { file }));
    }
}

/// Judges a chain of files from the genesis; the error comes with the place of the commit in the chain.
pub(super) fn judge_all(chain: &[Files]) -> Result<Graph, (usize, GraphFault)> {
    let mut last: Option<Graph> = None;
    for (n, files) in chain.iter().enumerate() {
        last = Some(judge(oid(n as u8), files, last).map_err(|why| (n, why))?);
    }
    Ok(last.expect("a chain has a genesis"))
}

#[test]
fn must_refuse_every_flipped_byte_of_a_small_chain() {
    let (one, two) = (genesis(), next(&genesis()));
    let chain = [files(&one, &[1, 3]), files(&two, &[2, 3]), files(&next(&two), &[1, 3, 5])];
    assert_eq!(judge_all(&chain).unwrap().current().version, 3);
    let mut flips = 0;
    for commit in 0..chain.len() {
        for file in 0..chain[commit].len() {
            for at in 0..chain[commit][file].1.len() {
                for bit in [0x01, 0x20, 0x80] {
                    let mut chain = chain.clone();
                    chain[commit][file].1[at] ^= bit;
                    let (found, why) = judge_all(&chain).expect_err("a flipped byte is found");
                    assert_eq!(found, commit, "byte {at} of {}: {why}", chain[commit][file].0);
                    flips += 1;
                }
            }
        }
    }
    assert!(flips > 3000, "{flips}");
}
