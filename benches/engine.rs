//! The fold engine against raw Lua 5.4: the same functions, the same events, one thread.
//!
//! `cargo bench --bench engine` prints nanoseconds an event and ratios. *step* hands both sides events that are already
//! values of the VM, *whole* includes making them from canonical values. Raw Lua runs without fuel, checks, barrier or undo:
//! once as the text stands in a bare VM (*raw*), once as our lowering of it in our VM with native operators and stores
//! (*native*).

use gatos::canon::{Value, json};
use gatos::lua::{Machine, Program, compile};
use mlua::{Function, Lua, Table};
use std::hint::black_box;
use std::time::{Duration, Instant};

const EVENTS: usize = 100_000;
const CHUNK: usize = 1000;
const ROUNDS: usize = 7;

/// One workload: a fold that both sides understand, and its events.
struct Work {
    name: &'static str,
    source: &'static str,
    event: fn(usize) -> String,
    /// What the issue asks for: at most so many times raw Lua.
    must: f64,
}

const COUNTER: &str = include_str!("../lua/samples/counter.lua");
const INVOICES: &str = include_str!("../lua/samples/invoices.lua");
const ARITHMETIC: &str = "
return function(state, event)
  local a, b, c = event.a, event.b, event.c
  local x = a + b * 3
  local y = x - c + 7
  local z = y * 2 - a
  x = x + y + z - b
  y = y - x + a * 5
  z = z + y - x + c
  x = x * 3 - z + y
  state.sum = (state.sum or 0) + x
  state.n = (state.n or 0) + 1
  return state
end";

