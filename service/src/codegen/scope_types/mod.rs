//! A catalogue's scopes as a module of a program: in TypeScript for pages, in Rust for APIs.
//!
//! | file | what it has |
//! | --- | --- |
//! | `typescript` | types, which add no bytes to a page |
//! | `rust` | constants, and types for the signatures of handlers |

mod rust;
mod typescript;

use daypass::Catalog;

/// The language of a module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Language {
    /// Types for pages
    #[value(name = "typescript")]
    TypeScript,
    /// Constants and types for APIs
    Rust,
}

/// Returns the module. The same catalogue gives the same text.
///
/// # Errors
/// If two scopes have one name in the language.
pub(crate) fn module(catalog: &Catalog, language: Language) -> anyhow::Result<String> {
    match language {
        Language::TypeScript => Ok(typescript::module(catalog)),
        Language::Rust => rust::module(catalog),
    }
}

/// Returns a person's text on one line of a comment, with a backslash before these characters.
///
/// SECURITY: no text leaves its comment, also by a mark that turns the direction of a line.
fn escape(text: &str, marks: &[char]) -> String {
    let is_space =
        |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let line = text.split(is_space).filter(|word| !word.is_empty());
    let line = line.collect::<Vec<_>>().join(" ");
    line.chars().fold(String::new(), |mut escaped, c| {
        if marks.contains(&c) || (c == '/' && escaped.ends_with('*')) {
            escaped.push('\\');
        }
        escaped.push(c);
        escaped
    })
}

#[cfg(test)]
mod tests {
    use super::escape;

    #[test]
    fn a_description_cannot_leave_its_comment() {
        let marks = ['\\', '{', '}', '@', '<', '>', '`'];
        for (text, expected) in [
            ("Sit */ evil(); /*", r"Sit *\/ evil(); /*"),
            ("Sit\r\n\u{2028}// evil()\n", "Sit // evil()"),
            ("\u{0}Sit {@link x} <b> `c` \\*/", r"Sit \{\@link x\} \<b\> \`c\` \\*\/"),
            ("Sit\u{202e}down\u{2066}", "Sit down"),
        ] {
            assert_eq!(escape(text, &marks), expected);
        }
    }
}
