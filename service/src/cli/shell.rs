//! Commands that work as printed, when somebody copies them into a POSIX shell.

use std::env;
use std::ffi::OsStr;

/// Returns this program, as it was called.
pub(super) fn program() -> String {
    env::args_os().next().map_or_else(|| "daypass".into(), quote)
}

/// Returns a word as a shell reads it.
pub(super) fn quote(word: impl AsRef<OsStr>) -> String {
    let word = word.as_ref().to_string_lossy();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '/' | '.' | '_' | '-' | ':' | '@' | '%' | '+');
    if !word.is_empty() && word.chars().all(is_plain) {
        word.into_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shell_reads_a_quoted_word_as_it_was() {
        for word in ["daypass.db", "/var/lib/day pass/$HOME.db", "it's", "", "*", "a\nb", "~/x", "ä"] {
            let echo = std::process::Command::new("sh").args(["-c", &format!("printf %s {}", quote(word))]).output();
            assert_eq!(String::from_utf8(echo.expect("sh runs").stdout).as_deref(), Ok(word));
        }
        assert_eq!(quote("daypass.db"), "daypass.db");
    }
}
