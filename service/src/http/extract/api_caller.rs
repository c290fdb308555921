//! Callers of endpoints that clients of any make use: [`ClientCaller`] and [`ApiCaller`].

use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::response::{IntoResponse, Response};
use base64ct::{Base64, Encoding};
use daypass::Error;
use daypass::verify::{Credential, TokenLocation, Verifier};
use percent_encoding::percent_decode_str;

use super::super::SharedApp;
use super::TokenCaller;

/// A [`TokenCaller`] that authenticates with its token as Bearer, or with the token's id and the token as Basic
/// (RFC 6749, section 2.3.1; RFC 7009, section 2.1).
pub(in crate::http) struct ClientCaller(pub(in crate::http) TokenCaller);

/// Like [`ClientCaller`], but its organization may be suspended, as a [`Follower`](super::Follower)'s (RFC 7662,
/// section 2.1).
pub(in crate::http) struct ApiCaller(pub(in crate::http) TokenCaller);

/// The error of a caller that is not authenticated. Its response offers both schemes.
pub(in crate::http) struct Unauthenticated(Error);

impl FromRequestParts<SharedApp> for ClientCaller {
    type Rejection = Unauthenticated;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<ClientCaller, Unauthenticated> {
        authenticate(parts, app, &app.catalog.view().verifier).await.map(ClientCaller).map_err(Unauthenticated)
    }
}

impl FromRequestParts<SharedApp> for ApiCaller {
    type Rejection = Unauthenticated;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<ApiCaller, Unauthenticated> {
        authenticate(parts, app, &app.catalog.view().api_verifier).await.map(ApiCaller).map_err(Unauthenticated)
    }
}

async fn authenticate(parts: &Parts, app: &SharedApp, verifier: &Verifier) -> Result<TokenCaller, Error> {
    let Some(login) = Login::of(parts) else {
        return TokenCaller::authenticate(app, verifier, verifier.credentials(parts)).await;
    };
    let login = login?;
    // SECURITY: the token passes every check that it would pass as Bearer, and a request with another
    // token beside it is refused.
    let credential = Credential { text: login.token.as_bytes(), location: TokenLocation::Bearer };
    let credentials = verifier.credentials(parts).with_credential(credential);
    let caller = TokenCaller::authenticate(app, verifier, credentials).await.map_err(of_client)?;
    if caller.access.id() != login.id {
        return Err(invalid_client("The id is not that of the token."));
    }
    Ok(caller)
}

/// What a request presents as Basic.
struct Login {
    id: String,
    token: String,
}

impl Login {
    /// Reads the header `Authorization`, if its scheme is Basic.
    fn of(parts: &Parts) -> Option<Result<Login, Error>> {
        let values = parts.headers.get_all(AUTHORIZATION).into_iter();
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

/// Turns the error of a token that is not accepted into that of its client (RFC 6749, section 5.2).
fn of_client(error: Error) -> Error {
    if error.status() == 401 { invalid_client(&error.to_string()) } else { error }
}

fn invalid_client(why: &str) -> Error {
    Error::InvalidClient(why.into())
}

impl IntoResponse for Unauthenticated {
    fn into_response(self) -> Response {
        let Unauthenticated(error) = self;
        let other = match error {
            Error::InvalidClient(_) => Error::MissingToken,
            _ => invalid_client(""),
        };
        let mut response = error.into_response();
        if response.status() == 401 {
            let challenge = other.www_authenticate().and_then(|text| HeaderValue::try_from(text).ok());
            challenge.map(|challenge| response.headers_mut().append(WWW_AUTHENTICATE, challenge));
        }
        response
    }
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
