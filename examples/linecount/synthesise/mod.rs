//! A history full of oddities, for `git fast-import`; the same for the same number of commits.
//!
//! Its main line has so many commits: files and links and submodules with names of every kind come, change, move, change
//! their type and go; some commits change nothing, some a thousand files; side branches, some with a root of their own,
//! are merged.

mod chance;
mod content;
mod tree;

use crate::name;
use chance::Chance;
use std::collections::BTreeSet;
use std::io::{self, Write};
use std::rc::Rc;
use tree::{Mode, Node, Tree};

/// Every so many commits a thousand files come and go again.
const BULK_EVERY: u32 = 250;
const BULK_FILES: usize = 1500;
const MAIN: &str = "refs/heads/main";
const SIDE: &str = "refs/heads/side";

/// Writes the stream of a history whose main line has so many commits.
pub fn write(commits: u32, out: &mut impl Write) -> io::Result<()> {
    let mut stream = Stream { out, chance: Chance::new(1), marks: 0, time: 0, tip: None, done: 0 };
    let mut tree = Tree::default();
    while stream.done < commits {
        // A merge takes up to three commits of the main line, and must not pass over those that have their place.
        let free = (80..BULK_EVERY - 4).contains(&(stream.done % BULK_EVERY)) && commits - stream.done > 3;
        if free && stream.chance.percent(8) {
            stream.merge(&mut tree)?;
        } else {
            stream.work(&mut tree)?;
        }
    }
    // The reader of the stream can tell the end from a break.
    writeln!(stream.out, "done")
}

type Mark = u32;

struct Stream<'w, W> {
    out: &'w mut W,
    chance: Chance,
    marks: Mark,
    /// Seconds since 1970 of the last commit.
    time: i64,
    tip: Option<Mark>,
    /// Commits of the main line.
    done: u32,
}

