//! Texts use the field's words: phrases that readers had to translate stay out, and so do the hosts of registries.

use super::files::read_texts;

/// Phrases that no text holds, in lower case. They are also sought in the names of functions, where `_` is a space.
const BANNED: &[&str] = &[
    "whoever",
    "anew",
    "mend",
    "mends",
    "mended",
    "mending",
    "is none",
    "what is no",
    "what is not",
    "to be had",
    "lest",
    "of whom",
    "stranger",
    "strangers",
    "genuine",
    // Their names are Threekit, Crafter Profile, Kudo, Speckle and Space API.
    "seed 000",
    "seed 001",
    "seed 002",
    "seed 003",
    "seed 004",
    // From the sentences that showed what to avoid.
    "stood still meanwhile",
    "come and wait to be heard",
    "has another key is",
    "whom nothing is told",
    "who hang up would",
    "keep the keys from everybody",
    "requests are answered 503 until it is",
    "which is the most",
    "or not for all that is asked",
    "for want of",
    "once is for ever",
    "has not been heard for",
    "everything is (503)",
    "browsers since spring",
    "for each request anew",
    "has the token of that moment",
    "signing key whenever",
    "the newest is so old",
];

/// The hosts of registries, each in two parts, so that this file names none.
const HOSTS: &[(&str, &str)] =
    &[("crates", ".io"), ("npmjs", ".org"), ("npmjs", ".com"), ("pypi", ".org"), ("pythonhosted", ".org")];

/// Files whose words are not ours, or are this list.
fn is_left_out(file: &str) -> bool {
    let name = file.rsplit('/').next().unwrap_or(file);
    name.ends_with(".lock")
        || name == "package-lock.json"
        || name.starts_with("LICENSE")
        || file.starts_with("catalogs/data/")
        || file == "tests/house/texts.rs"
}

/// A text in lower case as one line, without the marks of comments, so that a phrase is found across a line break.
struct Prose {
    text: String,
    /// The byte at which each line begins.
    starts: Vec<usize>,
}

impl Prose {
    fn new(text: &str) -> Self {
        let mut prose = Self { text: " ".into(), starts: Vec::new() };
        for line in text.lines() {
            prose.starts.push(prose.text.len());
            let line = line.trim_start().trim_start_matches(['/', '!', '*', '#', '>', '|', '-']);
            for word in line.to_lowercase().split_whitespace() {
                let is_function = prose.text.ends_with(" fn ");
                prose.text.push_str(&if is_function { word.replace('_', " ") } else { word.to_owned() });
                prose.text.push(' ');
            }
        }
        prose
    }

    /// Lists the lines on which a phrase begins. It begins and ends with whole words.
    fn find(&self, phrase: &str) -> Vec<usize> {
        let is_apart = |c: Option<char>| c.is_none_or(|c| !c.is_alphanumeric());
        let is_whole = |at: usize| {
            is_apart(self.text[..at].chars().next_back()) && is_apart(self.text[at + phrase.len()..].chars().next())
        };
        let found = self.text.match_indices(phrase).filter(|(at, _)| is_whole(*at));
        found.map(|(at, _)| self.starts.partition_point(|start| *start <= at)).collect()
    }
}

#[test]
fn no_text_holds_a_phrase_that_readers_must_translate() {
    let mut found = Vec::new();
    for (file, text) in read_texts().into_iter().filter(|(file, _)| !is_left_out(file)) {
        let prose = Prose::new(&text);
        for phrase in BANNED {
            found.extend(prose.find(phrase).into_iter().map(|line| format!("{file}:{line}: {phrase}")));
        }
    }
    assert!(found.is_empty(), "{} phrases:\n{}", found.len(), found.join("\n"));
}

#[test]
fn no_text_names_the_host_of_a_registry() {
    let mut found = Vec::new();
    for (file, text) in read_texts().into_iter().filter(|(file, _)| !is_left_out(file)) {
        for (line, text) in (1..).zip(text.lines()) {
            let hosts = HOSTS.iter().map(|(name, end)| format!("{name}{end}"));
            found.extend(hosts.filter(|host| text.contains(host)).map(|host| format!("{file}:{line}: {host}")));
        }
    }
    assert!(found.is_empty(), "{} names:\n{}", found.len(), found.join("\n"));
}

#[test]
fn no_file_has_the_marks_of_a_merge() {
    let is_mark = |line: &str| line.starts_with("<<<<<<< ") || line.starts_with(">>>>>>> ");
    let marks = |(file, text): &(String, String)| text.lines().any(is_mark).then(|| file.clone());
    let found: Vec<_> = read_texts().iter().filter_map(marks).collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_phrase_is_found_across_lines_and_names_and_only_as_whole_words() {
    let prose =
        Prose::new("/// It is\n//! none of them.\nfn what_is_no_token() {}\nRecommended (Mend): amend, x.is_none().");
    assert_eq!(prose.find("is none"), [1]);
    assert_eq!(prose.find("what is no"), [3]);
    assert_eq!(prose.find("mend"), [4]);
    assert_eq!(prose.find("anew"), [0; 0]);
}
