//! The error for a text that is not an origin.

use std::fmt;

/// The error for a text that does not parse as an origin or a pattern for origins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseOriginError {
    text: String,
    why: &'static str,
}

impl ParseOriginError {
    /// Makes an error about `text`, which it quotes without control characters, up to 100 characters.
    #[must_use]
    pub fn new(text: &str, why: &'static str) -> Self {
        ParseOriginError { text: text.chars().filter(|c| !c.is_control()).take(100).collect(), why }
    }

    /// Returns the reason alone.
    #[must_use]
    pub fn why(&self) -> &'static str {
        self.why
    }
}

impl fmt::Display for ParseOriginError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is not an origin: {}", self.text, self.why)
    }
}

impl std::error::Error for ParseOriginError {}
