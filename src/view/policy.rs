use super::notation::plain;
use super::{Denial, Ink, Page, View, count, notation};
use crate::canon::{Map, Value};
use crate::id::{Oid, Sha256};
use crate::node::{Activation, Change, LoggedBundle, Published, Replay};
use crate::policy::cases::Judged;
use crate::policy::{Bundle, Found, RuleInfo, Weight};
use std::io::{self, Write as _};

/// A file of rules that was compiled.
pub struct CompiledRules {
    pub code_root: Sha256,
    pub rules: usize,
    pub size: u64,
    pub out: Option<String>,
}

impl View for CompiledRules {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        writeln!(page, "policy_code_root = {}", self.code_root)
    }

    fn json(&self) -> Value {
        let mut map = Map::new();
        map.insert("policy_code_root", Value::text(self.code_root));
        map.insert("rules", count(self.rules as u64));
        map.insert("bytes", count(self.size));
        if let Some(out) = &self.out {
            map.insert("out", out.as_str());
        }
        Value::Map(map)
    }
}

/// What there is to say about the sources of a policy.
pub struct PolicyFaults {
    pub rules: usize,
    pub faults: Vec<Found>,
}

impl PolicyFaults {
    pub fn errors(&self) -> usize {
        self.faults.iter().filter(|(_, f)| f.weight == Weight::Error).count()
    }
}

impl View for PolicyFaults {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        for (path, f) in &self.faults {
            match f.weight {
                Weight::Error => writeln!(page, "{}:{}", plain(path), plain(f))?,
                Weight::Warning => {
                    let path = plain(path);
                    let rule = if f.rule.is_empty() { String::new() } else { format!("{}: ", plain(&f.rule)) };
                    writeln!(page, "{path}:{}:{}: warning: {rule}{}", f.line, f.col, plain(&f.sentence))?;
                }
            }
        }
        Ok(())
    }

    fn json(&self) -> Value {
        let fault = |(path, f): &Found| {
            Value::map([
                ("file", path.as_str().into()),
                ("line", f.line.into()),
                ("col", f.col.into()),
                ("rule", f.rule.as_str().into()),
                ("severity", if f.weight == Weight::Error { "error" } else { "warning" }.into()),
                ("sentence", f.sentence.as_str().into()),
            ])
        };
        let errors = self.errors();
        Value::map([
            ("rules", count(self.rules as u64)),
            ("errors", count(errors as u64)),
            ("warnings", count((self.faults.len() - errors) as u64)),
            ("faults", Value::list(self.faults.iter().map(fault))),
        ])
    }
}

/// A bundle that was written.
pub struct PublishedBundle(pub Published);

impl View for PublishedBundle {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let p = &self.0;
        writeln!(page, "bundle {} version {} ({} rules)", page.ink(Ink::Name, p.id), p.version, p.rules)?;
        writeln!(page, "policy_code_root = {}", p.code_root)?;
        writeln!(page, "next   git gatos policy activate {}", &p.id.hex()[..12])
    }

    fn json(&self) -> Value {
        let p = &self.0;
        let mut map = Map::new();
        map.insert("id", Value::text(p.id));
        map.insert("commit", Value::text(p.commit));
        map.insert("version", count(p.version));
        map.insert("rules", count(p.rules as u64));
        map.insert("policy_code_root", Value::text(p.code_root));
        map.insert("unchanged", p.unchanged);
        if let Some(source) = p.source {
            map.insert("source", Value::text(source));
        }
        Value::Map(map)
    }
}

/// What came of an activation.
pub struct Activated(pub Activation);

impl Activated {
    fn denial(&self) -> Option<Denial> {
        match &self.0 {
            Activation::Denied { decision, audit } => Some(Denial { decision: decision.clone(), audit: *audit }),
            Activation::Done { .. } => None,
        }
    }
}

impl View for Activated {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        match &self.0 {
            Activation::Done { id, version, rule, .. } => {
                let id = page.ink(Ink::Name, id);
                writeln!(page, "active {id} version {version}, by rule {rule}")
            }
            Activation::Denied { .. } => self.denial().map_or(Ok(()), |d| d.text(page)),
        }
    }

    fn json(&self) -> Value {
        match &self.0 {
            Activation::Done { id, commit, version, rule } => Value::map([
                ("id", Value::text(id)),
                ("commit", Value::text(commit)),
                ("version", count(*version)),
                ("rule", rule.as_str().into()),
            ]),
            Activation::Denied { .. } => self.denial().map_or(Value::Null, |d| d.json()),
        }
    }

    fn is_complaint(&self) -> bool {
        matches!(self.0, Activation::Denied { .. })
    }
}

