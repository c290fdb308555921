//! The files that Git tracks.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::source::ROOT;

/// Reads every tracked text file, as its path within the repository and its content.
pub(super) fn read_texts() -> Vec<(String, String)> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(ROOT).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let files = String::from_utf8(output.stdout).unwrap();
    // A file that was removed stays tracked until the next commit.
    let texts: Vec<_> = files
        .split_terminator('\0')
        .filter_map(|file| Some((file.to_owned(), fs::read_to_string(Path::new(ROOT).join(file)).ok()?)))
        .collect();
    assert!(texts.len() > 100, "only {} tracked text files", texts.len());
    texts
}
