//! The size of files and the length of lines.

use super::files::read_texts;

/// The most lines of a source file that gives no reason for more.
const MOST_LINES: usize = 400;
/// The line that gives one, at the top of a file.
const REASON: &str = "//! Long because ";
/// The most characters of a line of documentation.
const MOST_CHARACTERS: usize = 120;

#[test]
fn a_source_file_has_one_job_and_no_more_than_400_lines() {
    let is_source = |file: &str| {
        file.ends_with(".rs") && ["src/", "service/src/", "xtask/src/"].iter().any(|folder| file.starts_with(folder))
    };
    let has_reason = |text: &str| text.lines().take(10).any(|line| line.starts_with(REASON));
    let sources = read_texts().into_iter().filter(|(file, _)| is_source(file));
    let long = sources.filter(|(_, text)| text.lines().count() > MOST_LINES && !has_reason(text));
    let long: Vec<_> = long.map(|(file, text)| format!("{file}: {} lines", text.lines().count())).collect();
    assert!(long.is_empty(), "split these, or begin a line at the top with `{REASON}`:\n{}", long.join("\n"));
}

#[test]
fn a_line_of_documentation_fits_a_window() {
    let mut long = Vec::new();
    for (file, text) in read_texts().into_iter().filter(|(file, _)| file.ends_with(".md")) {
        for (line, text) in (1..).zip(text.lines()) {
            let characters = text.chars().count();
            if characters > MOST_CHARACTERS {
                long.push(format!("{file}:{line}: {characters} characters"));
            }
        }
    }
    assert!(long.is_empty(), "{} lines over {MOST_CHARACTERS} characters:\n{}", long.len(), long.join("\n"));
}
