//! Basic authentication: [`Login`].

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use base64ct::{Base64, Encoding};
use daypass::Error;
use percent_encoding::percent_decode_str;

/// What a request presents as Basic: an id, and a token.
pub(crate) struct Login {
    /// The id, decoded.
    pub(crate) id: String,
    /// The token, decoded.
    pub(crate) token: String,
}

impl Login {
    /// Reads the header `Authorization`, if its scheme is Basic.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Result<Login, Error>> {
        let values = headers.get_all(AUTHORIZATION).into_iter();
        let mut basic = values.filter_map(|value| {
            let (scheme, text) = value.to_str().ok()?.split_once(' ')?;
            scheme.eq_ignore_ascii_case("Basic").then(|| text.trim())
        });
        let text = basic.next()?;
        if basic.next().is_some() {
            let why = "The request has more than one header Authorization; send exactly one.";
            return Some(Err(Error::InvalidRequest(why.into())));
        }
        let why = "The credentials are not the base64 of two form-urlencoded texts with a colon between.";
        Some(Login::parse(text).ok_or_else(|| invalid_client(why)))
    }

    fn parse(text: &str) -> Option<Login> {
        let text = String::from_utf8(Base64::decode_vec(text).ok()?).ok()?;
        let (id, token) = text.split_once(':')?;
        Some(Login { id: decode(id)?, token: decode(token)? })
    }
}

/// Decodes a text that is form-urlencoded (WHATWG URL, section 5.1).
fn decode(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(Into::into)
}

pub(super) fn invalid_client(why: &str) -> Error {
    Error::InvalidClient(why.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn id_and_token_are_each_form_urlencoded() {
        for (text, expected) in [
            ("a:b", Some(("a", "b"))),
            ("a%3Ab+c:d%2Be", Some(("a:b c", "d+e"))),
            ("a:b:c", Some(("a", "b:c"))),
            (":", Some(("", ""))),
            ("%C3%A4:%", Some(("ä", "%"))),
            ("%FF:b", None),
            ("ab", None),
        ] {
            let login = Login::parse(&Base64::encode_string(text.as_bytes()));
            assert_eq!(login.as_ref().map(|login| (&*login.id, &*login.token)), expected, "{text}");
        }
        assert!(Login::parse("a:b").is_none());
    }
}
