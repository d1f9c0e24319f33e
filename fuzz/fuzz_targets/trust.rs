#![no_main]

use gatos::trust::{Grant, Revocation, TrustDoc};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| {
    if let Ok(doc) = TrustDoc::parse(data) {
        assert_eq!(doc.encode(), data);
    }
    if let Ok(grant) = Grant::parse(data) {
        assert_eq!(grant.encode(), data);
    }
    if let Ok(revocation) = Revocation::parse(data) {
        assert_eq!(revocation.encode(), data);
    }
});
