#![no_main]

use gatos::policy::rgs::{Functions, compile, extract, functions};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    // Twice the same: a bundle is named by the bytes that its rules compile to.
    let once = || compile(text, "t", None, &Functions::default()).map(|c| c.program.elc().to_vec()).ok();
    assert_eq!(once(), once());
    let _ = extract(text, "0001-x");
    let _ = functions(text);
});