impl<W: Write> Stream<'_, W> {
    /// A commit of the main line.
    fn work(&mut self, tree: &mut Tree) -> io::Result<()> {
        let bulk = format!("bulk/{}", self.done / BULK_EVERY);
        match self.done % BULK_EVERY {
            50 => self.fill(tree, &bulk),
            75 => tree.remove_below(bulk.as_bytes()),
            _ => self.change(tree),
        }
        self.advance(tree, None)
    }

    fn advance(&mut self, tree: &mut Tree, merged: Option<Mark>) -> io::Result<()> {
        self.tip = Some(self.commit(MAIN, self.tip, merged, tree)?);
        self.done += 1;
        Ok(())
    }

    /// A side branch of one to three commits, work on the main line meanwhile, and a merge.
    fn merge(&mut self, tree: &mut Tree) -> io::Result<()> {
        let alone = self.chance.percent(10);
        let mut side = if alone { Tree::default() } else { tree.clone() };
        let mut from = if alone { None } else { self.tip };
        if alone {
            // A branch that is new here has no parent.
            writeln!(self.out, "reset {SIDE}\n")?;
        }
        let mut touched = BTreeSet::new();
        for _ in 0..=self.chance.below(3) {
            self.change(&mut side);
            touched.extend(side.touched().cloned());
            from = Some(self.commit(SIDE, from, None, &mut side)?);
        }
        for _ in 0..self.chance.below(3) {
            self.work(tree)?;
        }
        // Some merges take nothing, some add to what they take.
        if !self.chance.percent(15) {
            take(tree, &side, &touched);
        }
        if self.chance.percent(10) {
            self.change(tree);
        }
        self.advance(tree, from)
    }

    /// Up to four changes; none once in a while.
    fn change(&mut self, tree: &mut Tree) {
        if self.chance.percent(4) {
            return;
        }
        for _ in 0..=self.chance.below(4) {
            match (self.chance.below(100), tree.pick(&mut self.chance)) {
                (0..35, _) | (_, None) => self.add(tree),
                (35..45, Some(path)) => tree.remove(&path),
                (45..55, Some(path)) => self.rename(tree, &path),
                (55..85, Some(path)) => self.edit(tree, &path),
                (85..90, Some(path)) => self.flip(tree, &path),
                (90..98, Some(path)) => self.retype(tree, &path),
                // A file becomes a folder.
                (_, Some(path)) => tree.put(&[&path, b"/below".as_slice()].concat(), self.file()),
            }
        }
    }

    fn file(&mut self) -> Node {
        let mode = if self.chance.percent(10) { Mode::Program } else { Mode::File };
        let binary = self.chance.percent(15);
        Node::new(mode, if binary { content::binary(&mut self.chance) } else { content::text(&mut self.chance) })
    }

    fn add(&mut self, tree: &mut Tree) {
        let path = content::path(&mut self.chance);
        let node = if self.chance.percent(10) { self.no_file() } else { self.file() };
        tree.put(&path, node);
    }

    fn rename(&mut self, tree: &mut Tree, path: &[u8]) {
        let node = tree.get(path).cloned().expect("it was picked from the tree");
        tree.remove(path);
        tree.put(&content::path(&mut self.chance), node);
    }

    /// Another content of the same kind, or of the other one.
    fn edit(&mut self, tree: &mut Tree, path: &[u8]) {
        let node = tree.get(path).expect("it was picked from the tree");
        let binary = node.is_binary() != self.chance.percent(15);
        let new = match node.mode {
            Mode::Link => b"elsewhere".to_vec(),
            Mode::Submodule => self.module(),
            _ if binary => content::binary(&mut self.chance),
            _ => content::edited(&mut self.chance, &node.content),
        };
        tree.put(path, Node::new(node.mode, new));
    }

    /// The mode alone, or the mode with the content.
    fn flip(&mut self, tree: &mut Tree, path: &[u8]) {
        let node = tree.get(path).cloned().expect("it was picked from the tree");
        let mode = match node.mode {
            Mode::File => Mode::Program,
            Mode::Program => Mode::File,
            other => other,
        };
        tree.put(path, Node { mode, ..node });
        if self.chance.percent(30) {
            self.edit(tree, path);
        }
    }

    /// A file becomes a link or a submodule, and these become files.
    fn retype(&mut self, tree: &mut Tree, path: &[u8]) {
        let node = tree.get(path).expect("it was picked from the tree");
        let node = match node.mode {
            Mode::File | Mode::Program => self.no_file(),
            Mode::Link | Mode::Submodule if self.chance.percent(50) => {
                Node::new(Mode::File, content::binary(&mut self.chance))
            }
            Mode::Link | Mode::Submodule => self.file(),
        };
        tree.put(path, node);
    }

    fn no_file(&mut self) -> Node {
        if self.chance.percent(50) {
            Node::new(Mode::Link, b"some/where".to_vec())
        } else {
            Node::new(Mode::Submodule, self.module())
        }
    }

    fn module(&mut self) -> Vec<u8> {
        format!("{:040x}", self.chance.below(usize::MAX)).into_bytes()
    }

    /// More files than one payload can name.
    fn fill(&mut self, tree: &mut Tree, folder: &str) {
        for n in 0..BULK_FILES {
            let path = format!("{folder}/{}/{n:060}", n % 7);
            tree.put(path.as_bytes(), Node::new(Mode::File, format!("{n}\n").into_bytes()));
        }
    }

    fn commit(&mut self, name: &str, from: Option<Mark>, merged: Option<Mark>, tree: &mut Tree) -> io::Result<Mark> {
        self.marks += 1;
        let (author, encoding) = content::author(&mut self.chance);
        let zone = self.chance.of(&["+0000", "-0730", "+1400"]);
        writeln!(self.out, "commit {name}\nmark :{}", self.marks)?;
        for role in ["author ", "committer "] {
            self.out.write_all(&[role.as_bytes(), author].concat())?;
            writeln!(self.out, " {} {zone}", self.time)?;
        }
        if let Some(encoding) = encoding {
            writeln!(self.out, "encoding {encoding}")?;
        }
        self.data(b"message\n\nwith a body\n")?;
        for (word, mark) in [("from", from), ("merge", merged)] {
            if let Some(mark) = mark {
                writeln!(self.out, "{word} :{mark}")?;
            }
        }
        self.changes(tree)?;
        self.tick();
        Ok(self.marks)
    }

    fn changes(&mut self, tree: &mut Tree) -> io::Result<()> {
        let touched = tree.take_touched();
        for path in touched.iter().filter(|path| tree.get(path).is_none()) {
            writeln!(self.out, "D {}", name::quote(path))?;
        }
        for (path, node) in touched.iter().filter_map(|path| Some((path, tree.get(path)?))) {
            let (mode, path) = (node.mode.octal(), name::quote(path));
            if node.mode == Mode::Submodule {
                writeln!(self.out, "M {mode} {} {path}", String::from_utf8_lossy(&node.content))?;
            } else {
                writeln!(self.out, "M {mode} inline {path}")?;
                self.data(&node.content)?;
            }
        }
        writeln!(self.out)
    }

    fn data(&mut self, bytes: &[u8]) -> io::Result<()> {
        writeln!(self.out, "data {}", bytes.len())?;
        self.out.write_all(bytes)?;
        writeln!(self.out)
    }

    /// Time goes on, stands, and sometimes goes back; the first commit is of 1970.
    fn tick(&mut self) {
        let step = match self.chance.below(10) {
            0 => 0,
            1 => -(self.chance.below(5000) as i64),
            _ => self.chance.below(5000) as i64,
        };
        self.time = (self.time + step).max(1_600_000_000);
    }
}

/// Brings what a side branch touched into another tree.
fn take(tree: &mut Tree, side: &Tree, touched: &BTreeSet<Rc<[u8]>>) {
    for path in touched {
        match side.get(path) {
            Some(node) => tree.put(path, node.clone()),
            None => tree.remove(path),
        }
    }
}
