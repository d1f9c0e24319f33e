use super::error::CliError;
use super::output::{Output, has_colour, say};
use crate::ambient::Ambient;
use crate::node::Node;
use crate::view::View;
use anyhow::Context as _;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

/// What a verb works with: the surroundings, the repository, the page.
pub struct Context {
    ambient: Ambient,
    output: Output,
}

impl Context {
    pub fn new(ambient: Ambient, json: bool) -> Context {
        let output = Output::new(json, has_colour(ambient.env()));
        Context { ambient, output }
    }

    pub fn ambient(&self) -> &Ambient {
        &self.ambient
    }

    /// Where answers go.
    pub fn output(&mut self) -> &mut Output {
        &mut self.output
    }

    /// The repository around the working directory. What opening it noticed is said at once.
    pub fn node(&self) -> Result<Node, CliError> {
        let node = Node::open(&self.ambient)?;
        self.tell(&node);
        Ok(node)
    }

    /// Says what the repository noticed since.
    pub fn tell(&self, node: &Node) {
        node.take_notices().into_iter().for_each(|notice| self.note(notice));
    }

    /// Prints a value before the verb has ended. False where nobody reads any more.
    pub fn show(&mut self, view: &dyn View) -> Result<bool, CliError> {
        self.output.show(view)
    }

    /// Lets the reader have what was shown so far.
    pub fn flush(&mut self) -> Result<bool, CliError> {
        self.output.flush()
    }

    /// Talk: something worth knowing that is no part of the answer.
    pub fn note(&self, text: impl std::fmt::Display) {
        say(format_args!("note: {text}"));
    }

    /// Talk: something that the caller should mend.
    pub fn warn(&self, text: impl std::fmt::Display) {
        say(format_args!("warning: {text}"));
    }

    /// A path as the caller means it.
    pub fn path(&self, path: &Path) -> PathBuf {
        self.ambient.env().cwd().join(path)
    }

    /// The bytes of a file that the caller named, or of standard input for `-`.
    pub fn read(&self, path: &Path) -> Result<Vec<u8>, CliError> {
        if path == Path::new("-") {
            let mut bytes = Vec::new();
            let read = io::stdin().lock().read_to_end(&mut bytes);
            read.context("reading standard input")?;
            return Ok(bytes);
        }
        let path = self.path(path);
        Ok(std::fs::read(&path).with_context(|| format!("reading {}", path.display()))?)
    }

    /// An argument that is text itself, `@FILE` or `-`.
    pub fn argument(&self, text: &str) -> Result<Vec<u8>, CliError> {
        match text.strip_prefix('@') {
            Some(file) => self.read(Path::new(file)),
            None if text == "-" => self.read(Path::new("-")),
            None => Ok(text.as_bytes().to_vec()),
        }
    }
}
