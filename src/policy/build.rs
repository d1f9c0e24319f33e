//! Source files to the files of a bundle.

use super::bundle::{DEFAULT_ELC, DEFAULT_SOURCE, SOURCE};
use super::governance::{Asked, GOVERNANCE, Governance, Quorum, asked};
use super::profile::{PROFILE, Profile};
use super::rgs::{self, Fault, Functions, Groups, Named, Weight, What};
use super::rules::{COURTS_MAX, CourtInfo, RULES, RULES_MAX, Rules};
use super::schema::Schema;
use crate::id::{EventType, Ns, Sha256};
use crate::lua::{self, Declared, Severity};
use std::collections::{BTreeMap, BTreeSet};

/// Where sources lie in a work tree.
pub const POLICIES: &str = "gatos/policies/";
pub const DECISIONS: &str = "docs/decisions/";
pub const FOLDS: &str = "gatos/folds/";
pub const SCHEMAS: &str = "gatos/schema/";
pub const GOVERNANCE_YAML: &str = "gatos/governance.yaml";
pub const PROFILE_YAML: &str = "gatos/config/profile.yaml";

/// Source files by their path in the work tree.
pub type Sources = BTreeMap<String, Vec<u8>>;

/// A fault and the file it is in.
pub type Found = (String, Fault);

/// What sources compile to.
#[derive(Debug, Clone, Default)]
pub struct Built {
    /// The files of a bundle but manifest and signatures.
    pub files: BTreeMap<String, Vec<u8>>,
    pub rules: usize,
    pub profile: Profile,
    pub warnings: Vec<Found>,
    /// What rules name that stands elsewhere.
    named: Vec<(String, Named)>,
}

impl Built {
    /// Names that mean nothing: groups that are not among those of the trust graph, where one is here, or are too small for what
    /// is asked of them, and actions that the governance of these sources lacks.
    pub fn doubts(&self, groups: Option<&Groups<'_>>) -> Vec<Found> {
        let governance = self.files.get(GOVERNANCE).and_then(|bytes| Governance::parse(bytes).ok()).unwrap_or_default();
        let mut required = BTreeSet::new();
        for (_, named) in &self.named {
            if let What::Required(action) = &named.what {
                required.insert(action.as_str());
            }
        }
        let doubt = |named: &Named| {
            groups.and_then(|groups| named.stranger(groups)).or_else(|| named.ungoverned(&governance, &required))
        };
        let of_rules = self.named.iter().filter_map(|(path, named)| Some((path.clone(), doubt(named)?)));
        of_rules.chain(groups.into_iter().flat_map(|groups| self.asked_in_vain(&governance, groups))).collect()
    }

    /// Groups that the governance asks and trust does not have, or that are too small for what is asked.
    fn asked_in_vain(&self, governance: &Governance, groups: &Groups<'_>) -> Vec<Found> {
        let text = self.files.get("governance.yaml").and_then(|bytes| std::str::from_utf8(bytes).ok());
        let doubt = |asked: Asked| {
            let few = match governance.actions.get(&asked.action).map(|governed| &governed.quorum) {
                Some(Quorum::AtLeast { n, group }) => rgs::too_few(*n, group.as_str(), &asked.action, groups),
                _ => None,
            };
            let vain = rgs::no_group(&asked.group, groups).map(|why| format!("{}: {why}", asked.action));
            let sentence = vain.or(few)?;
            let fault = Fault { col: asked.col, weight: Weight::Warning, ..fault(asked.line, sentence) };
            Some((GOVERNANCE_YAML.to_owned(), fault))
        };
        asked(text.unwrap_or_default()).into_iter().filter_map(doubt).collect()
    }
}

/// The EchoLua and the compiled form of one file of rules.
#[derive(Debug)]
pub struct RuleFile {
    pub compiled: rgs::Compiled,
    /// Where its source and its compiled form stand in a bundle.
    pub source: String,
    pub elc: String,
}

/// Compiles everything. `Err` holds every fault, warnings left out.
pub fn build(sources: &Sources) -> Result<Built, Vec<Found>> {
    let mut builder = Builder { sources, built: Built::default(), errors: Vec::new() };
    let functions = builder.functions();
    builder.rule_files(&functions);
    builder.folds();
    builder.schemas();
    builder.governance();
    builder.profile();
    match builder.errors.is_empty() {
        true => Ok(builder.built),
        false => Err(builder.errors),
    }
}

