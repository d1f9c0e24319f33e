use std::time::{Duration, Instant};

/// One comparison.
struct Row {
    what: String,
    peer: String,
    ours: Duration,
    theirs: Duration,
    must: f64,
}

/// The rows as they are measured.
pub struct Table {
    wanted: Vec<String>,
    rows: Vec<Row>,
    notes: Vec<String>,
}

impl Table {
    pub fn new(wanted: Vec<String>) -> Table {
        Table { wanted, rows: Vec::new(), notes: Vec::new() }
    }

    pub fn wants(&self, what: &str) -> bool {
        self.wanted.is_empty() || self.wanted.iter().any(|w| what.contains(w.as_str()))
    }

    /// Whether any of the rows is wanted, so that what they share must be prepared.
    pub fn wants_any(&self, rows: &[&str]) -> bool {
        rows.iter().any(|row| self.wants(row))
    }

    /// Measures both in turns, `rounds` times after one round to warm up, and keeps the medians. `must` is the largest
    /// ratio of ours to theirs that is promised.
    pub fn compare(
        &mut self,
        what: &str,
        peer: &str,
        must: f64,
        rounds: usize,
        ours: &mut dyn FnMut() -> Duration,
        theirs: &mut dyn FnMut() -> Duration,
    ) {
        if !self.wants(what) {
            return;
        }
        eprintln!("measuring: {what}");
        ours();
        theirs();
        let (mut a, mut b) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            a.push(ours());
            b.push(theirs());
        }
        let row = Row { what: what.into(), peer: peer.into(), ours: median(a), theirs: median(b), must };
        eprintln!("  {}", line(&row));
        self.rows.push(row);
    }

    pub fn note(&mut self, text: String) {
        eprintln!("  {text}");
        self.notes.push(text);
    }

    pub fn print(&self) {
        println!("| what | ours | peer | peer's time | ratio | promised |\n|---|---|---|---|---|---|");
        for row in &self.rows {
            println!("{}", line(row));
        }
        for note in &self.notes {
            println!("\n{note}");
        }
    }
}

fn line(row: &Row) -> String {
    let ratio = row.ours.as_secs_f64() / row.theirs.as_secs_f64();
    let ms = |d: Duration| format!("{:.2} ms", d.as_secs_f64() * 1e3);
    format!(
        "| {} | {} | {} | {} | {ratio:.2} × | {:.2} × |",
        row.what,
        ms(row.ours),
        row.peer,
        ms(row.theirs),
        row.must
    )
}

fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times[times.len() / 2]
}

/// How long something took.
pub fn time(work: impl FnOnce()) -> Duration {
    let begin = Instant::now();
    work();
    begin.elapsed()
}
