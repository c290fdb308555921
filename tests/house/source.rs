//! Rust files of the repository as the other tests read them.

use std::fs;
use std::path::{Path, PathBuf};

/// The repository's folder.
pub(super) const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// A Rust file without its comments, strings and unit tests.
pub(super) struct Source {
    /// The path within the repository.
    pub(super) file: PathBuf,
    /// The path of its module: `["verify", "cache"]` for `src/verify/cache/mod.rs`.
    pub(super) module: Vec<String>,
    /// The code, with spaces in the place of what was left out, so that lines keep their numbers.
    pub(super) code: String,
}

/// A path in the code that begins with `crate` or `super`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Import {
    pub(super) line: usize,
    /// The path from the crate's root: `["error", "Error"]`.
    pub(super) path: Vec<String>,
}

impl Source {
    /// Reads every Rust file below a folder of the repository.
    pub(super) fn read_all(folder: &str) -> Vec<Source> {
        let root = Path::new(ROOT).join(folder);
        let mut folders = vec![root.clone()];
        let mut sources = Vec::new();
        while let Some(next) = folders.pop() {
            for entry in fs::read_dir(&next).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|extension| extension == "rs") {
                    let module = module_of(path.strip_prefix(&root).unwrap());
                    let code = code_of(&fs::read_to_string(&path).unwrap());
                    sources.push(Source { file: path.strip_prefix(ROOT).unwrap().to_owned(), module, code });
                }
            }
        }
        assert!(!sources.is_empty(), "no Rust file in {folder}");
        sources.sort_by(|a, b| a.file.cmp(&b.file));
        sources
    }

    /// The first part of the module's path; empty for `main.rs` and `lib.rs`.
    pub(super) fn top(&self) -> &str {
        self.module.first().map_or("", String::as_str)
    }

    /// Lists what the file names of its own crate, in `use` lines and elsewhere.
    pub(super) fn imports(&self) -> Vec<Import> {
        let mut imports = Vec::new();
        for (start, word) in words(&self.code) {
            let rest = &self.code[start + word.len()..];
            let before = self.code[..start].trim_end();
            if !rest.trim_start().starts_with("::") || before.ends_with("::") || before.ends_with('$') {
                continue;
            }
            let base = match word {
                "crate" => Vec::new(),
                "super" => self.module[..self.module.len().saturating_sub(1)].to_vec(),
                _ => continue,
            };
            let line = self.line(start);
            let mut paths = Vec::new();
            read_tree(rest, base, &mut paths);
            imports.extend(paths.into_iter().map(|path| Import { line, path }));
        }
        imports
    }

    /// Returns the line on which a word stands, if it does.
    pub(super) fn find_word(&self, wanted: &str) -> Option<usize> {
        words(&self.code).find(|(_, word)| *word == wanted).map(|(start, _)| self.line(start))
    }

    /// Returns the line of a byte of the code.
    pub(super) fn line(&self, at: usize) -> usize {
        self.code[..at].matches('\n').count() + 1
    }
}

/// Reads a tree of paths, such as `::{scope::{Scope, ScopeSet}, Grant}`; returns the text after it.
fn read_tree<'a>(text: &'a str, mut path: Vec<String>, paths: &mut Vec<Vec<String>>) -> &'a str {
    let mut text = text.trim_start();
    while let Some(rest) = text.strip_prefix("::") {
        text = rest.trim_start();
        if let Some(mut rest) = text.strip_prefix('{') {
            loop {
                rest = rest.trim_start().trim_start_matches(',').trim_start();
                if let Some(rest) = rest.strip_prefix('}') {
                    return rest;
                }
                let (name, after) = split_word(rest);
                assert!(!name.is_empty(), "a list of imports that this test does not read: {rest:.60}");
                let path = [path.clone(), vec![name.to_owned()]].concat();
                // `name as other` imports `name`.
                let after = read_tree(after, path, paths).trim_start();
                rest = after.strip_prefix("as ").map_or(after, |after| split_word(after.trim_start()).1);
            }
        }
        let (name, rest) = split_word(text);
        match name {
            "super" => path.truncate(path.len().saturating_sub(1)),
            "" => break,
            name => path.push(name.to_owned()),
        }
        text = rest.trim_start();
    }
    paths.push(path);
    text
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Splits a text after its first word, or after a `*`.
fn split_word(text: &str) -> (&str, &str) {
    let end = if text.starts_with('*') { 1 } else { text.find(|c| !is_word(c)).unwrap_or(text.len()) };
    text.split_at(end)
}

/// Lists the words of a text with the byte at which each begins.
fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let starts = text.char_indices().scan(false, |was_word, (at, c)| {
        let is_start = is_word(c) && !*was_word;
        *was_word = is_word(c);
        Some((at, is_start))
    });
    starts.filter(|(_, is_start)| *is_start).map(|(at, _)| (at, split_word(&text[at..]).0))
}

