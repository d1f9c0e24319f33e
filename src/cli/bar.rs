use crate::ambient::Progress;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::sync::Mutex;
use std::time::{Duration, Instant};

/// Work that ends sooner shows no bar.
const PATIENCE: Duration = Duration::from_millis(300);

/// A bar with rate and remaining time on the terminal.
#[derive(Default)]
pub struct Bar(Mutex<Option<Stretch>>);

/// One stretch of work.
struct Stretch {
    what: String,
    total: Option<u64>,
    done: u64,
    since: Instant,
    bar: Option<ProgressBar>,
}

impl Stretch {
    fn draw(&mut self) {
        if self.bar.is_none() && self.since.elapsed() >= PATIENCE {
            let bar = ProgressBar::with_draw_target(self.total, ProgressDrawTarget::stderr());
            let template = match self.total {
                Some(_) => "{msg} {wide_bar} {human_pos}/{human_len} {per_sec} {eta} left",
                None => "{msg} {spinner} {human_pos} {per_sec} {elapsed}",
            };
            bar.set_style(ProgressStyle::with_template(template).expect("the template names known fields"));
            self.bar = Some(bar.with_message(self.what.clone()).with_elapsed(self.since.elapsed()));
        }
        if let Some(bar) = &self.bar {
            bar.set_position(self.done);
        }
    }
}

impl Bar {
    fn with(&self, change: impl FnOnce(&mut Option<Stretch>)) {
        // A bar is no reason to fail.
        if let Ok(mut stretch) = self.0.lock() {
            change(&mut stretch);
        }
    }
}

impl Progress for Bar {
    fn begin(&self, what: &str, total: Option<u64>) {
        self.end();
        let stretch = Stretch { what: what.to_owned(), total, done: 0, since: Instant::now(), bar: None };
        self.with(|held| *held = Some(stretch));
    }

    fn advance(&self, units: u64) {
        self.with(|held| {
            if let Some(stretch) = held {
                stretch.done += units;
                stretch.draw();
            }
        });
    }

    fn end(&self) {
        self.with(|held| {
            if let Some(bar) = held.take().and_then(|stretch| stretch.bar) {
                bar.finish_and_clear();
            }
        });
    }
}

impl Drop for Bar {
    fn drop(&mut self) {
        self.end();
    }
}
