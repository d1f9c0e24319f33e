//! ELC bytes: the tree as one DAG-CBOR item, `{"elc":1,"body":[…]}`.
//!
//! Literals are themselves (`null`, `true`, `7`, `"text"`); every other node is a list that begins with its word:
//! `["local", 3]`, `["chain", 1, "add", 2]`. A block is a list of statements.

use super::error::ElcError;
use super::tree::{Binary, Each, Expr, Function, Id, Stmt, Unary};
use crate::canon::{EncodeError, Value, cbor};

/// The version that this engine writes and reads.
const VERSION: i64 = 1;
/// Largest program that is read or made.
pub const ELC_MAX: usize = 8 << 20;

/// The bytes of a program. `Err`: it nests deeper than a DAG-CBOR reader follows.
pub fn encode(body: &[Stmt]) -> Result<Vec<u8>, EncodeError> {
    cbor::to_vec(&Value::map([("elc", Value::Int(VERSION)), ("body", block(body))]))
}

fn node(word: &str, rest: impl IntoIterator<Item = Value>) -> Value {
    Value::List(std::iter::once(Value::from(word)).chain(rest).collect())
}

fn block(body: &[Stmt]) -> Value {
    Value::List(body.iter().map(stmt).collect())
}

fn id(id: Id) -> Value {
    Value::Int(id.into())
}

fn ids(list: &[Id]) -> Value {
    Value::list(list.iter().copied())
}

fn stmt(s: &Stmt) -> Value {
    match s {
        Stmt::Local(names, values) => node("local", std::iter::once(ids(names)).chain(values.iter().map(expr))),
        Stmt::LocalFunction(name, f) => node("localfunction", [id(*name), function(f)]),
        Stmt::Set(targets, values) => {
            let targets = Value::List(targets.iter().map(expr).collect());
            node("set", std::iter::once(targets).chain(values.iter().map(expr)))
        }
        Stmt::Call(call) => expr(call),
        Stmt::Do(body) => node("do", [block(body)]),
        Stmt::While(condition, body) => node("while", [expr(condition), block(body)]),
        Stmt::Repeat(body, condition) => node("repeat", [block(body), expr(condition)]),
        Stmt::If(arms, otherwise) => {
            let arms = arms.iter().flat_map(|(condition, body)| [expr(condition), block(body)]);
            node("if", arms.chain([block(otherwise)]))
        }
        Stmt::For(name, [from, to, step], body) => {
            node("for", [id(*name), expr(from), expr(to), expr(step), block(body)])
        }
        Stmt::Each(kind, names, over, body) => {
            let word = if *kind == Each::List { "ipairs" } else { "dpairs" };
            node(word, [ids(names), expr(over), block(body)])
        }
        Stmt::Goto(jump) => node("goto", [id(*jump)]),
        Stmt::Label(jumps) => node("label", jumps.iter().map(|j| id(*j))),
        Stmt::Break => node("break", []),
        Stmt::Return(values) => node("return", values.iter().map(expr)),
    }
}

fn function(f: &Function) -> Value {
    node("function", [ids(&f.params), f.varargs.into(), block(&f.body)])
}

fn expr(e: &Expr) -> Value {
    match e {
        Expr::Nil => Value::Null,
        Expr::Bool(b) => (*b).into(),
        Expr::Int(i) => (*i).into(),
        Expr::Frac(raw) => node("fixed", [(*raw).into()]),
        Expr::Text(text) => text.as_str().into(),
        Expr::Dots => node("...", []),
        Expr::Local(name) => node("local", [id(*name)]),
        Expr::Builtin(name) => node("builtin", [name.as_str().into()]),
        Expr::Index(object, key) => node("index", [expr(object), expr(key)]),
        Expr::Call(head, args) => node("call", std::iter::once(&**head).chain(args).map(expr)),
        Expr::Unary(op, operand) => node(op.word(), [expr(operand)]),
        Expr::Chain(first, rest) => {
            let rest = rest.iter().flat_map(|(op, operand)| [Value::from(op.word()), expr(operand)]);
            node("chain", std::iter::once(expr(first)).chain(rest))
        }
        Expr::Concat(items) => node("concat", items.iter().map(expr)),
        Expr::Power(base, exponent) => node("pow", [expr(base), expr(exponent)]),
        Expr::Function(f) => function(f),
        Expr::List(items) => node("list", items.iter().map(expr)),
        Expr::Map(entries) => node("map", entries.iter().flat_map(|(k, v)| [expr(k), expr(v)])),
        Expr::One(inner) => node("one", [expr(inner)]),
    }
}

