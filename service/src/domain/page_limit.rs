//! How many entries a page of a list has: [`PageLimit`].

use std::borrow::Cow;

use daypass::api::TokenPage;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::Deserialize;

/// The most entries of one page of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PageLimit(usize);

impl PageLimit {
    /// Returns the number.
    pub(crate) fn get(self) -> usize {
        self.0
    }

    /// Returns the limit of a page from which so many tokens are wanted at most.
    pub(crate) fn at_most(count: usize) -> PageLimit {
        PageLimit(count.clamp(1, TokenPage::MOST))
    }
}

impl Default for PageLimit {
    fn default() -> PageLimit {
        PageLimit(TokenPage::DEFAULT)
    }
}

/// In a query it is a text, which reads as a number.
impl JsonSchema for PageLimit {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "PageLimit".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": TokenPage::MOST })
    }
}

impl TryFrom<String> for PageLimit {
    type Error = String;

    fn try_from(text: String) -> Result<PageLimit, String> {
        let limit = text.parse().ok().filter(|limit| (1..=TokenPage::MOST).contains(limit));
        limit
            .map(PageLimit)
            .ok_or_else(|| format!("expected a whole number from 1 to {}, not `{text}`", TokenPage::MOST))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_1_to_1000() {
        for (text, limit) in [("1", Some(1)), ("1000", Some(1000)), ("0", None), ("1001", None), ("-1", None)] {
            assert_eq!(PageLimit::try_from(text.to_owned()).ok(), limit.map(PageLimit), "{text}");
        }
        for text in ["", " 1", "1.5", "1e2", "all", "99999999999999999999"] {
            assert!(PageLimit::try_from(text.to_owned()).is_err_and(|why| why.contains("1 to 1000")), "{text}");
        }
    }
}
