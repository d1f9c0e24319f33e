#![no_main]

use gatos::canon::digest;
use gatos::lua::{Machine, read_elc};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(program) = read_elc(data) {
        // What is accepted is the one spelling of itself, and loads.
        assert_eq!(program.elc(), data);
        assert_eq!(program.root(), digest::sha256(data));
        Machine::new(&program).expect("a checked program loads");
    }
});
