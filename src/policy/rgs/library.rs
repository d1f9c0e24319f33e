//! The functions that rules may call: those that ship, by sections, and those of `.lua` files beside the rules.

use super::names::is_taken;
use super::{Fault, Spot, Weight};
use crate::lua::{Declared, declarations};
use std::collections::BTreeSet;

/// The sections that ship.
const LIBRARY: &str = include_str!("../../../lua/policy/rules.lua");

/// A section of the library.
struct Section<'a> {
    /// It needs `intent` or `facts`.
    inside: bool,
    name: &'a str,
    needs: Vec<&'a str>,
    text: &'a str,
}

fn sections() -> Vec<Section<'static>> {
    let parts = LIBRARY.split("\n--@ ").skip(1);
    parts
        .filter_map(|part| {
            let (head, text) = part.split_once('\n')?;
            let mut words = head.split(' ');
            let inside = words.next()? == "rule";
            Some(Section { inside, name: words.next()?, needs: words.collect(), text })
        })
        .collect()
}

/// The text of what is used: outside the function, and inside.
pub fn sections_of(used: &BTreeSet<String>) -> (String, String) {
    let sections = sections();
    let mut needed: BTreeSet<&str> = used.iter().map(String::as_str).collect();
    sections.iter().filter(|s| used.contains(s.name)).for_each(|s| needed.extend(&s.needs));
    let (mut outside, mut inside) = (String::new(), String::new());
    for section in sections.iter().filter(|s| needed.contains(s.name)) {
        let out = if section.inside { &mut inside } else { &mut outside };
        out.push_str(section.text);
        if !section.text.ends_with('\n') {
            out.push('\n');
        }
    }
    (outside, inside)
}

/// What a `.lua` file beside the rules declares.
pub fn functions(source: &str) -> Result<Vec<Declared>, Vec<Fault>> {
    let fault = |line, col, sentence: String| Fault::new(Spot { line, col }, "", Weight::Error, sentence);
    let declared = declarations(source).map_err(|found| {
        found.into_iter().map(|f| fault(f.line, f.col, format!("{}: {}", f.code, f.sentence))).collect::<Vec<_>>()
    })?;
    match declared.iter().find(|d| is_taken(&d.name)) {
        Some(Declared { name, .. }) => {
            Err(vec![fault(1, 1, format!("{name} is a name of the language; choose another"))])
        }
        None => Ok(declared),
    }
}
