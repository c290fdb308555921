//! When a token begins and ends. The numbers are the rows of the threat table.

use crate::common::{NOW, access_token, bearer, claims, record, signer, stored, verifier};
use daypass::api::TokenRecord;
use daypass::jwt::JwtType;
use daypass::verify::{Credentials, MAX_LEEWAY, TokenLocation};
use daypass::{Error, TokenKind};
use serde_json::json;

#[tokio::test]
async fn row_14_a_signed_token_lives_from_its_start_to_its_end_and_a_little_leeway() {
    // now, leeway asked for, leeway given
    for (asked, given) in [(0, 0), (10, 10), (60, 60), (61, MAX_LEEWAY), (u64::MAX, MAX_LEEWAY)] {
        let cases = [
            (NOW - given - 1, Err(Error::TokenNotYetValid)),
            (NOW - given, Ok(())),
            (NOW, Ok(())),
            (NOW + 3600 + given - 1, Ok(())),
            (NOW + 3600 + given, Err(Error::TokenExpired)),
            (NOW + 1_000_000, Err(Error::TokenExpired)),
            (0, Err(Error::TokenNotYetValid)),
            (u64::MAX, Err(Error::TokenExpired)),
        ];
        for (now, expected) in cases {
            let verifier = verifier().keys(signer().keys()).leeway(asked).clock(move || now);
            let result = bearer(&verifier, &access_token(&[])).await.map(|_| ());
            assert_eq!(result, expected, "{} s from the start, leeway {asked}", i128::from(now) - i128::from(NOW));
        }
    }
}

#[tokio::test]
async fn row_14_neither_not_before_nor_issued_at_may_lie_ahead_and_no_time_overflows() {
    let max = u64::MAX;
    let cases = [
        (json!({ "nbf": NOW + 1 }), Err(Error::TokenNotYetValid)),
        (json!({ "nbf": NOW, "iat": NOW + 1 }), Err(Error::TokenNotYetValid)),
        (json!({ "nbf": NOW - 1, "iat": NOW }), Ok(())),
        (json!({ "iat": max, "exp": max }), Err(Error::TokenNotYetValid)),
        // A day is the longest life that was ever given.
        (json!({ "iat": NOW, "exp": NOW + 86_400 }), Ok(())),
        (json!({ "iat": NOW, "exp": NOW + 86_401 }), Err(Error::InvalidToken)),
        (json!({ "iat": 0, "exp": max }), Err(Error::InvalidToken)),
        (json!({ "iat": 0, "exp": 0 }), Err(Error::TokenExpired)),
        // An end before the start is never alive.
        (json!({ "nbf": NOW + 10, "exp": NOW - 10 }), Err(Error::TokenExpired)),
    ];
    let verifier = verifier().keys(signer().keys());
    for (times, expected) in cases {
        let mut claims = claims();
        claims.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
        let text = signer().document(JwtType::AccessToken, &claims);
        assert_eq!(bearer(&verifier, &text).await.map(|_| ()), expected, "{times}");
        let at_the_end_of_time = verifier.clone().leeway(60).clock(move || max);
        let at_the_end = if expected == Err(Error::InvalidToken) { Error::InvalidToken } else { Error::TokenExpired };
        assert_eq!(bearer(&at_the_end_of_time, &text).await.err(), Some(at_the_end), "{times}");
    }
}

#[tokio::test]
async fn a_stored_token_ends_to_the_second_and_revocation_counts_first() {
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
        // The store and its clock are one: there is nothing to forgive.
        let result = bearer(&verifier.leeway(60), &text).await.map(|_| ());
        assert_eq!(result, expected, "{expires_at:?} {revoked_at:?}");
    }
}

#[tokio::test]
async fn a_stored_token_from_the_future_is_of_a_clock_that_is_far_off() {
    for (created_at, expected) in
        [(NOW + MAX_LEEWAY, Ok(())), (NOW + MAX_LEEWAY + 1, Err(Error::TokenNotYetValid)), (0, Ok(()))]
    {
        let (text, verifier) = stored(TokenRecord { created_at, ..record(TokenKind::Secret) });
        assert_eq!(bearer(&verifier, &text).await.map(|_| ()), expected, "{created_at}");
    }
}

#[tokio::test]
async fn a_page_that_may_not_use_a_token_learns_nothing_of_its_life() {
    for (expires_at, revoked_at) in [(Some(NOW - 1), None), (None, Some(NOW - 1))] {
        let (text, verifier) = stored(TokenRecord { expires_at, revoked_at, ..record(TokenKind::Publishable) });
        let credentials = Credentials::new(&text, TokenLocation::Query).from_origin("https://elsewhere.example");
        assert!(matches!(verifier.verify(&credentials, None).await, Err(Error::OriginNotAllowed(_))));
    }
}