fn bundle_line(bundle: &Bundle, page: &Page<'_>) -> String {
    let policies: Vec<String> = bundle.policies().map(|(name, version)| format!("{name} {version}")).collect();
    let policies = if policies.is_empty() { "default".to_owned() } else { policies.join(", ") };
    format!("{} {} {policies}", bundle.version(), page.ink(Ink::Name, bundle.id()))
}

fn bundle_value(bundle: &Bundle) -> Map {
    let policy = |(name, version): (&str, u32)| Value::map([("name", name.into()), ("version", version.into())]);
    let mut map = Map::new();
    map.insert("id", Value::text(bundle.id()));
    map.insert("commit", Value::text(bundle.commit()));
    map.insert("version", count(bundle.version()));
    map.insert("policy_code_root", Value::text(bundle.code_root()));
    map.insert("policies", Value::list(bundle.policies().map(policy)));
    map.insert("rules", Value::list(bundle.rules().iter().map(rule_value)));
    map.insert("files", Value::list(bundle.files().map(|(path, _)| Value::from(path))));
    map
}

fn asked(rule: &RuleInfo) -> String {
    let names = |on: &crate::policy::On| on.names.iter().map(|n| format!(" {n}")).collect::<String>();
    rule.on.iter().map(|on| format!("{}{}", on.verb, names(on))).collect::<Vec<_>>().join(", ")
}

fn rule_value(rule: &RuleInfo) -> Value {
    Value::map([
        ("id", rule.id.as_str().into()),
        ("file", rule.file.as_str().into()),
        ("line", rule.line.into()),
        ("on", asked(rule).into()),
        ("text", rule.text.as_str().into()),
    ])
}

/// A bundle and its rules.
pub struct ShownBundle(pub Bundle);

impl View for ShownBundle {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let bundle = &self.0;
        writeln!(page, "version {}", bundle_line(bundle, page))?;
        writeln!(page, "commit  {}", bundle.commit())?;
        writeln!(page, "code    {}", bundle.code_root())?;
        for rule in bundle.rules() {
            writeln!(page, "rule    {}  on {}  {}:{}", rule.id, asked(rule), plain(&rule.file), rule.line)?;
        }
        bundle.files().try_for_each(|(path, bytes)| writeln!(page, "file    {} ({} bytes)", plain(path), bytes.len()))
    }

    fn json(&self) -> Value {
        Value::Map(bundle_value(&self.0))
    }
}

/// Bundles, the newest first.
pub struct PolicyLog(pub Vec<LoggedBundle>);

impl View for PolicyLog {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        self.0.iter().try_for_each(|one| {
            let when = one.published.map_or("-".to_owned(), |time| time.to_string());
            let never = if one.stood { "" } else { "  never active" };
            writeln!(page, "{}  {when} {}{never}", bundle_line(&one.bundle, page), one.signers.join(" "))
        })
    }

    fn json(&self) -> Value {
        let one = |one: &LoggedBundle| {
            let mut map = bundle_value(&one.bundle);
            map.remove("rules");
            map.remove("files");
            if let Some(published) = one.published {
                map.insert("published", Value::text(published));
            }
            map.insert("signers", Value::list(one.signers.iter().map(String::as_str)));
            map.insert("stood", one.stood);
            Value::Map(map)
        };
        Value::map([("bundles", Value::list(self.0.iter().map(one)))])
    }
}

/// What differs between two policies.
pub struct PolicyDiff {
    /// `+`, `-` or `~`, what it is (`rule`, `file`), its name.
    pub lines: Vec<(char, &'static str, String)>,
}

impl PolicyDiff {
    pub fn of(from: &Bundle, to: &Bundle) -> PolicyDiff {
        let mut lines = Vec::new();
        let old = |id: &str| from.rules().iter().find(|r| r.id == id);
        for rule in to.rules() {
            match old(&rule.id) {
                None => lines.push(('+', "rule", rule.id.clone())),
                Some(before) if before.text != rule.text => lines.push(('~', "rule", rule.id.clone())),
                Some(_) => {}
            }
        }
        let gone = from.rules().iter().filter(|r| to.rules().iter().all(|new| new.id != r.id));
        lines.extend(gone.map(|r| ('-', "rule", r.id.clone())));
        for (path, bytes) in to.files() {
            match from.file(path) {
                None => lines.push(('+', "file", path.to_owned())),
                Some(before) if before != bytes => lines.push(('~', "file", path.to_owned())),
                Some(_) => {}
            }
        }
        let gone = from.files().filter(|(path, _)| to.file(path).is_none());
        lines.extend(gone.map(|(path, _)| ('-', "file", path.to_owned())));
        PolicyDiff { lines }
    }
}

impl View for PolicyDiff {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        self.lines.iter().try_for_each(|(sign, what, name)| writeln!(page, "{sign} {what} {}", plain(name)))
    }

