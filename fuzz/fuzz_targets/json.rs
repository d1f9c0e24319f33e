#![no_main]

use gatos::canon::json;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(value) = json::parse(data) {
        // A document refuses what would not read back to itself.
        if let Ok(document) = json::document(&value) {
            assert_eq!(json::parse_canonical(&document).as_ref(), Ok(&value));
        }
    }
    if let Ok(value) = json::parse_canonical(data) {
        assert_eq!(json::document(&value).as_deref(), Ok(data));
    }
    if let Ok(state) = json::parse_state(data) {
        let mut again = Vec::new();
        json::write(&state, &mut again).expect("it was read from JSON");
        assert_eq!(json::parse_state(&again).as_ref(), Ok(&state));
    }
});
