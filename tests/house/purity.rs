//! The vocabulary and the session engines are pure: a caller gives them time and random bytes.

use super::source::Source;

/// The modules that belong to one target, and may know it; the root chooses between them.
const IMPURE: [&str; 3] = ["", "browser", "verify"];

#[test]
fn the_vocabulary_knows_no_target_no_clock_and_no_randomness() {
    let sources = Source::read_all("src").into_iter().filter(|source| !IMPURE.contains(&source.top()));
    let mut violations = Vec::new();
    for source in sources {
        let words = ["target_arch", "SystemTime", "Instant", "rand", "getrandom"];
        let words = words.into_iter().filter_map(|word| Some((word, source.find_word(word)?)));
        let paths = source.code.find("std::time").map(|at| ("std::time", source.line(at)));
        violations.extend(words.chain(paths).map(|(what, line)| format!("{}:{line}: {what}", source.file.display())));
    }
    assert!(violations.is_empty(), "{}", violations.join("\n"));
}
