//! Where a sign-in leads: [`Onward`].

use daypass::Error;
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde::{Deserialize, Serialize};
use url::form_urlencoded;

/// Longest query of an authorization request that waits for a sign-in.
const MAX_AUTHORIZE: usize = 16_000;
/// What a query has as no character of its own. Percent signs stay: it is encoded already.
const ENCODED: &AsciiSet = &CONTROLS
    .add(b' ')
    .add(b'"')
    .add(b'#')
    .add(b'<')
    .add(b'>')
    .add(b'\\')
    .add(b'^')
    .add(b'`')
    .add(b'{')
    .add(b'|')
    .add(b'}');

/// The page to which a sign-in leads.
///
/// SECURITY: a page of this service in every case, so that no link leads through the sign-in to another site.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) enum Onward {
    /// The person's account.
    #[default]
    Account,
    /// The console.
    Console,
    /// The authorization request with this query.
    Authorize(String),
}

impl Onward {
    /// Reads the parameters `to` and `authorize` of a link or a form.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] if the authorization request is too long.
    pub(crate) fn read(to: Option<&str>, authorize: Option<&str>) -> Result<Onward, Error> {
        match (authorize, to) {
            (Some(query), _) => Onward::authorize(query),
            (None, Some("console")) => Ok(Onward::Console),
            (None, _) => Ok(Onward::Account),
        }
    }

    /// The authorization request with this query.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`] if it is too long.
    pub(crate) fn authorize(query: &str) -> Result<Onward, Error> {
        let query = utf8_percent_encode(query, ENCODED).to_string();
        if query.len() > MAX_AUTHORIZE {
            let why = format!(
                "The authorization request has {} characters, of {MAX_AUTHORIZE} at most: push it to /oauth/par.",
                query.len()
            );
            return Err(Error::InvalidRequest(why));
        }
        Ok(Onward::Authorize(query))
    }

    /// Returns the parameter by which the sign-in knows the page; nothing for the account.
    pub(crate) fn parameter(&self) -> Option<(&'static str, &str)> {
        match self {
            Onward::Account => None,
            Onward::Console => Some(("to", "console")),
            Onward::Authorize(query) => Some(("authorize", query)),
        }
    }

    /// Returns the address of the page, relative to the service.
    pub(crate) fn address(&self) -> String {
        match self {
            Onward::Account => "sign-in".into(),
            Onward::Console => "console".into(),
            Onward::Authorize(query) => format!("oauth/authorize?{query}"),
        }
    }

    /// Returns the address of the sign-in that leads to the page, relative to the service.
    pub(crate) fn sign_in(&self, more: Option<(&str, &str)>) -> String {
        let query =
            form_urlencoded::Serializer::new(String::new()).extend_pairs(self.parameter()).extend_pairs(more).finish();
        if query.is_empty() { "sign-in".into() } else { format!("sign-in?{query}") }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sign_in_leads_to_a_page_of_the_service_alone() {
        for (to, authorize, address, sign_in) in [
            (None, None, "sign-in", "sign-in"),
            (Some("console"), None, "console", "sign-in?to=console"),
            (Some("//evil.example"), None, "sign-in", "sign-in"),
            (Some("https://evil.example"), None, "sign-in", "sign-in"),
            (None, Some("a=1&b=%20"), "oauth/authorize?a=1&b=%20", "sign-in?authorize=a%3D1%26b%3D%2520"),
            (
                Some("console"),
                Some("//evil.example"),
                "oauth/authorize?//evil.example",
                "sign-in?authorize=%2F%2Fevil.example",
            ),
            (
                None,
                Some("a\r\nb: {c}#é"),
                "oauth/authorize?a%0D%0Ab:%20%7Bc%7D%23%C3%A9",
                "sign-in?authorize=a%250D%250Ab%3A%2520%257Bc%257D%2523%25C3%25A9",
            ),
        ] {
            let onward = Onward::read(to, authorize).expect("a page");
            assert_eq!((&*onward.address(), &*onward.sign_in(None)), (address, sign_in));
        }
        assert_eq!(Onward::Console.sign_in(Some(("error", "a&b"))), "sign-in?to=console&error=a%26b");
        assert_eq!(Onward::Account.sign_in(Some(("error", "x"))), "sign-in?error=x");
        assert!(Onward::read(None, Some(&"a".repeat(MAX_AUTHORIZE + 1))).is_err());
    }
}
