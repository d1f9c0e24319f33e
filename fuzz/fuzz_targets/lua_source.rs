#![no_main]

use gatos::lua::{compile, lint, read_elc};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|source: &str| {
    let findings = lint(source);
    match compile(source) {
        Ok(program) => {
            let again = read_elc(program.elc()).expect("what is compiled can be read by everybody");
            assert_eq!(again.root(), program.root());
        }
        Err(errors) => {
            assert!(!errors.is_empty());
            assert!(!findings.is_empty(), "lint finds what compile refuses");
        }
    }
});
