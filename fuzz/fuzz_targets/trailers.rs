#![no_main]

use gatos::canon::trailers;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|message: &str| {
    let read = trailers::read(message);
    for (name, value) in &read {
        assert!(message.contains(&format!("\n{name}: {value}\n")));
        if let Some(only) = trailers::once(&read, name) {
            assert_eq!(only, *value);
        }
    }
});
