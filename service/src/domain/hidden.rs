//! Characters that people do not see, or that change how a text around them is read: refused in names that come in, and
//! escaped where a stored name is shown.
//!
//! They are control characters, line separators, and what Unicode calls default ignorable: bidirectional controls,
//! tags, spaces without a width and fillers. An emoji and a word of many scripts may have joiners and variants
//! inside, which are left alone there.

use std::borrow::Cow;
use std::fmt::Write;

use daypass::Error;
use icu_properties::CodePointSetData;
use icu_properties::props::DefaultIgnorableCodePoint;

/// Requires that a text, the value of this field, has no hidden character.
///
/// # Errors
/// [`Error::InvalidRequest`], which says which character it has, and where.
pub(crate) fn refuse_in(field: &str, text: &str) -> Result<(), Error> {
    match find(text) {
        None => Ok(()),
        Some((place, c)) => Err(Error::InvalidRequest(format!(
            "The {field} has the character U+{:04X} at position {place}, which people do not see: leave it out.",
            u32::from(c)
        ))),
    }
}

/// Returns the first hidden character of a text, and its position, from 1 on.
pub(crate) fn find(text: &str) -> Option<(usize, char)> {
    // Almost every text, such as each line of the access log, has no other characters.
    if text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    marked(text).zip(1..).find_map(|((c, is_hidden), place)| is_hidden.then_some((place, c)))
}

/// Returns a text as people may see it: with an escape such as `\u{202e}` in the place of each hidden character.
pub(crate) fn show(text: &str) -> Cow<'_, str> {
    replace(text, |shown, c| write!(shown, "{}", c.escape_unicode()))
}

/// Like [`show`], but lines stay lines.
pub(crate) fn show_lines(text: &str) -> String {
    text.split('\n').map(show).collect::<Vec<_>>().join("\n")
}

/// Returns JSON that means the same, in which no hidden character stands as itself.
pub(crate) fn show_json(json: &str) -> Cow<'_, str> {
    replace(json, |shown, c| c.encode_utf16(&mut [0; 2]).iter().try_for_each(|unit| write!(shown, "\\u{unit:04x}")))
}

fn replace(text: &str, escape: impl Fn(&mut String, char) -> std::fmt::Result) -> Cow<'_, str> {
    if find(text).is_none() {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for (c, is_hidden) in marked(text) {
        if is_hidden {
            escape(&mut shown, c).expect("a string takes everything");
        } else {
            shown.push(c);
        }
    }
    Cow::Owned(shown)
}

/// Returns each character, and whether it is hidden.
fn marked(text: &str) -> impl Iterator<Item = (char, bool)> {
    let mut before = None;
    let mut chars = text.chars().peekable();
    std::iter::from_fn(move || {
        let c = chars.next()?;
        let is_hidden = is_hidden(before, c, chars.peek().copied());
        before = (!is_hidden).then_some(c);
        Some((c, is_hidden))
    })
}

fn is_hidden(before: Option<char>, c: char, next: Option<char>) -> bool {
    match c {
        // The number on a key, as an emoji.
        '\u{fe0f}' if next == Some('\u{20e3}') => !before.is_some_and(|c| matches!(c, '0'..='9' | '#' | '*')),
        // Joiners and variation selectors.
        '\u{200c}' | '\u{200d}' | '\u{180b}'..='\u{180d}' | '\u{180f}' | '\u{fe00}'..='\u{fe0f}' => {
            before.is_none_or(|before| before.is_ascii() || matches!(before, '\u{200c}' | '\u{200d}'))
        }
        // Line and paragraph separators, and annotations between the lines.
        '\u{2028}' | '\u{2029}' | '\u{fff9}'..='\u{fffb}' => true,
        c => c.is_control() || CodePointSetData::new::<DefaultIgnorableCodePoint>().contains(c),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_found_and_shown() {
        for (c, code, json) in [
            ('\0', "U+0000", r"\u0000"),
            ('\n', "U+000A", r"\u000a"),
            ('\u{1b}', "U+001B", r"\u001b"),
            ('\u{7f}', "U+007F", r"\u007f"),
            ('\u{9b}', "U+009B", r"\u009b"),
            ('\u{ad}', "U+00AD", r"\u00ad"),
            ('\u{34f}', "U+034F", r"\u034f"),
            ('\u{61c}', "U+061C", r"\u061c"),
            ('\u{180e}', "U+180E", r"\u180e"),
            ('\u{200b}', "U+200B", r"\u200b"),
            ('\u{200d}', "U+200D", r"\u200d"),
            ('\u{200e}', "U+200E", r"\u200e"),
            ('\u{200f}', "U+200F", r"\u200f"),
            ('\u{2028}', "U+2028", r"\u2028"),
            ('\u{2029}', "U+2029", r"\u2029"),
            ('\u{202a}', "U+202A", r"\u202a"),
            ('\u{202e}', "U+202E", r"\u202e"),
            ('\u{2060}', "U+2060", r"\u2060"),
            ('\u{2066}', "U+2066", r"\u2066"),
            ('\u{2069}', "U+2069", r"\u2069"),
            ('\u{3164}', "U+3164", r"\u3164"),
            ('\u{fe0f}', "U+FE0F", r"\ufe0f"),
            ('\u{feff}', "U+FEFF", r"\ufeff"),
            ('\u{fff9}', "U+FFF9", r"\ufff9"),
            ('\u{e0041}', "U+E0041", r"\udb40\udc41"),
        ] {
            let text = format!("Web{c}shop");
            let refused = refuse_in("name", &text).map_err(|error| error.to_string());
            assert!(
                refused.as_ref().is_err_and(|why| why.contains(code) && why.contains("position 4")),
                "{code}: {refused:?}"
            );
            assert_eq!(show(&text), format!("Web{}shop", c.escape_unicode()));
            assert_eq!(show_json(&text), format!("Web{json}shop"));
        }
        assert_eq!(show_lines("a\nb\u{202e}"), "a\nb\\u{202e}");
    }

    #[test]
    fn what_people_see_is_left_alone() {
        for text in [
            "",
            "Web shop",
            "Zoë's café №5",
            "日本語",
            "שלום",
            "می\u{200c}خواهم",
            "क्\u{200d}ष",
            "👩\u{200d}💻",
            "❤\u{fe0f}\u{200d}🔥",
            "1\u{fe0f}\u{20e3}",
            "ᠠ\u{180b}",
        ] {
            assert_eq!(find(text), None, "{text}");
            assert!(matches!(show(text), Cow::Borrowed(same) if same == text));
        }
        for text in ["a\u{200d}\u{200d}", "\u{200d}", "é\u{200d}\u{200d}", "1\u{fe0f}"] {
            assert!(find(text).is_some(), "{text:?}");
        }
    }
}
