use crate::canon::{Map, Value, json};
use crate::cli::answer::Answer;
use crate::cli::context::Context;
use crate::cli::error::CliError;
use crate::id::{EventType, Ns, Ulid};
use crate::ledger::Draft;
use crate::node::Outcome;
use crate::view::{Denial, Receipt};

/// Say something: sign one event, or many from a file, and append it
///
/// The policy judges first; a denial is recorded and exits with 1. Prints sequence number, CID and commit.
///
/// Examples:
///   git gatos emit add '{"n": 10}'
///   git gatos emit photo @meta.json --ns album
#[derive(clap::Args)]
#[command(verbatim_doc_comment)]
pub struct Emit {
    /// The type of the event: lower-case letters, digits and . _ -
    #[arg(id = "TYPE", required_unless_present = "type", conflicts_with = "type")]
    positional_type: Option<EventType>,
    /// Its payload in JSON; `@FILE` reads a file, `-` standard input; {} where none is given
    #[arg(id = "PAYLOAD", allow_negative_numbers = true, conflicts_with = "payload")]
    positional_payload: Option<String>,
    /// The type, spelled as an option
    #[arg(id = "type", long = "type", value_name = "TYPE")]
    ty: Option<EventType>,
    /// The payload, spelled as an option
    #[arg(long, value_name = "PAYLOAD", allow_negative_numbers = true)]
    payload: Option<String>,
    /// The namespace to speak in
    #[arg(long, default_value = "main")]
    ns: Ns,
    /// A ULID of your own: emitting the same again gives the old receipt
    #[arg(long)]
    ulid: Option<Ulid>,
}

impl Emit {
    pub fn run(self, context: &mut Context) -> Result<Answer, CliError> {
        let ty = self.positional_type.or(self.ty).expect("clap asks for one of the two");
        let payload = match self.positional_payload.or(self.payload) {
            Some(text) => read_payload(context, &text)?,
            None => Value::Map(Map::new()),
        };
        let ulid = self.ulid.unwrap_or_else(|| context.ambient().ulid());
        let draft = Draft::new(ty, payload, ulid, None)?;
        let node = context.node()?;
        let outcome = node.emit(&self.ns, &draft, self.ulid.is_some())?;
        context.tell(&node);
        Ok(match outcome {
            Outcome::Stored(emitted) => Answer::yes(Receipt(emitted)),
            Outcome::Denied { decision, audit } => Answer::no(Denial { decision, audit }),
        })
    }
}

fn read_payload(context: &Context, text: &str) -> Result<Value, CliError> {
    let bytes = context.argument(text)?;
    json::parse(&bytes).map_err(|e| {
        let (line, column) = e.position(&bytes);
        let place = match text.strip_prefix('@') {
            Some(file) => format!("{file}:{line}:{column}"),
            None => format!("the payload, line {line}, column {column}"),
        };
        let e = CliError { reason: format!("{place}: {}", e.why), ..CliError::from(e) };
        e.hint("a payload is JSON, such as '{\"n\": 10}'")
    })
}
