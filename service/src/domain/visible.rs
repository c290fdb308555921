//! Texts without hidden characters: [`escape`].

use std::fmt::Write;

/// Returns whether a character is hidden, or changes how others are shown: control characters, separators of lines, and those
/// that turn the direction of text or have no width.
fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// Returns a text in which hidden characters have the form `\u202e`, as in JSON.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if is_hidden(c) {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(escaped, "\\u{unit:04x}");
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_shown_and_the_rest_stays() {
        for (text, shown) in [
            ("Zürich 東京 👩", "Zürich 東京 👩"),
            ("a\u{202e}b", "a\\u202eb"),
            ("a\nb\u{1b}[2J", "a\\u000ab\\u001b[2J"),
            ("\u{2028}\u{85}\u{feff}", "\\u2028\\u0085\\ufeff"),
            ("\u{e0041}", "\\udb40\\udc41"),
        ] {
            assert_eq!(escape(text), shown);
        }
    }
}
