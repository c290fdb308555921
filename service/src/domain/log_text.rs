//! Text in a line of the log: [`escape`].

use std::borrow::Cow;

use clap::ValueEnum;

use super::hidden;

/// How lines of the log are written.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Text
    Text,
    /// An object of JSON in each line
    Json,
}

/// Returns a line with escapes instead of characters that would end it, hide a part of it or change its order.
///
/// SECURITY: names and header values are written by others. Without escapes they could add lines to the log.
pub(crate) fn escape(line: &str, format: LogFormat) -> Cow<'_, str> {
    match format {
        LogFormat::Text => hidden::show(line),
        LogFormat::Json => hidden::show_json(line),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_forge_or_hide_a_line_is_escaped() {
        for (line, text, json) in [
            ("name=\"Łódź 東京 ☃\"", "name=\"Łódź 東京 ☃\"", "name=\"Łódź 東京 ☃\""),
            ("a\nb\r\u{1b}[31m", "a\\u{a}b\\u{d}\\u{1b}[31m", "a\\u000ab\\u000d\\u001b[31m"),
            ("a\u{202e}b\u{2028}", "a\\u{202e}b\\u{2028}", "a\\u202eb\\u2028"),
            ("\u{85}\u{200f}", "\\u{85}\\u{200f}", "\\u0085\\u200f"),
            ("\u{e0041}", "\\u{e0041}", "\\udb40\\udc41"),
        ] {
            assert_eq!((&*escape(line, LogFormat::Text), &*escape(line, LogFormat::Json)), (text, json));
        }
    }
}