fn counter(i: usize) -> String {
    format!(r#"{{"actor":"user:u{}","payload":{{"n":{}}},"type":"add","ulid":"01HV{i:022}"}}"#, i % 50, i % 100)
}

fn arithmetic(i: usize) -> String {
    format!(r#"{{"a":{},"b":5,"c":{}}}"#, 11 + i % 7, i % 3)
}

fn invoice(i: usize) -> String {
    let (kind, id) = (["created", "approved", "paid"][i % 3], i / 3);
    format!(
        r#"{{"actor":"user:u{}","payload":{{"customer":"c{}","id":"inv-{id}","lines":[{{"price":{},"qty":2}},{{"price":150,"qty":{}}}],"tags":["a","t{}"]}},"type":"{kind}","ulid":"01HV{i:022}"}}"#,
        i % 50,
        id % 100,
        100 + i % 900,
        1 + i % 5,
        id % 20
    )
}

const WORK: [Work; 3] = [
    Work { name: "counter", source: COUNTER, event: counter, must: 2.3 },
    Work { name: "nested records", source: INVOICES, event: invoice, must: 2.1 },
    Work { name: "20 operations", source: ARITHMETIC, event: arithmetic, must: 5.3 },
];

/// The same value as tables of raw Lua.
fn raw_value(lua: &Lua, v: &Value) -> mlua::Value {
    match v {
        Value::Int(i) => mlua::Value::Integer(*i),
        Value::Bool(b) => mlua::Value::Boolean(*b),
        Value::Text(s) => mlua::Value::String(lua.create_string(s.as_str()).expect("a string")),
        Value::List(items) => {
            let t = lua.create_table_with_capacity(items.len(), 0).expect("a table");
            items.iter().enumerate().for_each(|(i, v)| t.raw_seti(i + 1, raw_value(lua, v)).expect("an item"));
            mlua::Value::Table(t)
        }
        Value::Map(map) => mlua::Value::Table(raw_map(lua, map)),
        other => panic!("no event holds a {}", other.kind()),
    }
}

fn raw_map(lua: &Lua, map: &gatos::canon::Map) -> Table {
    let t = lua.create_table_with_capacity(0, map.len()).expect("a table");
    for (k, v) in map.iter() {
        match v {
            Value::Int(i) => t.raw_set(k, *i),
            Value::Text(s) => t.raw_set(k, s.as_str()),
            other => t.raw_set(k, raw_value(lua, other)),
        }
        .expect("a field");
    }
    t
}

/// Raw Lua with the few names of the language that the workloads use. A set is a map of `true` on both sides, so `set.add`
/// here does the same work and only leaves out the checks of its arguments.
const SHIMS: &str = "
local set = { add = function(t, x) if t[x] then return false end t[x] = true return true end }
local fn = (function() SOURCE end)()
local state = {}
return function(event) state = fn(state, event) end";

/// For each thousand events the best of all rounds, so that what else the machine does counts little.
struct Best(Vec<Duration>);

impl Best {
    fn new() -> Best {
        Best(vec![Duration::MAX; EVENTS.div_ceil(CHUNK)])
    }

    fn note(&mut self, chunk: usize, took: Duration) {
        self.0[chunk] = self.0[chunk].min(took);
    }

    fn total(&self) -> Duration {
        self.0.iter().sum()
    }
}

struct Times {
    step: Best,
    whole: Best,
}

fn raw_round(work: &Work, events: &[Value], best: &mut Times) {
    let lua = Lua::new();
    let step: Function = lua.load(SHIMS.replacen("SOURCE", work.source, 1)).eval().expect("raw Lua takes it");
    for (i, some) in events.chunks(CHUNK).enumerate() {
        let start = Instant::now();
        let made: Vec<_> = some.iter().map(|e| raw_value(&lua, e)).collect();
        let making = start.elapsed();
        let start = Instant::now();
        made.into_iter().for_each(|e| step.call::<()>(e).expect("a step"));
        let stepping = start.elapsed();
        best.step.note(i, stepping);
        best.whole.note(i, making + stepping);
    }
}

fn our_round(program: &Program, events: &[Value], best: &mut Times) {
    let mut machine = Machine::new(program).expect("a machine");
    for (i, some) in events.chunks(CHUNK).enumerate() {
        let start = Instant::now();
        let made: Vec<_> = some.iter().map(|e| machine.prepare(e).expect("an event")).collect();
        let making = start.elapsed();
        let start = Instant::now();
        for event in made {
            black_box(machine.step_prepared(event).expect("a step"));
        }
        let stepping = start.elapsed();
        best.step.note(i, stepping);
        best.whole.note(i, making + stepping);
    }
    black_box(machine.state().expect("a state"));
}

/// All sides in turn, round by round.
fn measure(work: &Work, events: &[Value]) -> [Times; 3] {
    let program = compile(work.source).unwrap_or_else(|f| panic!("{}", f[0]));
    let native = program.native();
    let times = || Times { step: Best::new(), whole: Best::new() };
    let [mut raw, mut bare, mut ours] = [times(), times(), times()];
    for _ in 0..ROUNDS {
        raw_round(work, events, &mut raw);
        our_round(&native, events, &mut bare);
        our_round(&program, events, &mut ours);
    }
    [raw, bare, ours]
}

fn ns(d: Duration) -> f64 {
    d.as_secs_f64() * 1e9 / EVENTS as f64
}

fn start_up() {
    let program = compile(COUNTER).unwrap_or_else(|f| panic!("{}", f[0]));
    // The best of 200, in microseconds.
    let times = |f: &dyn Fn()| {
        let once = |_| {
            let start = Instant::now();
            f();
            start.elapsed()
        };
        (0..200).map(once).min().expect("200 times").as_secs_f64() * 1e6
    };
    let machine = times(&|| drop(black_box(Machine::new(&program).expect("a machine"))));
    let rich = compile(INVOICES).unwrap_or_else(|f| panic!("{}", f[0]));
    let library = times(&|| drop(black_box(Machine::new(&rich).expect("a machine"))));
    let compiling = times(&|| assert!(black_box(compile(COUNTER)).is_ok()));
    let reading = times(&|| assert!(black_box(gatos::lua::read_elc(program.elc())).is_ok()));
    let bare = times(&|| drop(black_box(Lua::new())));
    println!("start of a machine: {machine:.0} us without library, {library:.0} us with it (bare Lua VM {bare:.0} us)");
    println!("compile: {compiling:.0} us, read_elc: {reading:.0} us, both with a trial load");
}

/// A state of some megabytes, written and taken up again.
fn large_state() {
    let program = compile(INVOICES).unwrap_or_else(|f| panic!("{}", f[0]));
    let mut machine = Machine::new(&program).expect("a machine");
    for i in 0..EVENTS {
        machine.step(&json::parse(invoice(i).as_bytes()).expect("JSON")).expect("a step");
    }
    let start = Instant::now();
    let bytes = machine.state().expect("a state");
    let written = start.elapsed();
    let start = Instant::now();
    let state = json::parse_state(&bytes).expect("a state");
    Machine::new(&program).expect("a machine").set_state(&state).expect("a state");
    let megabytes = bytes.len() as f64 / 1e6;
    println!("a state of {megabytes:.1} MB: written in {written:.2?}, taken up in {:.2?}", start.elapsed());
}

fn main() {
    println!("{EVENTS} events, best of {ROUNDS} rounds for each {CHUNK}; ns an event");
    println!(
        "{:16} {:>9} {:>9} {:>9} {:>7} {:>7} {:>6} | {:>9} {:>9} {:>7}",
        "", "raw step", "native", "ours", "/raw", "/native", "must", "raw whole", "ours", "ratio"
    );
    for work in &WORK {
        let events: Vec<Value> =
            (0..EVENTS).map(|i| json::parse((work.event)(i).as_bytes()).expect("an event is JSON")).collect();
        let [raw, native, ours] = measure(work, &events);
        let ratio = |a: &Best, b: &Best| ns(a.total()) / ns(b.total());
        println!(
            "{:16} {:9.0} {:9.0} {:9.0} {:6.2}x {:6.2}x {:5.1}x | {:9.0} {:9.0} {:6.2}x",
            work.name,
            ns(raw.step.total()),
            ns(native.step.total()),
            ns(ours.step.total()),
            ratio(&ours.step, &raw.step),
            ratio(&ours.step, &native.step),
            work.must,
            ns(raw.whole.total()),
            ns(ours.whole.total()),
            ratio(&ours.whole, &raw.whole)
        );
    }
    start_up();
    large_state();
}
