//! What is visible at a point of the source: locals, functions, blocks with their labels and waiting jumps.

use super::error::Pos;
use super::tree::Id;
use std::collections::{HashMap, HashSet};

/// Most locals that one function has at a time.
pub const LOCALS_MAX: usize = 150;

#[derive(Debug, Clone, Copy)]
pub struct Local {
    pub id: Id,
    pub constant: bool,
    /// Declared outside all functions.
    pub top: bool,
}

/// A jump whose label has not been met.
pub struct Jump {
    pub number: u32,
    pub at: Pos,
    /// How many locals were active where the jump leaves the block at hand.
    pub locals: usize,
}

#[derive(Default)]
struct Block {
    locals: usize,
    labels: HashSet<String>,
    jumps: HashMap<String, Vec<Jump>>,
}

#[derive(Default)]
struct Frame {
    locals: usize,
    loops: u32,
    varargs: bool,
    blocks: Vec<Block>,
}

pub struct Scope {
    locals: Vec<(String, Local)>,
    /// Indexes into `locals`, innermost last.
    by_name: HashMap<String, Vec<usize>>,
    frames: Vec<Frame>,
    /// The names of all locals by id, for messages.
    pub names: Vec<String>,
}

impl Scope {
    /// The scope of a whole chunk.
    pub fn new() -> Scope {
        Scope { locals: Vec::new(), by_name: HashMap::new(), frames: vec![Frame::default()], names: Vec::new() }
    }

    fn frame(&mut self) -> &mut Frame {
        self.frames.last_mut().expect("the chunk is a frame that is never left")
    }

    fn block(&mut self) -> &mut Block {
        self.frame().blocks.last_mut().expect("statements stand in blocks")
    }

    /// Is this point outside all functions?
    pub fn at_top(&self) -> bool {
        self.frames.len() == 1
    }

    /// Declares a local and says whether the function has room for it.
    pub fn declare(&mut self, name: String, constant: bool) -> (Id, bool) {
        let id = Id::try_from(self.names.len()).expect("a source of 1 MiB declares fewer");
        let local = Local { id, constant, top: self.at_top() };
        self.names.push(name.clone());
        self.by_name.entry(name.clone()).or_default().push(self.locals.len());
        self.locals.push((name, local));
        let own = self.locals.len() - self.frame().locals;
        (id, own <= LOCALS_MAX)
    }

    pub fn find(&self, name: &str) -> Option<Local> {
        let index = self.by_name.get(name)?.last()?;
        Some(self.locals[*index].1)
    }

    /// The local with this id, if it is still active.
    pub fn local(&self, id: Id) -> Option<Local> {
        self.find(&self.names[id as usize]).filter(|l| l.id == id)
    }

    pub fn mark(&self) -> usize {
        self.locals.len()
    }

    /// Ends all locals declared since the mark.
    pub fn release(&mut self, mark: usize) {
        for (name, _) in self.locals.drain(mark..) {
            self.by_name.get_mut(&name).expect("every local is listed").pop();
        }
    }

    pub fn open_function(&mut self) {
        let locals = self.mark();
        self.frames.push(Frame { locals, ..Frame::default() });
    }

    pub fn close_function(&mut self) {
        let mark = self.frame().locals;
        self.frames.pop();
        self.release(mark);
    }

    pub fn set_varargs(&mut self) {
        self.frame().varargs = true;
    }

    pub fn has_varargs(&self) -> bool {
        self.frames.last().is_some_and(|f| f.varargs)
    }

    pub fn open_loop(&mut self) {
        self.frame().loops += 1;
    }

    pub fn close_loop(&mut self) {
        self.frame().loops -= 1;
    }

    pub fn in_loop(&self) -> bool {
        self.frames.last().is_some_and(|f| f.loops > 0)
    }

    pub fn open_block(&mut self) {
        let locals = self.mark();
        self.frame().blocks.push(Block { locals, ..Block::default() });
    }

    /// Ends a block. Its jumps wait on in the block around it; those that leave the function are returned with their labels.
    pub fn close_block(&mut self) -> Vec<(String, Jump)> {
        let closed = self.frame().blocks.pop().expect("blocks close once");
        self.release(closed.locals);
        let mut homeless = Vec::new();
        for (label, jumps) in closed.jumps {
            for mut jump in jumps {
                jump.locals = jump.locals.min(closed.locals);
                match self.frame().blocks.last_mut() {
                    Some(outer) => outer.jumps.entry(label.clone()).or_default().push(jump),
                    None => homeless.push((label.clone(), jump)),
                }
            }
        }
        homeless.sort_by_key(|(_, jump)| jump.number);
        homeless
    }

    /// Is a label of this name already visible here?
    pub fn has_label(&self, name: &str) -> bool {
        self.frames.last().is_some_and(|f| f.blocks.iter().any(|b| b.labels.contains(name)))
    }

    pub fn jump(&mut self, label: String, number: u32, at: Pos) {
        let locals = self.mark();
        self.block().jumps.entry(label).or_default().push(Jump { number, at, locals });
    }

    /// Sets a label and returns the jumps that it ends, in the order of the source.
    pub fn label(&mut self, name: &str) -> Vec<Jump> {
        let block = self.block();
        block.labels.insert(name.to_owned());
        let mut jumps = block.jumps.remove(name).unwrap_or_default();
        jumps.sort_by_key(|j| j.number);
        jumps
    }
}
