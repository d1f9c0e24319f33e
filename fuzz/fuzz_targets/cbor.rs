#![no_main]

use gatos::canon::cbor;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(value) = cbor::decode(data) {
        assert_eq!(cbor::exact(&value).as_deref(), Ok(data));
    }
});