/// Reads bytes into a tree: strict DAG-CBOR, known forms, and nothing that another spelling could say. The rules of the
/// language are checked elsewhere.
pub fn decode(bytes: &[u8]) -> Result<Vec<Stmt>, ElcError> {
    if bytes.len() > ELC_MAX {
        return Err(ElcError::Size { limit: ELC_MAX });
    }
    let value = cbor::decode(bytes).map_err(ElcError::Decode)?;
    let map = value.as_map().filter(|m| m.len() == 2).ok_or_else(|| form("a map of 'elc' and 'body' is expected"))?;
    match map.get("elc").and_then(Value::as_int) {
        Some(VERSION) => {}
        Some(version) => return Err(ElcError::Version { version }),
        None => return Err(form("'elc' is not a version number")),
    }
    let body = read_block(map.get("body").ok_or_else(|| form("'body' is missing"))?)?;
    match encode(&body) {
        Ok(again) if again == bytes => Ok(body),
        _ => Err(ElcError::NotCanonical),
    }
}

type Read<T> = Result<T, ElcError>;

fn form(what: impl Into<String>) -> ElcError {
    ElcError::Form { what: what.into() }
}

/// The word and the parts of a node.
fn parts(value: &Value) -> Read<(&str, &[Value])> {
    match value.as_list() {
        Some([Value::Text(word), rest @ ..]) => Ok((word, rest)),
        _ => Err(form(format!("a node is expected, found {}", value.kind()))),
    }
}

fn read_block(value: &Value) -> Read<Vec<Stmt>> {
    value.as_list().ok_or_else(|| form("a block is not a list"))?.iter().map(read_stmt).collect()
}

fn read_id(value: &Value) -> Read<Id> {
    value.as_int().and_then(|i| Id::try_from(i).ok()).ok_or_else(|| form("a number of a local or jump is expected"))
}

fn read_ids(value: &Value) -> Read<Vec<Id>> {
    value.as_list().ok_or_else(|| form("a list of locals is expected"))?.iter().map(read_id).collect()
}

fn read_exprs(values: &[Value]) -> Read<Vec<Expr>> {
    values.iter().map(read_expr).collect()
}

fn read_stmt(value: &Value) -> Read<Stmt> {
    Ok(match parts(value)? {
        ("local", [names, values @ ..]) => Stmt::Local(read_ids(names)?, read_exprs(values)?),
        ("localfunction", [name, f]) => Stmt::LocalFunction(read_id(name)?, read_function(f)?),
        ("set", [targets, values @ ..]) => {
            let targets = targets.as_list().ok_or_else(|| form("targets of an assignment are a list"))?;
            Stmt::Set(read_exprs(targets)?, read_exprs(values)?)
        }
        ("call", _) => Stmt::Call(read_expr(value)?),
        ("do", [body]) => Stmt::Do(read_block(body)?),
        ("while", [condition, body]) => Stmt::While(read_expr(condition)?, read_block(body)?),
        ("repeat", [body, condition]) => Stmt::Repeat(read_block(body)?, read_expr(condition)?),
        ("if", [arms @ .., otherwise]) => Stmt::If(read_arms(arms)?, read_block(otherwise)?),
        ("for", [name, from, to, step, body]) => {
            Stmt::For(read_id(name)?, [read_expr(from)?, read_expr(to)?, read_expr(step)?], read_block(body)?)
        }
        ("ipairs", [names, over, body]) => {
            Stmt::Each(Each::List, read_ids(names)?, read_expr(over)?, read_block(body)?)
        }
        ("dpairs", [names, over, body]) => {
            Stmt::Each(Each::Keys, read_ids(names)?, read_expr(over)?, read_block(body)?)
        }
        ("goto", [jump]) => Stmt::Goto(read_id(jump)?),
        ("label", jumps) => Stmt::Label(jumps.iter().map(read_id).collect::<Read<_>>()?),
        ("break", []) => Stmt::Break,
        ("return", values) => Stmt::Return(read_exprs(values)?),
        (word, _) => return Err(form(format!("unknown statement {word:?}"))),
    })
}

