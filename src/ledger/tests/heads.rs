use super::*;
use crate::ledger::{Heads, WindowHead};

fn head(writer: &str, seq: u64) -> WindowHead {
    WindowHead { writer: writer.parse().unwrap(), head: Oid([1; 20]), seq }
}

#[test]
fn a_window_is_its_sorted_heads() {
    let a = "user.alice+00000000.aaaaaa";
    let b = "user.bob+11111111.bbbbbb";
    let heads = Heads::new(vec![head(b, 2), head(a, 1)]);
    let text = String::from_utf8(heads.to_json()).unwrap();
    let one = "0101010101010101010101010101010101010101";
    assert_eq!(
        text,
        format!(
            "[{{\"head\":\"{one}\",\"journal\":\"{a}\",\"seq\":1}},{{\"head\":\"{one}\",\"journal\":\"{b}\",\"seq\":2}}]"
        )
    );
    assert_eq!(Heads::from_json(text.as_bytes()).unwrap(), heads);
    assert_eq!(heads.root(), crate::canon::digest::blake3(text.as_bytes()));
    for (from, to) in [
        ("\"seq\":1", "\"seq\":0"),
        ("\"seq\":1", "\"seq\":\"1\""),
        ("\"seq\":1", "\"seq\":1,\"x\":1"),
        (a, "user.zoe+00000000.aaaaaa"),
        (a, b),
        ("[{", "[ {"),
    ] {
        let bad = text.replacen(from, to, 1);
        assert!(Heads::from_json(bad.as_bytes()).is_err(), "{bad}");
    }
}
