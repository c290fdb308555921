//! Tokens in the formats of other systems: a verifier accepts those that it is told to, each where its system has it.

use std::collections::HashMap;

use crate::common::{record, verifier};
use daypass::api::TokenRecord;
use daypass::verify::{Cache, Credentials, Introspector, ResponseFuture, TokenHash, Verifier};
use daypass::{Error, ForeignFormat, OpaqueToken, TokenKind};
use http::Request;

const SPECKLE: &str = "0123456789abcdef0123456789abcdef0123456789";
const UUID: &str = "bbf18f21-3d0d-4a4c-b650-9c14d4075ce0";

struct InMemory(HashMap<TokenHash, TokenRecord>);

impl Introspector for InMemory {
    fn find<'a>(&'a self, token: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
        Box::pin(async { Ok(self.0.get(&TokenHash::of(token)).cloned()) })
    }
}

/// A verifier of a token in each format. A reference and an id have one text.
fn guard(formats: &[ForeignFormat]) -> Verifier {
    let texts = [(ForeignFormat::Speckle, SPECKLE), (ForeignFormat::Uuid, UUID), (ForeignFormat::ChosenId, UUID)];
    let tokens = texts.map(|(format, text)| {
        let token = OpaqueToken::foreign(format, text).unwrap();
        (TokenHash::of(&token), record(format.kind()))
    });
    verifier().introspector(InMemory(tokens.into())).cache(Cache::new(100_000)).foreign_tokens(formats)
}

async fn kind(verifier: &Verifier, path: &str, header: Option<(&str, String)>) -> Result<TokenKind, Error> {
    let mut request = Request::get(path);
    if let Some((name, value)) = header {
        request = request.header(name, value);
    }
    let (parts, ()) = request.body(()).unwrap().into_parts();
    verifier.verify(&verifier.credentials(&parts), None).await.map(|access| access.kind())
}

#[tokio::test]
async fn each_format_is_accepted_where_its_system_has_it() {
    let every = guard(&ForeignFormat::ALL);
    let none = guard(&[]);
    let query = format!("/?accessTokenId={UUID}");
    let cases = [
        ("/", Some(("authorization", format!("Bearer {SPECKLE}"))), Ok(TokenKind::Personal), Error::InvalidToken),
        ("/", Some(("authorization", SPECKLE.to_owned())), Ok(TokenKind::Personal), Error::MissingToken),
        ("/", Some(("cookie", format!("authn={SPECKLE}"))), Ok(TokenKind::Personal), Error::MissingToken),
        ("/", Some(("x-api-token", UUID.to_owned())), Ok(TokenKind::Bundle), Error::MissingToken),
        (&query, None, Ok(TokenKind::Application), Error::MissingToken),
        ("/", Some(("authorization", format!("Bearer {UUID}"))), Ok(TokenKind::Bundle), Error::InvalidToken),
        ("/", Some(("x-api-key", UUID.to_owned())), Err(Error::MissingToken), Error::MissingToken),
        ("/?pubtoken=engine", None, Err(Error::InvalidToken), Error::InvalidToken),
    ];
    // The second time, what could be cached is.
    for _ in 0..2 {
        for (path, header, expected, without) in &cases {
            assert_eq!(kind(&every, path, header.clone()).await, *expected, "{path} {header:?}");
            assert_eq!(kind(&none, path, header.clone()).await, Err(without.clone()), "{path} {header:?}");
        }
    }
}

#[tokio::test]
async fn a_parameter_of_a_form_is_a_credential_as_one_of_the_query() {
    use daypass::verify::TokenLocation;
    let credentials = Credentials::new(UUID, TokenLocation::AccessTokenId);
    assert!(guard(&[ForeignFormat::ChosenId]).verify(&credentials, None).await.is_ok());
    assert_eq!(guard(&[ForeignFormat::Uuid]).verify(&credentials, None).await.err(), Some(Error::InvalidToken));
}
