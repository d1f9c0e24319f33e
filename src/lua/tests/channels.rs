//! The ways in which a fold in pieces could differ from a whole one, each with what locks it. `docs/lua.md` lists the same.

use super::{program, shown, state, step, value};
use crate::canon::json;
use crate::lua::{Class, Machine, Program, Verdict, compile, read_elc};

enum Lock {
    /// The compiler refuses the program with this code.
    Finding(&'static str),
    /// The events end so: the class of each that errs, and the state.
    Ends(&'static [(usize, Class)], &'static str),
}

use Lock::{Ends, Finding};

struct Channel {
    name: &'static str,
    source: &'static str,
    events: &'static [&'static str],
    lock: Lock,
}

const fn refused(name: &'static str, source: &'static str, code: &'static str) -> Channel {
    Channel { name, source, events: &[], lock: Finding(code) }
}

/// The body of a fold that returns its state.
macro_rules! fold {
    ($body:literal) => {
        concat!("return function(state, event) ", $body, " return state end")
    };
}

const CHANNELS: [Channel; 30] = [
    refused("globals", fold!("n = (n or 0) + 1"), "L003"),
    refused("upvalues", concat!("local n = 0 ", fold!("n = n + 1 state.n = n")), "L010"),
    Channel {
        name: "caches",
        source: concat!("local cache = {} ", fold!("state.hit = cache.x ~= nil cache.x = 1")),
        events: &["{}", "{}"],
        lock: Ends(&[(0, Class::Frozen), (1, Class::Frozen)], "{}"),
    },
    Channel {
        name: "aliasing in the state",
        source: fold!(
            "state.a = state.a or { n = 0 } state.a.n = state.a.n + 1 if event.alias then state.b = state.a end"
        ),
        events: &["{}", r#"{"alias":true}"#, "{}"],
        lock: Ends(&[(1, Class::State)], r#"{"a":{"n":2}}"#),
    },
    Channel {
        name: "aliasing with the event",
        source: fold!("state.a = event.p state.b = event.p state.a.n = 9"),
        events: &[r#"{"p":{"n":1}}"#, r#"{"p":{"n":2}}"#],
        lock: Ends(&[], r#"{"a":{"n":9},"b":{"n":2}}"#),
    },
    Channel {
        name: "cycles",
        source: fold!("local t = {} t.t = t if event.x then state.t = t else state.t = state end"),
        events: &["{}", r#"{"x":1}"#],
        lock: Ends(&[(0, Class::State), (1, Class::State)], "{}"),
    },
    refused("metatables", fold!("state = setmetatable(state, {})"), "L001"),
    Channel {
        name: "insertion order",
        source: fold!(
            "state[event.k] = 1 local o = {} for k in dpairs(state) do o[#o + 1] = k end state.order = table.concat(o)"
        ),
        events: &[r#"{"k":"c"}"#, r#"{"k":"a"}"#, r#"{"k":"b"}"#],
        lock: Ends(&[], r#"{"a":1,"b":1,"c":1,"order":"abcorder"}"#),
    },
    Channel {
        name: "length with holes",
        source: fold!("state.l = state.l or { 1, 2, 3 } if event.cut then state.l[2] = nil end state.n = #state.l"),
        events: &["{}", r#"{"cut":1}"#],
        lock: Ends(&[(1, Class::Shape)], r#"{"l":[1,2,3],"n":3}"#),
    },
    Channel {
        name: "mixed keys",
        source: fold!("state.l = state.l or { 1 } if event.mix then state.l.x = 1 end"),
        events: &["{}", r#"{"mix":1}"#],
        lock: Ends(&[(1, Class::Shape)], r#"{"l":[1]}"#),
    },
    Channel {
        name: "sparse keys",
        source: fold!("state.l = state.l or {} state.l[event.i] = true"),
        events: &[r#"{"i":1}"#, r#"{"i":3}"#, r#"{"i":0.5}"#],
        lock: Ends(&[(1, Class::Shape), (2, Class::Shape)], r#"{"l":[true]}"#),
    },
    Channel {
        name: "empty list or map",
        source: fold!(
            "state.l = state.l or {} if event.push then table.insert(state.l, 1) elseif event.field then state.l.x = 1 else table.remove(state.l) end"
        ),
        events: &[r#"{"push":1}"#, "{}", r#"{"field":1}"#],
        lock: Ends(&[(2, Class::Shape)], r#"{"l":[]}"#),
    },
    Channel {
        name: "nil or null",
        source: fold!("state.a = event.a state.kind = type(state.a) state.n = (state.n or 0) + 1"),
        events: &[r#"{"a":null}"#, "{}", r#"{"a":null}"#],
        lock: Ends(&[], r#"{"a":null,"kind":"null","n":3}"#),
    },
    Channel {
        name: "2 or 2.0",
        source: fold!("state.x = event.n / 2 state.text = state.x .. math.type(state.x)"),
        events: &[r#"{"n":4}"#],
        lock: Ends(&[], r#"{"text":"2integer","x":2}"#),
    },
    Channel {
        name: "decimals",
        source: fold!("state.s = (state.s or 0) + 0.1"),
        events: &["{}", "{}", "{}"],
        lock: Ends(&[], r#"{"s":0.3000000003}"#),
    },
    Channel {
        name: "invalid UTF-8",
        source: fold!("state.x = string.sub(event.s, 1, 1)"),
        events: &["{\"s\":\"\u{e9}\"}", r#"{"s":"e"}"#],
        lock: Ends(&[(0, Class::Value)], r#"{"x":"e"}"#),
    },
    Channel {
        name: "normalisation",
        source: fold!("state[event.k] = true state.n = set.size(state)"),
        events: &["{\"k\":\"\u{e9}\"}", "{\"k\":\"e\u{301}\"}"],
        lock: Ends(&[], "{\"e\u{301}\":true,\"n\":3,\"\u{e9}\":true}"),
    },
    Channel {
        name: "depth found late",
        source: fold!(
            "local t = state for i = 1, event.n do t.c = {} t = t.c end if event.n < 64 then state.c = nil end"
        ),
        events: &[r#"{"n":63}"#, r#"{"n":64}"#],
        lock: Ends(&[(1, Class::State)], "{}"),
    },
    Channel {
        name: "size found late",
        source: fold!("state.s = string.rep('x', event.n) state.n = #state.s state.s = nil"),
        events: &[r#"{"n":1048576}"#, r#"{"n":1048577}"#],
        lock: Ends(&[(1, Class::Memory)], r#"{"n":1048576}"#),
    },
    Channel {
        name: "fuel carried over",
        source: fold!("local n = 0 for i = 1, event.n do n = n + 1 end state.n = (state.n or 0) + n"),
        events: &[r#"{"n":150000}"#, r#"{"n":150000}"#, r#"{"n":400000}"#, r#"{"n":150000}"#],
        lock: Ends(&[(2, Class::Fuel)], r#"{"n":450000}"#),
    },
    Channel {
        name: "depth carried over",
        source: concat!(
            "local function down(n) if n == 0 then return 0 end return down(n - 1) + 1 end ",
            fold!("state.n = down(event.n)")
        ),
        events: &[r#"{"n":190}"#, r#"{"n":300}"#, r#"{"n":191}"#],
        lock: Ends(&[(1, Class::Depth)], r#"{"n":191}"#),
    },
    refused("garbage collection", fold!("state.m = collectgarbage('count')"), "L001"),
    Channel {
        name: "half-applied events",
        source: fold!("state.l = state.l or {} table.insert(state.l, event.n) assert(event.n ~= 2, 'no twos')"),
        events: &[r#"{"n":1}"#, r#"{"n":2}"#, r#"{"n":3}"#],
        lock: Ends(&[(1, Class::Error)], r#"{"l":[1,3]}"#),
    },
    refused("generators", concat!("local r = rng(1) ", fold!("state.n = r(6)")), "L011"),
    Channel {
        name: "table identity",
        source: fold!(
            "if event.key then state[{}] = 1 elseif event.text then state.x = tostring({}) end state.same = {} == {}"
        ),
        events: &["{}", r#"{"key":1}"#, r#"{"text":1}"#],
        lock: Ends(&[(1, Class::Shape), (2, Class::Type)], r#"{"same":false}"#),
    },
    Channel {
        name: "iteration while changing",
        source: fold!(
            "state.m = state.m or { a = 1, b = 2, c = 3 } local seen = '' for k in dpairs(state.m) do seen = seen .. k state.m.b = nil state.m.d = 4 end state.seen = seen"
        ),
        events: &["{}", "{}"],
        lock: Ends(&[], r#"{"m":{"a":1,"c":3,"d":4},"seen":"acd"}"#),
    },
    Channel {
        name: "evaluation order",
        source: fold!(
            "local n = 1 local function bump() n = n + 1 return n end state.same = n == bump() state.sum = n + bump()"
        ),
        events: &["{}"],
        lock: Ends(&[], r#"{"same":false,"sum":5}"#),
    },
    refused("error text", fold!("local ok, text = pcall(function() return 1 end) state.text = text"), "L001"),
    Channel {
        name: "JSON spellings",
        source: fold!("state.x = json.decode_strict(event.s) state.t = json.encode_canonical(state.x)"),
        events: &[r#"{"s":"[0.1,2]"}"#, r#"{"s":"[0.10]"}"#, r#"{"s":"[1e-1]"}"#, r#"{"s":"[2.0]"}"#],
        lock: Ends(&[(1, Class::Value), (2, Class::Value), (3, Class::Value)], r#"{"t":"[0.1,2]","x":[0.1,2]}"#),
    },
    Channel {
        name: "another engine",
        source: fold!(
            "state.n = (state.n or 0) + event.n * 1.5 state.l = state.l or {} table.insert(state.l, event.n)"
        ),
        events: &[r#"{"n":1}"#, r#"{"n":2.5}"#, r#"{"n":-3}"#],
        lock: Ends(&[], r#"{"l":[1,2.5,-3],"n":0.75}"#),
    },
];

/// What the events do, and the state behind each.
fn whole(program: &Program, events: &[&str]) -> Vec<(Result<u64, Verdict>, String)> {
    let mut machine = Machine::new(program).expect("it loads");
    events.iter().map(|event| (step(&mut machine, &value(event)), state(&mut machine))).collect()
}

/// The same with a new machine for each event, every second one from the compiled form alone.
fn pieces(program: &Program, events: &[&str]) -> Vec<(Result<u64, Class>, String)> {
    let compiled = read_elc(program.elc()).expect("own ELC");
    let mut at = "{}".to_owned();
    let mut all = Vec::new();
    for (i, event) in events.iter().enumerate() {
        let mut machine = Machine::new(if i % 2 == 0 { &compiled } else { program }).expect("it loads");
        machine.set_state(&json::parse_state(at.as_bytes()).expect("a state")).expect("a checkpoint");
        let result = step(&mut machine, &value(event)).map_err(|v| v.class);
        at = state(&mut machine);
        all.push((result, at.clone()));
    }
    all
}

fn check(c: &Channel) {
    match &c.lock {
        Finding(code) => {
            let findings = compile(c.source).expect_err(c.name);
            assert!(findings.iter().any(|f| f.code == *code), "{}: {}", c.name, shown(&findings));
        }
        Ends(errors, wanted) => {
            let program = program(c.source);
            let whole = whole(&program, c.events);
            let erred = |(i, (result, _)): (usize, &(Result<u64, Verdict>, String))| {
                result.as_ref().err().map(|verdict| (i, verdict.class))
            };
            let got: Vec<_> = whole.iter().enumerate().filter_map(erred).collect();
            assert_eq!(got, *errors, "{}: {whole:?}", c.name);
            assert_eq!(whole.last().expect("an event").1, *wanted, "{}", c.name);
            let plain: Vec<_> = whole.into_iter().map(|(r, s)| (r.map_err(|v| v.class), s)).collect();
            assert_eq!(plain, pieces(&program, c.events), "{}", c.name);
        }
    }
}

#[test]
fn must_lock_every_channel() {
    CHANNELS.iter().for_each(check);
}

#[test]
fn the_document_lists_every_channel() {
    let doc = include_str!("../../../docs/lua.md");
    let (_, table) = doc.split_once("| channel | lock |").expect("the table");
    let named: Vec<_> = table.lines().filter_map(|l| l.strip_prefix("| ")?.split(" | ").next()).collect();
    assert_eq!(named, CHANNELS.iter().map(|c| c.name).collect::<Vec<_>>());
}

#[test]
fn must_compile_every_example_of_the_document() {
    let doc = include_str!("../../../docs/lua.md");
    let examples: Vec<_> =
        doc.split("```lua\n").skip(1).map(|rest| rest.split("```").next().expect("a fence")).collect();
    assert!(examples.len() >= 5);
    for example in examples {
        let findings = crate::lua::lint(example);
        assert!(findings.is_empty(), "{}\n{example}", shown(&findings));
    }
}