/// Returns the path of the module in a file, whose path is that below the crate's `src`.
fn module_of(file: &Path) -> Vec<String> {
    let mut module: Vec<_> = file.with_extension("").iter().map(|part| part.to_str().unwrap().to_owned()).collect();
    let is_root = module.len() == 1 && matches!(module[0].as_str(), "lib" | "main");
    if is_root || module.last().is_some_and(|name| name == "mod") {
        module.pop();
    }
    module
}

/// Replaces comments and strings by spaces, and leaves out the unit tests at the end.
fn code_of(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut code = String::with_capacity(text.len());
    let mut at = 0;
    while at < chars.len() {
        let length = comment(&chars[at..]).or_else(|| string(&chars[at..], code.chars().last()));
        let skipped = length.unwrap_or(0);
        code.extend(chars[at..at + skipped].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
        at += skipped;
        if skipped == 0 {
            code.push(chars[at]);
            at += 1;
        }
    }
    let end = code.find("\n#[cfg(test)]\nmod ").unwrap_or(code.len());
    code.truncate(end);
    code
}

/// Returns the length of the comment that begins here.
fn comment(text: &[char]) -> Option<usize> {
    match text {
        ['/', '/', ..] => Some(text.iter().position(|c| *c == '\n').unwrap_or(text.len())),
        ['/', '*', ..] => {
            let end = text.windows(2).skip(2).position(|pair| pair == ['*', '/']);
            Some(end.map_or(text.len(), |end| end + 4))
        }
        _ => None,
    }
}

/// Returns the length of the string or the character that begins here.
fn string(text: &[char], before: Option<char>) -> Option<usize> {
    let closing = |text: &[char], quote: char| {
        let mut is_escaped = false;
        let end = text.iter().position(|c| {
            let is_end = *c == quote && !is_escaped;
            is_escaped = *c == '\\' && !is_escaped;
            is_end
        });
        end.map_or(text.len(), |end| end + 1)
    };
    match text {
        ['r', '"' | '#', ..] if !before.is_some_and(is_word) || before == Some('b') => {
            let hashes = text[1..].iter().take_while(|c| **c == '#').count();
            if text.get(1 + hashes) != Some(&'"') {
                return None;
            }
            let end: Vec<char> = std::iter::once('"').chain(std::iter::repeat_n('#', hashes)).collect();
            let start = hashes + 2;
            let length = text[start..].windows(end.len()).position(|part| part == end);
            Some(length.map_or(text.len(), |length| start + length + end.len()))
        }
        ['"', rest @ ..] => Some(1 + closing(rest, '"')),
        // Not a lifetime.
        ['\'', '\\', rest @ ..] => Some(2 + 1 + closing(&rest[1..], '\'')),
        ['\'', _, '\'', ..] => Some(3),
        _ => None,
    }
}

#[test]
fn imports_are_read_from_code_and_from_nothing_else() {
    let text = r##"//! Like crate::comment.
use std::crate_of::x;
use crate::{Scope, scope::{set::ScopeSet, self as s}, grant::*};
pub(crate) use super::{kind, cache}; use super::super::up::Up as Other;
/* crate::block */ const A: &str = "crate::string \" crate::more";
const B: &str = r#"crate::raw " "#; const C: char = '"'; fn f<'a>(x: &'a str) -> crate::error::Error<'a> { '\'' }
fn g() { $crate::of_a_macro!(); b"\\"; super::access::check::<u8>(); }

#[cfg(test)]
mod tests { use crate::test; }
"##;
    let module = ["verify", "cache"].map(str::to_owned).to_vec();
    let source = Source { file: "x.rs".into(), module, code: code_of(text) };
    let imports: Vec<_> = source.imports().into_iter().map(|import| (import.line, import.path.join("::"))).collect();
    let expected = [
        (3, "Scope"),
        (3, "scope::set::ScopeSet"),
        (3, "scope::self"),
        (3, "grant::*"),
        (4, "verify::kind"),
        (4, "verify::cache"),
        (4, "up::Up"),
        (6, "error::Error"),
        (7, "verify::access::check"),
    ];
    assert_eq!(imports, expected.map(|(line, path)| (line, path.to_owned())));
}

#[test]
fn a_file_has_the_module_that_rust_gives_it() {
    let cases = [("lib.rs", ""), ("main.rs", ""), ("grant.rs", "grant"), ("a/mod.rs", "a"), ("a/lib.rs", "a::lib")];
    for (file, expected) in cases {
        assert_eq!(module_of(Path::new(file)).join("::"), expected, "{file}");
    }
}
