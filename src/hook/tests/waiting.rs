use crate::hook::waiting::{Place, Waiting};
use std::fs;

fn names(waiting: &Waiting) -> Vec<(bool, String)> {
    let listed = waiting.list().expect("a list");
    listed
        .into_iter()
        .map(|(place, bytes)| (matches!(place, Place::Slot(_)), String::from_utf8(bytes).expect("text")))
        .collect()
}

#[test]
fn what_finds_no_slot_lies_in_a_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let waiting = Waiting::of(dir.path());
    assert_eq!(names(&waiting), []);
    for n in 0..18 {
        waiting.add(&format!("{n:02}.json"), format!("push {n}").as_bytes()).expect("room");
    }
    let expected: Vec<_> = (0..18).map(|n| (n < 16, format!("push {n}"))).collect();
    assert_eq!(names(&waiting), expected);
    let [third, last] = [2, 17].map(|n| waiting.list().expect("a list").remove(n).0);
    waiting.remove(&third).expect("it goes");
    waiting.remove(&last).expect("it goes");
    assert_eq!(waiting.read(&third).expect("it reads"), None);
    waiting.add("long.json", &[b'x'; 5_000]).expect("room");
    waiting.add("18.json", b"push 18").expect("room");
    let held = names(&waiting);
    assert_eq!((held.len(), &held[2]), (18, &(true, "push 18".into())));
    assert_eq!(held[17], (false, "x".repeat(5_000)));
}

#[test]
fn what_changes_moves_to_a_file() {
    let dir = tempfile::tempdir().expect("a directory");
    let waiting = Waiting::of(dir.path());
    waiting.add("a.json", b"one").expect("room");
    waiting.add("b.json", b"two").expect("room");
    let place = |at: usize| waiting.list().expect("a list").remove(at).0;
    waiting.replace(&place(0), b"one, and more").expect("room");
    assert_eq!(names(&waiting), [(true, "two".into()), (false, "one, and more".into())]);
    // Its slot is another's now, who changes too.
    waiting.add("c.json", b"three").expect("room");
    waiting.replace(&place(0), b"three, and more").expect("room");
    waiting.replace(&place(0), b"two, and more").expect("room");
    let mut held = names(&waiting);
    held.sort();
    let texts = ["one, and more", "three, and more", "two, and more"];
    assert_eq!(held, texts.map(|text| (false, text.to_owned())));
    waiting.replace(&place(0), b"again").expect("room");
    assert_eq!(names(&waiting).len(), 3);
}

#[test]
fn what_a_power_cut_has_torn_was_never_there() {
    let dir = tempfile::tempdir().expect("a directory");
    let waiting = Waiting::of(dir.path());
    for text in ["first", "second"] {
        waiting.add("a.json", text.as_bytes()).expect("room");
    }
    let path = dir.path().join("gatos/gate/receipts/slots");
    let whole = fs::read(&path).expect("the slots");
    // Any byte of the first: its digest, its length, what it holds.
    for at in (0..36 + 5).chain([31, 35]) {
        let mut torn = whole.clone();
        torn[at] ^= 0x40;
        fs::write(&path, torn).expect("a file");
        assert_eq!(names(&waiting), [(true, "second".into())], "byte {at}");
    }
    for left in [0, 20, 40, 4_096 + 38] {
        fs::write(&path, &whole[..left]).expect("a file");
        assert!(names(&waiting).iter().all(|(_, text)| text == "first" && left > 4_096), "{left} bytes");
    }
    // What is short grows again.
    waiting.add("b.json", b"third").expect("room");
    assert_eq!(names(&waiting), [(true, "first".into()), (true, "third".into())]);
}
