//! When a token is valid. The numbers are the rows of the threat table.

use crate::common::{NOW, access_token, bearer, claims, record, signer, stored, verifier};
use daypass::api::TokenRecord;
use daypass::jwt::JwtType;
use daypass::verify::{Credentials, MAX_LEEWAY, TokenLocation};
use daypass::{Error, TokenKind};
use serde_json::json;

#[tokio::test]
async fn row_14_a_jwt_is_valid_from_its_start_to_its_end_and_a_little_leeway() {
    // The leeway that is set, and the one that applies.
    for (set, leeway) in [(0, 0), (10, 10), (60, 60), (61, MAX_LEEWAY), (u64::MAX, MAX_LEEWAY)] {
        let cases = [
            (NOW - leeway - 1, Err(Error::TokenNotYetValid)),
            (NOW - leeway, Ok(())),
            (NOW, Ok(())),
            (NOW + 3600 + leeway - 1, Ok(())),
            (NOW + 3600 + leeway, Err(Error::TokenExpired)),
            (NOW + 1_000_000, Err(Error::TokenExpired)),
            (0, Err(Error::TokenNotYetValid)),
            (u64::MAX, Err(Error::TokenExpired)),
        ];
        for (now, expected) in cases {
            let verifier = verifier().keys(signer().keys()).leeway(set).clock(move || now);
            let result = bearer(&verifier, &access_token(&[])).await.map(|_| ());
            assert_eq!(result, expected, "{} s from the start, leeway {set}", i128::from(now) - i128::from(NOW));
        }
    }
}

#[tokio::test]
async fn row_14_neither_nbf_nor_iat_may_be_in_the_future_and_no_time_overflows() {
    let max = u64::MAX;
    let cases = [
        (json!({ "nbf": NOW + 1 }), Err(Error::TokenNotYetValid)),
        (json!({ "nbf": NOW, "iat": NOW + 1 }), Err(Error::TokenNotYetValid)),
        (json!({ "nbf": NOW - 1, "iat": NOW }), Ok(())),
        (json!({ "iat": max, "exp": max }), Err(Error::TokenNotYetValid)),
        // A day is the longest life of a JWT.
        (json!({ "iat": NOW, "exp": NOW + 86_400 }), Ok(())),
        (json!({ "iat": NOW, "exp": NOW + 86_401 }), Err(Error::InvalidToken)),
        (json!({ "iat": 0, "exp": max }), Err(Error::InvalidToken)),
        (json!({ "iat": 0, "exp": 0 }), Err(Error::TokenExpired)),
        // A token that ends before it starts is never valid.
        (json!({ "nbf": NOW + 10, "exp": NOW - 10 }), Err(Error::TokenExpired)),
    ];
    let verifier = verifier().keys(signer().keys());
    for (times, expected) in cases {
        let mut claims = claims();
        claims.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
        let text = signer().jwt(JwtType::AccessToken, &claims);
        assert_eq!(bearer(&verifier, &text).await.map(|_| ()), expected, "{times}");
        let at_the_end_of_time = verifier.clone().leeway(60).clock(move || max);
        let at_the_end = if expected == Err(Error::InvalidToken) { Error::InvalidToken } else { Error::TokenExpired };
        assert_eq!(bearer(&at_the_end_of_time, &text).await.err(), Some(at_the_end), "{times}");
    }
}

#[tokio::test]
async fn an_opaque_token_expires_to_the_second_and_revocation_comes_first() {
    let cases = [
        (None, None, Ok(())),
        (Some(NOW + 1), None, Ok(())),
        (Some(NOW), None, Err(Error::TokenExpired)),
        (Some(NOW - 30), None, Err(Error::TokenExpired)),
        (None, Some(NOW - 1), Err(Error::TokenRevoked)),
        (None, Some(NOW + 100), Err(Error::TokenRevoked)),
        (Some(NOW - 30), Some(NOW - 60), Err(Error::TokenRevoked)),
    ];
    for (expires_at, revoked_at, expected) in cases {
        let (text, verifier) = stored(TokenRecord { expires_at, revoked_at, ..record(TokenKind::Secret) });
        // Leeway does not apply: the store's own clock set these times.
        let result = bearer(&verifier.leeway(60), &text).await.map(|_| ());
        assert_eq!(result, expected, "{expires_at:?} {revoked_at:?}");
    }
}

#[tokio::test]
async fn an_opaque_token_from_the_future_is_not_yet_valid() {
    for (created_at, expected) in
        [(NOW + MAX_LEEWAY, Ok(())), (NOW + MAX_LEEWAY + 1, Err(Error::TokenNotYetValid)), (0, Ok(()))]
    {
        let (text, verifier) = stored(TokenRecord { created_at, ..record(TokenKind::Secret) });
        assert_eq!(bearer(&verifier, &text).await.map(|_| ()), expected, "{created_at}");
    }
}

#[tokio::test]
async fn a_page_that_may_not_use_a_token_does_not_learn_that_it_expired_or_was_revoked() {
    for (expires_at, revoked_at) in [(Some(NOW - 1), None), (None, Some(NOW - 1))] {
        let (text, verifier) = stored(TokenRecord { expires_at, revoked_at, ..record(TokenKind::Publishable) });
        let credentials = Credentials::new(&text, TokenLocation::Query).from_origin("https://elsewhere.example");
        assert!(matches!(verifier.verify(&credentials, None).await, Err(Error::OriginNotAllowed(_))));
    }
}