    fn json(&self) -> Value {
        let line = |(sign, what, name): &(char, &str, String)| {
            let change = match sign {
                '+' => "added",
                '-' => "removed",
                _ => "changed",
            };
            Value::map([("change", change.into()), ("what", (*what).into()), ("name", name.as_str().into())])
        };
        Value::map([("differences", Value::list(self.lines.iter().map(line)))])
    }
}

/// Cases held against a policy.
pub struct JudgedCases(pub Vec<(String, Judged)>);

impl JudgedCases {
    pub fn failed(&self) -> usize {
        self.0.iter().filter(|(_, judged)| !judged.holds()).count()
    }
}

impl View for JudgedCases {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        for (file, judged) in &self.0 {
            let (verdict, rule) = (judged.got.0.as_str(), &judged.got.1);
            if judged.holds() {
                writeln!(page, "{}   {}  {verdict} {rule}", page.ink(Ink::Good, "ok"), plain(&judged.name))?;
                continue;
            }
            let wanted = judged.wanted.1.as_deref().unwrap_or_default();
            let bad = page.ink(Ink::Bad, "FAIL");
            let wanted = format!("{} {wanted}", judged.wanted.0.as_str());
            writeln!(page, "{bad} {}  {verdict} {rule}, wanted {}", plain(&judged.name), wanted.trim_end())?;
            writeln!(page, "     {file}: {}", plain(&judged.reason))?;
        }
        writeln!(page, "{}, {} failed", notation::some(self.0.len() as u64, "case"), self.failed())
    }

    fn json(&self) -> Value {
        let case = |(file, judged): &(String, Judged)| {
            Value::map([
                ("file", file.as_str().into()),
                ("name", judged.name.as_str().into()),
                ("ok", judged.holds().into()),
                ("verdict", judged.got.0.as_str().into()),
                ("rule", judged.got.1.as_str().into()),
                ("reason", judged.reason.as_str().into()),
            ])
        };
        Value::map([("cases", Value::list(self.0.iter().map(case))), ("failed", count(self.failed() as u64))])
    }
}

/// A verdict that a candidate would change.
pub struct ChangedVerdict(pub Change);

impl View for ChangedVerdict {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let c = &self.0;
        let (verdict, rule) = (c.now.verdict.as_str(), &c.now.rule);
        writeln!(
            page,
            "{} {} {} -> {verdict}  rule {rule}  {}",
            page.ink(Ink::Name, &c.id),
            c.at,
            c.was.0,
            plain(&c.act)
        )?;
        writeln!(page, "  {}", plain(&c.now.reason))?;
        writeln!(page, "  facts {}", notation::line(&c.now.facts))
    }

    fn json(&self) -> Value {
        let c = &self.0;
        Value::map([
            ("id", c.id.as_str().into()),
            ("at", Value::text(c.at)),
            ("act", c.act.as_str().into()),
            ("was", c.was.0.as_str().into()),
            ("was_rule", c.was.1.as_str().into()),
            ("now", c.now.verdict.as_str().into()),
            ("rule", c.now.rule.as_str().into()),
            ("reason", c.now.reason.as_str().into()),
            ("facts", c.now.facts.clone()),
        ])
    }
}

/// What a candidate makes of history, all in all.
pub struct Replayed(pub Replay);

impl View for Replayed {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        writeln!(page, "{} judged, {} would change", notation::some(self.0.judged, "decision"), self.0.changes)?;
        let unknown = &self.0.unknown;
        unknown.iter().try_for_each(|(what, n)| writeln!(page, "{n} not replayable: not on record: {}", plain(what)))
    }

    fn json(&self) -> Value {
        let unknown =
            |(what, n): (&String, &u64)| Value::map([("missing", what.as_str().into()), ("count", count(*n))]);
        Value::map([
            ("judged", count(self.0.judged)),
            ("changes", count(self.0.changes)),
            ("not_replayable", Value::list(self.0.unknown.iter().map(unknown))),
        ])
    }
}

/// Files of a template that were written.
pub struct WrittenPolicy {
    pub written: Vec<String>,
    pub kept: Vec<String>,
}

impl View for WrittenPolicy {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        self.written.iter().try_for_each(|file| writeln!(page, "wrote {file}"))?;
        self.kept.iter().try_for_each(|file| writeln!(page, "kept  {file}"))
    }

    fn json(&self) -> Value {
        let list = |files: &[String]| Value::list(files.iter().map(|f| Value::from(f.as_str())));
        Value::map([("written", list(&self.written)), ("kept", list(&self.kept))])
    }
}

/// The bytes of a file of a bundle.
pub struct BundleFile {
    pub path: String,
    pub bytes: Vec<u8>,
    pub commit: Oid,
}

impl View for BundleFile {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.raw(&self.bytes)
    }

    fn json(&self) -> Value {
        let text = String::from_utf8_lossy(&self.bytes).into_owned();
        Value::map([("path", self.path.as_str().into()), ("text", text.into()), ("bundle", Value::text(self.commit))])
    }
}