/// Compiles one file of rules, with the functions of the `.lua` files among `sources`.
pub fn build_rules(path: &str, sources: &Sources) -> Result<RuleFile, Vec<Found>> {
    let mut builder = Builder { sources, built: Built::default(), errors: Vec::new() };
    let functions = builder.functions();
    let bytes = sources.get(path).map(Vec::as_slice).unwrap_or_default();
    let made = builder.rule_file(path, bytes, &functions);
    match made.filter(|_| builder.errors.is_empty()) {
        Some(file) => Ok(file),
        None if builder.errors.is_empty() => Err(vec![(path.to_owned(), fault(1, "it holds no block of rules"))]),
        None => Err(builder.errors),
    }
}

fn fault(line: u32, sentence: impl Into<String>) -> Fault {
    Fault { line, col: 1, rule: String::new(), weight: Weight::Error, sentence: sentence.into() }
}

/// Folder and stem of a path with this ending, nothing deeper.
fn stem<'a>(path: &'a str, folder: &str, ending: &str) -> Option<&'a str> {
    let stem = path.strip_prefix(folder)?.strip_suffix(ending)?;
    (!stem.is_empty() && !stem.contains('/')).then_some(stem)
}

struct Builder<'a> {
    sources: &'a Sources,
    built: Built,
    errors: Vec<Found>,
}

impl<'a> Builder<'a> {
    fn error(&mut self, path: &str, fault: Fault) {
        self.errors.push((path.to_owned(), fault));
    }

