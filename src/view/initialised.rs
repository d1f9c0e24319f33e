use super::{Page, View};
use crate::canon::Value;
use crate::node::InitReport;
use std::io::{self, Write as _};

/// What `init` did.
pub struct Initialised(pub InitReport);

/// What somebody types next.
const NEXT: [&str; 3] = ["git gatos emit add '{\"n\": 10}'", "git gatos state show", "git gatos verify"];

impl Initialised {
    /// The line for a root to run, where the key does not stand for its actor yet.
    fn introduction(&self) -> String {
        format!("git gatos trust add-key {} {}", self.0.actor, self.0.key)
    }
}

impl View for Initialised {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let Initialised(r) = self;
        let how = match (r.unchanged, r.adopted) {
            (true, _) => " (was ready)",
            (false, true) => " (adopted)",
            (false, false) => "",
        };
        writeln!(page, "repository {}{how}", r.repo)?;
        writeln!(page, "actor      {}", r.actor)?;
        writeln!(page, "key        {}", r.key)?;
        if !r.files.is_empty() {
            writeln!(page, "wrote      {}", r.files.join(", "))?;
        }
        writeln!(page)?;
        if !r.known {
            writeln!(page, "The trust graph does not know this key yet. Somebody who is a root in it runs:")?;
            return writeln!(page, "  {}", self.introduction());
        }
        writeln!(page, "Next:")?;
        NEXT.iter().try_for_each(|command| writeln!(page, "  {command}"))
    }

    fn json(&self) -> Value {
        let Initialised(r) = self;
        let next = if r.known { NEXT.map(str::to_owned).to_vec() } else { vec![self.introduction()] };
        Value::map([
            ("repo", Value::text(r.repo)),
            ("actor", r.actor.as_str().into()),
            ("key", Value::text(r.key)),
            ("key_known", r.known.into()),
            ("adopted", r.adopted.into()),
            ("unchanged", r.unchanged.into()),
            ("bare", r.bare.into()),
            ("files", Value::list(r.files.iter().map(String::as_str))),
            ("next", Value::list(next)),
        ])
    }
}
