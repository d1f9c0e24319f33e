use super::{Denial, Ink, Page, Receipt, View, count};
use crate::canon::{Map, Value};
use crate::node::Batch;
use std::io::{self, Write as _};

/// What a run over many lines stored.
pub struct BatchReceipt {
    pub batch: Batch,
    /// Lines that were passed over on request before the first.
    pub skipped: u64,
}

impl BatchReceipt {
    /// How far the file is stored: `--skip` goes on behind it.
    fn lines(&self) -> u64 {
        self.skipped + self.batch.lines
    }
}

impl View for BatchReceipt {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        match self.lines() {
            0 => write!(page, "stored nothing")?,
            n => write!(page, "stored lines 1..{n}")?,
        }
        if self.batch.repeated > 0 {
            write!(page, " ({} of them before)", self.batch.repeated)?;
        }
        match &self.batch.last {
            Some(last) => {
                let commit = page.ink(Ink::Name, last.commit);
                writeln!(page, ", the last: {} {} {commit}", last.seq, last.cid)
            }
            None => writeln!(page),
        }
    }

    fn json(&self) -> Value {
        let mut map = Map::new();
        map.insert("lines", count(self.lines()));
        map.insert("repeated", count(self.batch.repeated));
        if let Some(last) = &self.batch.last {
            map.insert("last", Receipt(last.clone()).json());
        }
        Value::Map(map)
    }
}

/// A run that ended at a denial.
pub struct BatchDenial {
    pub denial: Denial,
    /// The line that was denied.
    pub place: String,
    /// How far the file is stored.
    pub stored: u64,
}

impl View for BatchDenial {
    fn text(&self, page: &mut Page<'_>) -> io::Result<()> {
        write!(page, "{}: ", self.place)?;
        self.denial.text(page)?;
        match self.stored {
            0 => writeln!(page, "  stored  nothing"),
            n => writeln!(page, "  stored  lines 1..{n}"),
        }
    }

    fn json(&self) -> Value {
        let Value::Map(mut map) = self.denial.json() else { unreachable!("a denial is an object") };
        map.insert("place", self.place.as_str());
        map.insert("stored", count(self.stored));
        Value::Map(map)
    }

    fn is_complaint(&self) -> bool {
        true
    }
}
