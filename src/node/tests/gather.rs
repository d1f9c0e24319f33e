use super::*;
use crate::node::gather::{Closed, Gather};

/// Gives what was written down, then nothing, for ever.
struct Script<'a> {
    ambient: &'a Ambient,
    /// How many events come at each call.
    gives: Vec<usize>,
    pauses: bool,
    asked: Vec<Duration>,
}

impl<'a> Script<'a> {
    fn new(ambient: &'a Ambient, gives: &[usize], pauses: bool) -> Script<'a> {
        Script { ambient, gives: gives.iter().rev().copied().collect(), pauses, asked: Vec::new() }
    }
}

impl Feed for Script<'_> {
    type Error = NodeError;

    fn next(&mut self, patience: Duration) -> Result<Given, NodeError> {
        self.asked.push(patience);
        let event = || BatchEvent { draft: draft(self.ambient, "add", "1"), named: false };
        Ok(match self.gives.pop() {
            Some(count) => Given::Events((0..count).map(|_| event()).collect()),
            None if self.pauses || self.asked.len() < 100 => {
                std::thread::sleep(patience);
                Given::Nothing
            }
            None => Given::End,
        })
    }

    fn pauses(&self) -> bool {
        self.pauses
    }
}

fn surroundings() -> Ambient {
    ambient(Path::new("/"), Path::new("/"), "gather")
}

#[test]
fn a_batch_is_cut_at_its_number() {
    let ambient = surroundings();
    let mut script = Script::new(&ambient, &[8000, 400, 8192], false);
    let mut gather = Gather::new(&mut script);
    let mut next = || gather.batch(&Cancel::default()).map(|(batch, closed)| (batch.len(), closed)).unwrap();
    assert_eq!([next(), next()], [(8192, Closed::Full), (8192, Closed::Full)]);
    assert_eq!(next(), (208, Closed::End));
}

#[test]
fn what_pauses_is_not_waited_for_and_what_does_not_is() {
    let ambient = surroundings();
    let mut script = Script::new(&ambient, &[2, 1], true);
    let (batch, closed) = Gather::new(&mut script).batch(&Cancel::default()).unwrap();
    assert_eq!((batch.len(), closed), (3, Closed::Paused));
    let mut script = Script::new(&ambient, &[2, 1], false);
    let (batch, closed) = Gather::new(&mut script).batch(&Cancel::default()).unwrap();
    assert_eq!((batch.len(), closed, script.asked.len()), (3, Closed::End, 100));
}

#[test]
fn who_is_asked_to_stop_takes_what_is_there() {
    let ambient = surroundings();
    let mut script = Script::new(&ambient, &[2, 1], true);
    let cancel = Cancel::default();
    cancel.ask();
    let (batch, closed) = Gather::new(&mut script).batch(&cancel).unwrap();
    assert_eq!((batch.len(), closed), (3, Closed::Cancelled));
    assert_eq!(script.asked, [Duration::ZERO; 3]);
}
