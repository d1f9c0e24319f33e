//! The names that a program finds without declaring them, and why others are missing.

/// Built-ins that stand alone.
pub const BARE: &[&str] =
    &["assert", "clone", "dkeys", "dsort", "dvalues", "error", "rng", "select", "tonumber", "tostring", "type"];

/// Libraries and their members.
pub const LIBRARIES: &[(&str, &[&str])] = &[
    (
        "string",
        &[
            "byte",
            "contains",
            "ends_with",
            "find",
            "format",
            "join",
            "len",
            "lower",
            "rep",
            "replace",
            "split",
            "starts_with",
            "sub",
            "trim",
            "upper",
        ],
    ),
    ("table", &["concat", "dkeys", "dsort", "dvalues", "insert", "remove", "unpack"]),
    (
        "math",
        &["abs", "ceil", "floor", "max", "maxinteger", "min", "mininteger", "round", "tointeger", "trunc", "type"],
    ),
    ("json", &["array", "decode_strict", "encode_canonical", "null"]),
    ("set", &["add", "has", "remove", "size", "union", "values"]),
    ("counter", &["dec", "inc", "merge", "value"]),
    ("utf8", &["char", "len", "sub"]),
];

/// Members that are values, not functions.
pub const CONSTANTS: &[&str] = &["json.null", "math.maxinteger", "math.mininteger"];

pub fn library(name: &str) -> Option<&'static [&'static str]> {
    LIBRARIES.iter().find(|(library, _)| *library == name).map(|(_, members)| *members)
}

/// The one name of a member: `table.dkeys` is `dkeys`, because both are one function.
pub fn member(library: &str, name: &str) -> String {
    if library == "table" && BARE.contains(&name) { name.to_owned() } else { format!("{library}.{name}") }
}

/// Is this the resolved name of a built-in?
pub fn is_builtin(name: &str) -> bool {
    match name.split_once('.') {
        None => BARE.contains(&name),
        Some((lib, own)) => library(lib).is_some_and(|m| m.contains(&own)) && member(lib, own) == name,
    }
}

/// Is this the resolved name of a built-in function?
pub fn is_function(name: &str) -> bool {
    is_builtin(name) && !CONSTANTS.contains(&name)
}

/// May a top-level declaration call it? `rng` would keep a generator between events, `dsort` changes its argument.
pub fn is_pure(name: &str) -> bool {
    name != "rng" && name != "dsort"
}

/// Why a well-known global of Lua is not there, and the way out.
pub fn forbidden(name: &str) -> Option<&'static str> {
    Some(match name {
        "pairs" | "next" => "iteration order is unspecified; use dpairs (sorted keys) or ipairs",
        "coroutine" => "coroutines are not allowed in folds and policies",
        "os" => "no access to the clock or the operating system",
        "io" | "print" | "warn" => "no input or output",
        "debug" => "the debug library is not deterministic",
        "package" | "require" | "dofile" | "loadfile" => "no loading of other files",
        "load" | "loadstring" => "no run-time compilation",
        "collectgarbage" => "the garbage collector is not observable",
        "setmetatable" | "getmetatable" => "metatables are not allowed",
        "rawget" | "rawset" | "rawequal" | "rawlen" => "raw access is not needed: there are no metatables",
        "pcall" | "xpcall" => "errors cannot be caught: they undo the event",
        "_G" | "_ENV" => "there is no global environment",
        "_VERSION" => "the engine version is not visible",
        _ => return None,
    })
}

/// The way out for a member that Lua has and this language has not.
pub fn instead(library: &str, name: &str) -> &'static str {
    match (library, name) {
        ("math", "random" | "randomseed") => ": use rng(seed)",
        ("string", "match" | "gmatch" | "gsub") => ": Lua patterns are not allowed; use find, split, replace",
        ("string", "dump" | "pack" | "unpack" | "packsize") => ": binary formats are not portable",
        ("table", "sort") => ": use dsort",
        _ => "",
    }
}
