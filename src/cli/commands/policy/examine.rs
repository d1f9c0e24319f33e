use super::{compiled, sources};
use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::id::Actor;
use crate::policy::{Bundle, Groups, TEMPLATES, build, cases};
use crate::trust::Graph;
use crate::view::{Explained, JudgedCases, PolicyFaults, WrittenPolicy};
use anyhow::Context as _;
use clap::builder::PossibleValuesParser;
use std::io::Write as _;
use std::path::PathBuf;

/// Write the files of a policy to begin with; no file is overwritten
///
/// Example: git gatos policy init --template regulated
#[derive(clap::Args)]
pub struct Init {
    /// Which one
    #[arg(long, value_parser = PossibleValuesParser::new(TEMPLATES.map(|t| t.name)), default_value = "minimal")]
    template: String,
}

impl Init {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let node = context.node()?;
        let dir = node.store().work_dir().ok_or_else(|| CliError::usage("this repository has no work tree"))?;
        let template = TEMPLATES.iter().find(|t| t.name == self.template);
        let (mut written, mut kept) = (Vec::new(), Vec::new());
        for (path, text) in template.map(|t| t.files).unwrap_or_default() {
            let place = dir.join(path);
            let doing = || format!("writing {}", place.display());
            std::fs::create_dir_all(place.parent().unwrap_or(dir)).with_context(doing)?;
            let made = std::fs::OpenOptions::new().write(true).create_new(true).open(&place);
            match made {
                Ok(mut file) => {
                    file.write_all(text.as_bytes()).with_context(doing)?;
                    written.push((*path).to_owned());
                }
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => kept.push((*path).to_owned()),
                Err(e) => Err(e).with_context(doing)?,
            }
        }
        Ok(Answer::yes(WrittenPolicy { written, kept }))
    }
}

/// Report everything that is wrong with the sources of a policy, as file:line:col: rule: sentence
///
/// Rules, functions, decisions with rules in them, folds, schemas and governance.yaml; of a group, whether the trust graph that is
/// here has it. Exit 1 where something is an error.
#[derive(clap::Args)]
pub struct Lint {
    /// A directory with gatos/ in it, or laid out as gatos/ itself; the work tree where none is named
    #[arg(value_name = "DIR")]
    from: Option<PathBuf>,
}

impl Lint {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let (rules, faults) = match build(&sources(context, self.from.as_ref())?) {
            Ok(mut built) => {
                // Sources that lie elsewhere may be for another repository.
                let node = self.from.is_none().then(|| context.node()).transpose()?;
                let groups = node.as_ref().map(|node| able(node.graph()));
                let doubts = built.doubts(groups.as_ref());
                built.warnings.extend(doubts);
                (built.rules, built.warnings)
            }
            Err(faults) => (0, faults),
        };
        let found = PolicyFaults { rules, faults };
        Ok(Answer::verdict(found.errors() == 0, found))
    }
}

/// Of each group, how many members have a key that stands.
fn able(graph: &Graph) -> Groups<'_> {
    let signs = |actor: &&Actor| graph.keys_of(actor).iter().any(|key| graph.stands(actor, key));
    let groups = graph.current().groups.iter();
    groups.map(|(name, members)| (name.as_str(), members.iter().filter(signs).count())).collect()
}

/// Hold a policy against tables of cases: who × what → verdict and rule
///
/// Without FILE the tables are gatos/policies/*.cases.yaml. Nothing is written. Exit 1 where a case fails.
#[derive(clap::Args)]
pub struct Test {
    /// Tables of cases in YAML
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,
    /// Sources elsewhere than in the work tree
    #[arg(long, value_name = "DIR")]
    from: Option<PathBuf>,
}

impl Test {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let built = match compiled(context, &sources(context, self.from.as_ref())?) {
            Ok(built) => built,
            Err(answer) => return Ok(answer),
        };
        let bundle = Bundle::candidate(built.files)?;
        let files = if self.files.is_empty() { tables(context, self.from.as_ref())? } else { self.files };
        if files.is_empty() {
            let hint = "write gatos/policies/NAME.cases.yaml, or name a table";
            return Err(CliError::usage("there are no cases").hint(hint));
        }
        let mut judged = Vec::new();
        for file in &files {
            let name = file.display().to_string();
            let text =
                String::from_utf8(context.read(file)?).map_err(|_| CliError::usage(format!("{name} is not UTF-8")))?;
            let table = cases::read(&text);
            let table = table.map_err(|(line, col, why)| CliError::usage(format!("{name}:{line}:{col}: {why}")))?;
            judged.extend(cases::run(&bundle, &table)?.into_iter().map(|case| (name.clone(), case)));
        }
        let judged = JudgedCases(judged);
        Ok(Answer::verdict(judged.failed() == 0, judged))
    }
}

/// The tables beside the rules.
fn tables(context: &Context, from: Option<&PathBuf>) -> Result<Vec<PathBuf>, CliError> {
    let dir = match from {
        Some(dir) => context.path(dir),
        None => context.node()?.store().work_dir().map(PathBuf::from).unwrap_or_default(),
    };
    let place = [dir.join("gatos/policies"), dir.join("policies")].into_iter().find(|p| p.is_dir());
    let Some(place) = place else { return Ok(Vec::new()) };
    let doing = || format!("reading {}", place.display());
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&place).with_context(doing)? {
        let path = entry.with_context(doing)?.path();
        found.extend(path.to_str().is_some_and(|p| p.ends_with(".cases.yaml")).then_some(path));
    }
    found.sort();
    Ok(found)
}

/// Say why something was denied: the rule, the facts it read, what would have allowed it
///
/// From the record alone. A denial prints where it is logged.
///
/// Example: git gatos explain 5f2c1a
#[derive(clap::Args)]
pub struct Explain {
    /// The first digits of the record: a commit of the audit
    #[arg(value_name = "ID")]
    id: String,
}

impl Explain {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let node = context.node()?;
        let recorded = node.decision(&self.id)?;
        let bundle = node.bundle_of(&recorded);
        let signer = recorded.signers.iter().find_map(|key| node.graph().current().holder(key)).cloned();
        Ok(Answer::yes(Explained { recorded, bundle, signer }))
    }
}
