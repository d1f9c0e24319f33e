//! What stands in files, and how they and their authors are called: the usual, and what breaks programs.

use super::chance::Chance;

/// Names of files that somebody has tripped over.
const NAMES: [&[u8]; 27] = [
    b" ",
    b" in front",
    b"-",
    b"--stat",
    b"1",
    b"1\t2\tcounted",
    b":100644 100644 raw M",
    b":(top)magic",
    b"\"quoted\"",
    b"\"",
    b"*",
    b"[a]",
    b"__index",
    b"_provenance",
    b"back\\slash",
    b"commit 0123 4",
    b"line\nbreak",
    b"\nline before",
    b"tab\t",
    b"\x01\x1b[31m\x7f",
    "caf\u{e9}".as_bytes(),
    "cafe\u{301}".as_bytes(),
    "\u{65e5}\u{672c}\u{8a9e}".as_bytes(),
    "\u{1f600}\u{ffff}".as_bytes(),
    b"latin-\xe9",
    b"\xff\xfe\\\"\n",
    b"\xed\xa0\x80 half a pair",
];

/// Authors, and the encoding that their commits claim.
const AUTHORS: [(&[u8], Option<&str>); 7] = [
    (b"Ann <ann@example.org>", None),
    (b"Ann <ann@example.com>", None),
    ("Jos\u{e9} \u{5c71}\u{7530} <jose@example.org>".as_bytes(), None),
    (b"\xc5se Latin <ase@example.org>", Some("ISO-8859-1")),
    (b"\xc5se Nothing <ase@example.org>", None),
    (b"\"Quote\" \\ Smith <quote@example.org>", None),
    (b"<nobody@example.org>", None),
];

pub fn author(chance: &mut Chance) -> (&'static [u8], Option<&'static str>) {
    AUTHORS[chance.below(AUTHORS.len())]
}

/// A path; most are plain.
pub fn path(chance: &mut Chance) -> Vec<u8> {
    let folder = format!("d{:02}/e{:02}/", chance.below(40), chance.below(20));
    if !chance.percent(15) {
        return format!("{folder}f{:04}", chance.below(10_000)).into_bytes();
    }
    let name = chance.of(&NAMES);
    match chance.below(3) {
        0 => name.to_vec(),
        1 => [folder.as_bytes(), name].concat(),
        _ => [name, b"/", chance.of(&NAMES)].concat(),
    }
}

fn line(chance: &mut Chance) -> Vec<u8> {
    // Few words, so that lines repeat and a diff has something to find.
    let words: [&str; 6] = ["a", "b", "{", "}", "", "caf\u{e9}"];
    let ending = if chance.percent(5) { "\r\n" } else { "\n" };
    format!("{} {}{ending}", chance.of(&words), chance.below(12)).into_bytes()
}

/// Lines; the last may lack its end, and there may be none.
pub fn text(chance: &mut Chance) -> Vec<u8> {
    let most = if chance.percent(5) { 1000 } else { 40 };
    let mut text: Vec<u8> = (0..chance.below(most)).flat_map(|_| line(chance)).collect();
    if chance.percent(2) {
        // Git looks for NUL in the first 8,000 bytes alone: this is text to it.
        text.extend_from_slice(&[b'x'; 8000]);
        text.extend_from_slice(b"\0\nbehind\n");
    }
    if chance.percent(15) {
        text.pop();
    }
    text
}

/// Another version of a text: lines dropped, put in, and replaced here and there.
pub fn edited(chance: &mut Chance, text: &[u8]) -> Vec<u8> {
    let mut edited = Vec::with_capacity(text.len() + 16);
    for old in text.split_inclusive(|byte| *byte == b'\n') {
        match chance.below(12) {
            0 => {}
            1 => edited.extend(line(chance)),
            2 => edited.extend([old, &line(chance)].concat()),
            _ => edited.extend_from_slice(old),
        }
    }
    edited.extend(line(chance));
    edited
}

pub fn binary(chance: &mut Chance) -> Vec<u8> {
    let mut bytes: Vec<u8> = (0..20 + chance.below(200)).map(|_| chance.below(256) as u8).collect();
    bytes[chance.below(20)] = 0;
    bytes
}