fn read_arms(values: &[Value]) -> Read<Vec<(Expr, Vec<Stmt>)>> {
    let (pairs, rest) = values.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(form("a condition has no block"));
    }
    pairs.iter().map(|[condition, body]| Ok((read_expr(condition)?, read_block(body)?))).collect()
}

fn read_function(value: &Value) -> Read<Function> {
    match parts(value)? {
        ("function", [params, Value::Bool(varargs), body]) => {
            Ok(Function { params: read_ids(params)?, varargs: *varargs, body: read_block(body)? })
        }
        _ => Err(form("a function is expected")),
    }
}

fn read_expr(value: &Value) -> Read<Expr> {
    match value {
        Value::Null => return Ok(Expr::Nil),
        Value::Bool(b) => return Ok(Expr::Bool(*b)),
        Value::Int(i) => return Ok(Expr::Int(*i)),
        Value::Text(text) => return Ok(Expr::Text(text.as_str().to_owned())),
        _ => {}
    }
    let (word, rest) = parts(value)?;
    Ok(match (word, rest) {
        ("fixed", [Value::Int(raw)]) => Expr::Frac(*raw),
        ("...", []) => Expr::Dots,
        ("local", [name]) => Expr::Local(read_id(name)?),
        ("builtin", [Value::Text(name)]) => Expr::Builtin(name.as_str().to_owned()),
        ("index", [object, key]) => Expr::Index(read_expr(object)?.into(), read_expr(key)?.into()),
        ("call", [head, args @ ..]) => Expr::Call(read_expr(head)?.into(), read_exprs(args)?),
        ("chain", [first, rest @ ..]) => Expr::Chain(read_expr(first)?.into(), read_links(rest)?),
        ("concat", items) => Expr::Concat(read_exprs(items)?),
        ("pow", [base, exponent]) => Expr::Power(read_expr(base)?.into(), read_expr(exponent)?.into()),
        ("function", _) => Expr::Function(read_function(value)?.into()),
        ("list", items) => Expr::List(read_exprs(items)?),
        ("map", entries) => Expr::Map(read_entries(entries)?),
        ("one", [inner]) => Expr::One(read_expr(inner)?.into()),
        (word, [operand]) => match Unary::parse(word) {
            Some(op) => Expr::Unary(op, read_expr(operand)?.into()),
            None => return Err(form(format!("unknown expression {word:?}"))),
        },
        (word, _) => return Err(form(format!("unknown expression {word:?}"))),
    })
}

fn read_links(values: &[Value]) -> Read<Vec<(Binary, Expr)>> {
    let (pairs, rest) = values.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(form("an operator has no operand"));
    }
    pairs
        .iter()
        .map(|[op, operand]| match op.as_str().and_then(Binary::parse) {
            Some(op) => Ok((op, read_expr(operand)?)),
            None => Err(form("unknown operator")),
        })
        .collect()
}

fn read_entries(values: &[Value]) -> Read<Vec<(Expr, Expr)>> {
    let (pairs, rest) = values.as_chunks::<2>();
    if !rest.is_empty() {
        return Err(form("a key has no value"));
    }
    pairs.iter().map(|[k, v]| Ok((read_expr(k)?, read_expr(v)?))).collect()
}