    fn text(&mut self, path: &str, bytes: &'a [u8]) -> Option<&'a str> {
        let read = std::str::from_utf8(bytes);
        if read.is_err() {
            self.error(path, fault(1, "the file is not UTF-8"));
        }
        read.ok()
    }

    /// The functions that rules may call, of all `.lua` files in the order of their names.
    fn functions(&mut self) -> Functions {
        let mut functions = Functions::default();
        for (path, bytes) in self.sources {
            let Some(stem) = stem(path, POLICIES, ".lua") else { continue };
            let Some(text) = self.text(path, bytes) else { continue };
            // A file may call what files before it declare.
            let whole = format!("{}{text}\n", functions.source);
            match rgs::functions(&whole) {
                Ok(declared) => {
                    let twice = |(i, d): &(usize, &Declared)| declared[..*i].iter().any(|other| other.name == d.name);
                    if let Some((_, twice)) = declared.iter().enumerate().find(twice) {
                        self.error(path, fault(1, format!("{} is declared twice", twice.name)));
                    }
                    functions = Functions { source: whole, declared };
                    self.built.files.insert(format!("policies/{stem}.lua"), bytes.clone());
                }
                Err(faults) => {
                    let before = functions.source.matches('\n').count() as u32;
                    for f in faults {
                        self.error(path, Fault { line: f.line.saturating_sub(before).max(1), ..f });
                    }
                }
            }
        }
        functions
    }

    /// Every file with rules, in the order in which they speak: by file name, whatever folder it is in.
    fn rule_files(&mut self, functions: &Functions) {
        let mut files: Vec<(&str, &str, &'a [u8])> = Vec::new();
        for (path, bytes) in self.sources {
            let named = stem(path, POLICIES, ".rgs")
                .or_else(|| stem(path, POLICIES, ".md"))
                .or_else(|| stem(path, DECISIONS, ".md"));
            files.extend(named.map(|stem| (stem, path.as_str(), bytes.as_slice())));
        }
        files.sort();
        let mut rules = Rules::default();
        let mut places: BTreeMap<String, String> = BTreeMap::new();
        for (_, path, bytes) in files {
            let Some(file) = self.rule_file(path, bytes, functions) else { continue };
            for rule in &file.compiled.rules {
                if let Some(other) = places.insert(rule.id.clone(), path.to_owned()) {
                    let clash =
                        Fault { rule: rule.id.clone(), ..fault(rule.line, format!("{other} has a rule of this name")) };
                    self.error(path, clash);
                }
            }
            if self.built.files.contains_key(&file.elc) {
                self.error(path, fault(1, "another file of rules has this name; rename one of them"));
            }
            self.built.files.insert(file.source.clone(), bytes.to_vec());
            self.built.files.insert(file.elc.clone(), file.compiled.program.elc().to_vec());
            let (policy, version) = (file.compiled.policy, file.compiled.version);
            rules.courts.push(CourtInfo { source: file.source, elc: file.elc, policy, version });
            rules.rules.extend(file.compiled.rules);
            self.built.named.extend(file.compiled.named.into_iter().map(|named| (path.to_owned(), named)));
        }
        if rules.rules.len() > RULES_MAX || rules.courts.len() > COURTS_MAX {
            let most = format!("a bundle has at most {RULES_MAX} rules in {COURTS_MAX} files");
            self.error(POLICIES, fault(1, most));
        }
        self.built.rules = rules.rules.len();
        let placed = |w: Fault| (places.get(&w.rule).cloned().unwrap_or_default(), w);
        self.built.warnings.extend(rgs::closed(&rules.rules).into_iter().map(placed));
        self.built.warnings.extend(rgs::no_refs(&rules.rules).into_iter().map(placed));
        if rules.courts.is_empty() {
            // Without rules the policy of a new repository goes on.
            let program = lua::compile(SOURCE).expect("a test compiles the policy that ships");
            self.built.files.insert(DEFAULT_SOURCE.into(), SOURCE.as_bytes().to_vec());
            self.built.files.insert(DEFAULT_ELC.into(), program.elc().to_vec());
        } else {
            self.built.files.insert(RULES.into(), rules.encode());
        }
    }

    /// One file of rules; nothing where a Markdown document holds none, or where it has faults, which are told.
    fn rule_file(&mut self, path: &str, bytes: &'a [u8], functions: &Functions) -> Option<RuleFile> {
        let text = self.text(path, bytes)?;
        let (folder, name) = match path.strip_prefix(DECISIONS) {
            Some(name) => ("decisions", name),
            None => ("policies", path.rsplit('/').next().unwrap_or(path)),
        };
        let stem = name.rsplit_once('.').map_or(name, |(stem, _)| stem);
        let (source, elc) = (format!("{folder}/{name}"), format!("{folder}/{stem}.elc"));
        let compiled = match name.ends_with(".md") {
            false => rgs::compile(text, &source, None, functions),
            true => match rgs::extract(text, stem) {
                Ok(None) => return None,
                Ok(Some(decision)) => rgs::compile(&decision.source, &source, Some(&decision.adr), functions),
                Err((line, why)) => {
                    self.error(path, fault(line, why));
                    return None;
                }
            },
        };
        match compiled {
            Ok(compiled) => Some(RuleFile { compiled, source, elc }),
            Err(faults) => {
                let errors = faults.into_iter().filter(|f| f.weight == Weight::Error);
                errors.for_each(|f| self.error(path, f));
                None
            }
        }
    }

    fn folds(&mut self) {
        for (path, bytes) in self.sources {
            let Some(stem) = stem(path, FOLDS, ".lua") else { continue };
            let ns = stem.parse::<Ns>();
            let Some(text) = self.text(path, bytes) else { continue };
            if let Err(e) = &ns {
                self.error(path, fault(1, e.to_string()));
            }
            match lua::compile(text) {
                Ok(program) => {
                    self.built.files.insert(format!("folds/{stem}.lua"), bytes.clone());
                    self.built.files.insert(format!("folds/{stem}.elc"), program.elc().to_vec());
                }
                Err(found) => {
                    for f in found.iter().filter(|f| f.severity == Severity::Error) {
                        let sentence = format!("{}: {}", f.code, f.sentence);
                        self.error(path, Fault { col: f.col, ..fault(f.line, sentence) });
                    }
                }
            }
        }
    }

    fn schemas(&mut self) {
        for (path, bytes) in self.sources {
            let Some(stem) = stem(path, SCHEMAS, ".json") else { continue };
            let read = stem.parse::<EventType>().map_err(|e| e.to_string()).and_then(|_| Schema::parse(bytes));
            match read {
                Ok(_) => drop(self.built.files.insert(format!("schema/{stem}.json"), bytes.clone())),
                Err(why) => self.error(path, fault(1, why)),
            }
        }
    }

    fn governance(&mut self) {
        let Some(bytes) = self.sources.get(GOVERNANCE_YAML) else { return };
        let Some(text) = self.text(GOVERNANCE_YAML, bytes) else { return };
        match Governance::from_yaml(text) {
            Ok(governance) => {
                self.built.files.insert("governance.yaml".into(), bytes.clone());
                self.built.files.insert(GOVERNANCE.into(), governance.encode());
            }
            Err((line, col, why)) => self.error(GOVERNANCE_YAML, Fault { col, ..fault(line, why) }),
        }
    }

    fn profile(&mut self) {
        let Some(bytes) = self.sources.get(PROFILE_YAML) else { return };
        match Profile::from_source(bytes) {
            // A bundle without a profile says the same.
            Ok((_, Profile::Local)) => {}
            Ok((_, profile)) => {
                self.built.profile = profile;
                self.built.files.insert("profile.yaml".into(), bytes.clone());
                self.built.files.insert(PROFILE.into(), profile.encode());
            }
            Err((line, col, why)) => self.error(PROFILE_YAML, Fault { col, ..fault(line, why) }),
        }
    }
}

/// How `Policy-Code-Root` covers one compiled file alone.
pub fn code_root_of(file: &RuleFile) -> Sha256 {
    let files = BTreeMap::from([(file.elc.clone(), file.compiled.program.elc().to_vec())]);
    super::bundle::code_root(&files)
}
