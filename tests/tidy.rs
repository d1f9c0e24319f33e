//! The rules of the house as a test: floors and imports, one room an outside crate, names, headers, words that do not
//! stay, the one file that knows the ref layout. `fires.rs` shows each rule finding what it is for.

mod files;
mod fires;
mod imports;
mod lex;
mod table;
mod words;

use lex::Token;
use std::fmt;
use std::path::Path;
use table::Table;

/// A file of the project, with `/` in its path whatever the platform.
struct File {
    path: String,
    text: String,
    tokens: Vec<Token>,
}

impl File {
    fn new(path: &str, text: &str) -> File {
        let tokens = if path.ends_with(".rs") { lex::tokens(text) } else { Vec::new() };
        File { path: path.to_owned(), text: text.to_owned(), tokens }
    }

    fn is_rust(&self) -> bool {
        self.path.ends_with(".rs")
    }

    /// The room that a source file stands in: `git` for `src/git/chain.rs`, none for `src/lib.rs`.
    fn room(&self) -> Option<&str> {
        self.path.strip_prefix("src/")?.split_once('/').map(|(room, _)| room)
    }

    /// Whether the file holds tests alone.
    fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.starts_with("src/") && self.path.contains("/tests/")
    }

    /// Whether the file is part of the product.
    fn is_product(&self) -> bool {
        self.is_rust() && self.path.starts_with("src/") && !self.is_test()
    }

    fn find(&self, line: usize, sentence: impl Into<String>) -> Finding {
        Finding { path: self.path.clone(), line, sentence: sentence.into() }
    }
}

/// One breach; line 0 speaks of the whole file.
struct Finding {
    path: String,
    line: usize,
    sentence: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(f, "{}: {}", self.path, self.sentence),
            line => write!(f, "{}:{line}: {}", self.path, self.sentence),
        }
    }
}

/// All findings in a set of files.
fn inspect(files: &[File]) -> Vec<Finding> {
    let lib = files.iter().find(|f| f.path == "src/lib.rs").expect("the set holds src/lib.rs");
    let table = Table::read(lib);
    let mut found = table.faults(lib);
    found.extend(imports::dependencies(files));
    found.extend(files::unreachable(files, &["src/lib.rs", "src/main.rs"], "src/"));
    found.extend(files::unreachable(files, &["tests/main.rs"], "tests/"));
    found.extend(words::scattered_unsafe(files));
    for file in files {
        found.extend(files::machine_paths(file));
        if file.is_rust() {
            found.extend(imports::rooms(file, &table));
            found.extend(imports::crates(file));
            found.extend(files::length(file));
            found.extend(files::names(file));
            found.extend(files::header(file, &table));
            found.extend(words::leftovers(file));
            found.extend(words::unwraps(file));
            found.extend(words::ref_names(file));
        }
    }
    found
}

/// Every file of the project that is text, but for what is built or drawn by a fuzzer.
fn project() -> Vec<File> {
    fn walk(root: &Path, below: &str, files: &mut Vec<File>) {
        let dir = std::fs::read_dir(root.join(below)).expect("a directory of the project can be read");
        for entry in dir {
            let entry = entry.expect("an entry can be read");
            let name = entry.file_name().into_string().expect("names of the project are UTF-8");
            let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
            if ["target", ".git", "corpus", "artifacts", "proptest-regressions"].contains(&name.as_str()) {
                continue;
            }
            if entry.file_type().expect("an entry has a type").is_dir() {
                walk(root, &path, files);
            } else if let Ok(text) = std::fs::read_to_string(entry.path()) {
                files.push(File::new(&path, &text));
            }
        }
    }
    let mut files = Vec::new();
    walk(Path::new(env!("CARGO_MANIFEST_DIR")), "", &mut files);
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

#[test]
fn the_house_is_in_order() {
    let found: Vec<String> = inspect(&project()).iter().map(ToString::to_string).collect();
    assert!(found.is_empty(), "{} breaches of the rules of the house\n{}", found.len(), found.join("\n"));
}
