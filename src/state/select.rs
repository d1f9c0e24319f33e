use super::error::StateError;
use jaq_core::load::{Arena, File, Loader};
use jaq_core::{Compiler, Ctx, Vars, data, unwrap_valr};
use jaq_json::{Val, read};

/// Runs a jq expression over canonical JSON and gives its outputs as JSON texts. `PATH` without a leading dot is not
/// guessed at: the language is jq's, by the jaq crates.
pub fn select(state: &[u8], expr: &str) -> Result<Vec<String>, StateError> {
    let bad = |why: String| StateError::Select { expr: expr.to_owned(), why };
    let input = read::parse_single(state).map_err(|e| bad(format!("reading the state: {e}")))?;
    let defs = jaq_core::defs().chain(jaq_std::defs()).chain(jaq_json::defs());
    let funs = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let arena = Arena::default();
    let modules = Loader::new(defs)
        .load(&arena, File { code: expr, path: () })
        .map_err(|errors| bad(load_errors(expr, &errors)))?;
    let filter = Compiler::default()
        .with_funs(funs)
        .compile(modules)
        .map_err(|errors| bad(errors.iter().flat_map(|(_, e)| e).map(undefined).collect::<Vec<_>>().join("; ")))?;
    let ctx = Ctx::<data::JustLut<Val>>::new(&filter.lut, Vars::new([]));
    let outputs = filter.id.run((ctx, input)).map(unwrap_valr);
    outputs.map(|out| out.map(|v| v.to_string()).map_err(|e| bad(e.to_string()))).collect()
}

fn undefined((name, what): &(&str, jaq_core::compile::Undefined)) -> String {
    format!("{} {name:?} is not defined", what.as_str())
}

fn load_errors(expr: &str, errors: &jaq_core::load::Errors<&str, ()>) -> String {
    use jaq_core::load::Error;
    let near = |rest: &str| {
        let at = expr.len() - rest.len().min(expr.len());
        format!("column {}", expr[..at].chars().count() + 1)
    };
    let mut out = Vec::new();
    for (_, error) in errors {
        match error {
            Error::Io(io) => out.extend(io.iter().map(|(path, why)| format!("{path}: {why}"))),
            Error::Lex(lex) => {
                out.extend(lex.iter().map(|(expect, rest)| format!("{}: expected {}", near(rest), expect.as_str())));
            }
            Error::Parse(parse) => {
                out.extend(parse.iter().map(|(expect, found)| {
                    let place = if found.is_empty() { "the end".to_owned() } else { format!("{found:?}") };
                    format!("expected {} before {place}", expect.as_str())
                }));
            }
        }
    }
    out.join("; ")
}
