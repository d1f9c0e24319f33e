use super::foldc::write;
use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::policy::{POLICIES, Sources, build_rules, code_root_of, rgs::closed};
use crate::view::{CompiledRules, PolicyFaults};
use std::path::PathBuf;

/// Compile a file of rules and print its policy_code_root
///
/// The compiled form is ELC. The functions of the .lua files beside the source are compiled in. A Markdown decision
/// compiles as the rules in its block. The policy_code_root is that of a bundle with this one file of rules.
///
/// Example: git gatos policyc gatos/policies/finance.rgs -o finance.rgc
#[derive(clap::Args)]
pub struct Policyc {
    /// The source: .rgs, or .md with a block of rules in it; `-` is standard input
    #[arg(value_name = "SRC")]
    source: PathBuf,
    /// Where to write the compiled form; without it only the policy_code_root is printed
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Policyc {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let shown = self.source.display().to_string();
        let name = match self.source.file_name().and_then(|n| n.to_str()) {
            Some(name) if name != "-" => name.to_owned(),
            _ => "policy.rgs".to_owned(),
        };
        let mut sources = self.functions(context)?;
        let path = format!("{POLICIES}{name}");
        sources.insert(path.clone(), context.read(&self.source)?);
        let file = match build_rules(&path, &sources) {
            Ok(file) => file,
            Err(mut faults) => {
                faults.iter_mut().filter(|(p, _)| *p == path).for_each(|(p, _)| p.clone_from(&shown));
                return Ok(Answer::no(PolicyFaults { rules: 0, faults }));
            }
        };
        for warning in closed(&file.compiled.rules) {
            context.warn(format_args!("{shown}:{warning}"));
        }
        let elc = file.compiled.program.elc();
        if let Some(out) = &self.out {
            write(&context.path(out), elc)?;
        }
        let (code_root, rules, size) = (code_root_of(&file), file.compiled.rules.len(), elc.len() as u64);
        Ok(Answer::yes(CompiledRules { code_root, rules, size, out: self.out.map(|path| path.display().to_string()) }))
    }

    /// The `.lua` files beside the source.
    fn functions(&self, context: &Context) -> Result<Sources, CliError> {
        let mut sources = Sources::new();
        let source = context.path(&self.source);
        let Some(dir) = source.parent().filter(|_| self.source.as_os_str() != "-") else { return Ok(sources) };
        for entry in std::fs::read_dir(dir).into_iter().flatten().flatten() {
            let name = entry.file_name();
            if let Some(name) = name.to_str().filter(|name| name.ends_with(".lua")) {
                sources.insert(format!("{POLICIES}{name}"), context.read(&entry.path())?);
            }
        }
        Ok(sources)
    }
}
