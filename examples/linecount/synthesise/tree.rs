//! The files of a branch, and what a commit changes about them.

use super::chance::Chance;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::rc::Rc;

#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    File,
    Program,
    Link,
    Submodule,
}

impl Mode {
    pub fn octal(self) -> &'static str {
        match self {
            Mode::File => "100644",
            Mode::Program => "100755",
            Mode::Link => "120000",
            Mode::Submodule => "160000",
        }
    }
}

#[derive(Clone)]
pub struct Node {
    pub mode: Mode,
    /// What a file or link holds; the id of a submodule's commit.
    pub content: Rc<[u8]>,
}

impl Node {
    pub fn new(mode: Mode, content: Vec<u8>) -> Node {
        Node { mode, content: content.into() }
    }

    pub fn is_binary(&self) -> bool {
        self.content.iter().take(8000).any(|byte| *byte == 0)
    }
}

#[derive(Clone, Default)]
pub struct Tree {
    nodes: BTreeMap<Rc<[u8]>, Node>,
    /// Paths that differ from the commit before.
    touched: BTreeSet<Rc<[u8]>>,
}

impl Tree {
    pub fn get(&self, path: &[u8]) -> Option<&Node> {
        self.nodes.get(path)
    }

    /// Puts something at a path; what stands in its way, above or below, goes.
    pub fn put(&mut self, path: &[u8], node: Node) {
        let above = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| &path[..at]);
        for folder in above {
            self.remove(folder);
        }
        self.remove_below(path);
        let path: Rc<[u8]> = path.into();
        self.touched.insert(path.clone());
        self.nodes.insert(path, node);
    }

    pub fn remove(&mut self, path: &[u8]) {
        if let Some((path, _)) = self.nodes.remove_entry(path) {
            self.touched.insert(path);
        }
    }

    pub fn remove_below(&mut self, folder: &[u8]) {
        let prefix: Rc<[u8]> = [folder, b"/"].concat().into();
        let range = self.nodes.range::<Rc<[u8]>, _>((Bound::Included(&prefix), Bound::Unbounded));
        let below: Vec<Rc<[u8]>> = range.map(|(p, _)| p.clone()).take_while(|p| p.starts_with(&prefix)).collect();
        for path in below {
            self.remove(&path);
        }
    }

    /// Some path that is there.
    pub fn pick(&self, chance: &mut Chance) -> Option<Rc<[u8]>> {
        let near = super::content::path(chance);
        let from = self.nodes.range::<[u8], _>((Bound::Included(near.as_slice()), Bound::Unbounded));
        from.map(|(path, _)| path).chain(self.nodes.keys()).next().cloned()
    }

    pub fn touched(&self) -> impl Iterator<Item = &Rc<[u8]>> {
        self.touched.iter()
    }

    /// What was touched since the last time that this was asked.
    pub fn take_touched(&mut self) -> BTreeSet<Rc<[u8]>> {
        std::mem::take(&mut self.touched)
    }
}
