//! What one event costs in `canon`: reading its envelope, writing it canonically, encoding it as DAG-CBOR and hashing
//! that. `cargo bench --bench canon` prints nanoseconds an envelope, best and median of many rounds.

use gatos::canon::{Value, cbor, digest, json};
use std::hint::black_box;
use std::time::Instant;

const ROUNDS: usize = 400;
const PER_ROUND: usize = 500;

/// An envelope of an ordinary event, as an append holds it.
fn envelope() -> Vec<u8> {
    let text = format!(
        concat!(
            r#"{{"actor":"user:alice","clock":7,"gatos":"event/1","key":"ed25519:{}","ns":"main","#,
            r#""payload":{{"item":"sku-00001","n":12,"note":"restock from supplier 12"}},"policy_root":"{}","#,
            r#""prev":"bafyr4idbvg7rb4h75xd5y52ytlrkwtfibmagzadomy3oig3aiegnr4f3yq","replica":"k7q2mz","#,
            r#""repo":"blake3:{}","seq":3,"ts":"2026-11-21T09:00:00Z","type":"inventory.add","#,
            r#""ulid":"01ARYZ6S410000000000000000"}}"#
        ),
        "e4".repeat(32),
        "4b".repeat(20),
        "af".repeat(32),
    );
    text.into_bytes()
}

/// Best and median nanoseconds of one call.
fn measure(name: &str, mut work: impl FnMut()) {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let begin = Instant::now();
            (0..PER_ROUND).for_each(|_| work());
            begin.elapsed().as_nanos() as f64 / PER_ROUND as f64
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    println!("{name:<34}{:>8.0} ns best{:>8.0} ns median", rounds[0], rounds[ROUNDS / 2]);
}

fn main() {
    let text = envelope();
    let value: Value = json::parse_canonical(&text).expect("the envelope is canonical");
    let bytes = cbor::to_vec(&value).expect("the envelope has an encoding");
    println!("envelope: {} bytes of JSON, {} of DAG-CBOR", text.len(), bytes.len());
    let mut out = Vec::with_capacity(4096);

    measure("json::parse", || {
        black_box(json::parse(black_box(&text)).is_ok());
    });
    measure("json::parse_canonical", || {
        black_box(json::parse_canonical(black_box(&text)).is_ok());
    });
    measure("json::write", || {
        out.clear();
        black_box(json::write(black_box(&value), &mut out).is_ok());
    });
    measure("cbor::encode", || {
        out.clear();
        black_box(cbor::encode(black_box(&value), &mut out).is_ok());
    });
    measure("cbor::encode + digest::cid", || {
        out.clear();
        black_box(cbor::encode(black_box(&value), &mut out).is_ok());
        black_box(digest::cid(&out));
    });
    measure("digest::cid", || {
        black_box(digest::cid(black_box(&bytes)));
    });
    measure("cbor::decode", || {
        black_box(cbor::decode(black_box(&bytes)).is_ok());
    });
}
