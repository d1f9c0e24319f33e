//! Reads `tests/vectors`: expected bytes and inputs that must be refused, made by an independent implementation.
//! Every room's tests may use it; it stands on the ground floor for that reason.

use serde_json::Value;

/// One case of a file of vectors.
pub(crate) struct Case(Value);

impl Case {
    /// A member of the case; JSON null where it is absent.
    pub(crate) fn get(&self, name: &str) -> &Value {
        &self.0[name]
    }

    /// A text member that the case must have.
    pub(crate) fn text(&self, name: &str) -> &str {
        self.0[name].as_str().unwrap_or_else(|| panic!("{}: no text at {name:?}", self.id()))
    }

    /// A text member that may be null or absent.
    pub(crate) fn maybe(&self, name: &str) -> Option<&str> {
        self.0[name].as_str()
    }

    /// A member in hexadecimal.
    pub(crate) fn bytes(&self, name: &str) -> Vec<u8> {
        unhex(self.text(name))
    }

    /// Whether the case is one that must be refused.
    pub(crate) fn refused(&self) -> bool {
        self.0["error"].is_string()
    }

    pub(crate) fn id(&self) -> &str {
        self.0["id"].as_str().unwrap_or("a case without id")
    }
}

pub(crate) fn unhex(text: &str) -> Vec<u8> {
    data_encoding::HEXLOWER.decode(text.as_bytes()).expect("vectors hold lower-case hexadecimal")
}

/// Runs every case of `tests/vectors/<file>.json` for which `wanted` holds, and fails with the list of all that broke.
pub(crate) fn each(file: &str, wanted: impl Fn(&Case) -> bool, check: impl Fn(&Case) -> Result<(), String>) {
    let path = format!("{}/tests/vectors/{file}.json", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read(&path).unwrap_or_else(|e| panic!("{path}: {e}"));
    let mut whole: Value = serde_json::from_slice(&text).unwrap_or_else(|e| panic!("{path}: {e}"));
    let Value::Array(cases) = whole["cases"].take() else { panic!("{path}: no list of cases") };
    let cases: Vec<Case> = cases.into_iter().map(Case).filter(wanted).collect();
    assert!(!cases.is_empty(), "{file}: no case is left to run");
    let broken: Vec<String> =
        cases.iter().filter_map(|c| check(c).err().map(|why| format!("  {}: {why}", c.id()))).collect();
    assert!(broken.is_empty(), "{file}: {} of {} cases broke\n{}", broken.len(), cases.len(), broken.join("\n"));
}

/// `Ok` where both are equal, else both in words.
pub(crate) fn same<T: PartialEq + std::fmt::Debug>(found: T, expected: T) -> Result<(), String> {
    if found == expected { Ok(()) } else { Err(format!("found {found:?}, expected {expected:?}")) }
}

/// Holds a result against a case: refused where the case says so, else equal to what it expects.
pub(crate) fn verdict<T: PartialEq + std::fmt::Debug, E: std::fmt::Display>(
    case: &Case,
    found: Result<T, E>,
    expected: impl FnOnce() -> T,
) -> Result<(), String> {
    match (found, case.refused()) {
        (Ok(found), false) => same(found, expected()),
        (Ok(found), true) => Err(format!("read as {found:?} and not refused")),
        (Err(_), true) => Ok(()),
        (Err(e), false) => Err(format!("refused: {e}")),
    }
}
