use super::{Ink, Page, View, notation};
use crate::canon::Value;
use crate::node::LogEntry;
use crate::state::Reverted;
use std::io::{self, Write as _};

/// One event of a log; with `reverted` one whose step erred.
pub struct LoggedEvent {
    pub entry: LogEntry,
    pub reverted: Option<Reverted>,
}

impl View for LoggedEvent {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        let LogEntry { writer, event, .. } = &self.entry;
        let h = &event.header;
        let (cid, time) = (page.ink(Ink::Name, event.cid), page.ink(Ink::Faint, h.ts));
        let payload = notation::line(event.payload());
        writeln!(page, "{time} {cid} {}#{} {} {payload}", writer.actor(), h.seq, event.ty())?;
        match &self.reverted {
            Some(r) => {
                let class = page.ink(Ink::Bad, &r.class);
                writeln!(page, "  reverted ({class}): {}", notation::plain(&r.message))
            }
            None => Ok(()),
        }
    }

    /// The envelope as it was signed, and where it stands.
    fn json(&self) -> Value {
        let mut map = self.entry.event.envelope.clone();
        map.insert("cid", Value::text(self.entry.event.cid));
        map.insert("commit", Value::text(self.entry.commit));
        map.insert("writer", self.entry.writer.as_str());
        if let Some(r) = &self.reverted {
            let reverted = [("class", r.class.as_str().into()), ("message", r.message.as_str().into())];
            map.insert("reverted", Value::map(reverted));
        }
        Value::Map(map)
    }
}
