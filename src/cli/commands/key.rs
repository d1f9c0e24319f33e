use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::git::Reader;
use crate::id::PublicKey;
use crate::trust::KeyDir;
use crate::view::{PlacedKey, ShownKey};
use std::path::PathBuf;

/// Your signing keys: Ed25519, in OpenSSH files under $XDG_CONFIG_HOME/gatos/keys
#[derive(clap::Args)]
pub struct Key {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(clap::Subcommand)]
enum Verb {
    /// List your keys: the public key, how it is kept, its file
    Show,
    /// Make a new key
    New,
    Export(Export),
    Import(Import),
}

/// Copy a key file out, to a new file that only you may read; encrypted where it is encrypted here
///
/// Example: git gatos key export backup.key
#[derive(clap::Args)]
struct Export {
    /// The file to write; it must not exist
    file: PathBuf,
    /// Which key, where there are several
    #[arg(long)]
    key: Option<PublicKey>,
}

/// Copy an OpenSSH key file in, or a .pub file whose secret an ssh-agent holds
///
/// Example: git gatos key import ~/.ssh/id_ed25519
#[derive(clap::Args)]
struct Import {
    file: PathBuf,
}

impl Key {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let keys = KeyDir::of(context.ambient())?;
        match self.verb {
            Verb::Show => show(&keys, context),
            Verb::New => {
                let key = *keys.create()?.public();
                let held = keys.list()?.into_iter().find(|info| info.key == key);
                Ok(Answer::yes(PlacedKey { key, path: held.map(|info| info.path) }))
            }
            Verb::Export(order) => {
                let key = order.key.map_or_else(|| the_only(&keys), Ok)?;
                let path = context.path(&order.file);
                keys.export(&key, &path)?;
                Ok(Answer::yes(PlacedKey { key, path: Some(path) }))
            }
            Verb::Import(order) => {
                let info = keys.import(&context.path(&order.file))?;
                Ok(Answer::yes(PlacedKey { key: info.key, path: Some(info.path) }))
            }
        }
    }
}

fn show(keys: &KeyDir, context: &mut Context) -> Result<Answer, CliError> {
    // Outside a repository no key signs here.
    let reader = Reader::discover(context.ambient()).ok();
    let set = |name| reader.as_ref().and_then(|reader| reader.config_text(name).ok().flatten());
    let (here, file) = (set("gatos.key"), set("gatos.keyfile"));
    let list = keys.list()?;
    if list.is_empty() {
        let next = match (&here, file) {
            (_, Some(file)) => format!("this clone signs with {file}"),
            // `init` makes none in the place of one that may only be away.
            (Some(key), None) => {
                format!("{key}, with which this clone signs, is gone: git gatos key new, then git gatos init")
            }
            (None, None) => "git gatos init makes one".to_owned(),
        };
        context.note(format_args!("no keys in {}; {next}", keys.path().display()));
    }
    for info in list {
        let here = here.as_deref() == Some(info.key.to_string().as_str());
        context.show(&ShownKey { info, here })?;
    }
    Ok(Answer::done())
}

fn the_only(keys: &KeyDir) -> Result<PublicKey, CliError> {
    match &keys.list()?[..] {
        [only] => Ok(only.key),
        [] => Err(CliError::failed("NO_KEY", format!("there is no key in {}", keys.path().display()))),
        several => Err(CliError::usage(format!("there are {} keys: name one with --key", several.len()))
            .hint("git gatos key show lists them")),
    }
}
