use super::lint::findings;
use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::lua::compile;
use crate::view::{Compiled, Linted};
use anyhow::Context as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};

/// Compile a Lua file to ELC and print its fold_root
///
/// Comments, layout and names of locals do not change the fold_root; what can change behaviour does.
///
/// Example: git gatos foldc gatos/fold.lua -o fold.elc
#[derive(clap::Args)]
pub struct Foldc {
    /// The Lua source; `-` is standard input
    #[arg(value_name = "SRC")]
    source: PathBuf,
    /// Where to write the compiled form; without it only the fold_root is printed
    #[arg(short, long, value_name = "FILE")]
    out: Option<PathBuf>,
}

impl Foldc {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let bytes = context.read(&self.source)?;
        let name = self.source.display().to_string();
        let program = match std::str::from_utf8(&bytes).ok().map(compile) {
            Some(Ok(program)) => program,
            _ => return Ok(Answer::no(Linted { files: vec![(name, findings(&bytes))] })),
        };
        for finding in findings(&bytes) {
            context.warn(format_args!("{name}:{finding}"));
        }
        if let Some(out) = &self.out {
            write(&context.path(out), program.elc())?;
        }
        let out = self.out.map(|path| path.display().to_string());
        Ok(Answer::yes(Compiled { fold_root: program.root(), size: program.elc().len() as u64, out }))
    }
}

/// Replaces a file whole, so that nobody reads half a program.
pub(super) fn write(path: &Path, bytes: &[u8]) -> Result<(), CliError> {
    let writing = || format!("writing {}", path.display());
    let dir = path.parent().unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        builder.permissions(std::fs::Permissions::from_mode(0o644));
    }
    let mut temp = builder.prefix(".gatos-").tempfile_in(dir).with_context(writing)?;
    temp.write_all(bytes).with_context(writing)?;
    temp.persist(path).map_err(|e| e.error).with_context(writing)?;
    Ok(())
}
