//! How often a forged token's signature is checked.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::common::{Signer, access_token, bearer, claims, signer, verifier};
use daypass::Error;
use daypass::jwt::{Jwk, Jwks, JwtType};
use daypass::verify::{
    Cache, Credentials, KeyLookup, KeySource, RateLimits, ResponseFuture, StaticKeys, TokenLocation,
};

/// Keys, and how many were found: a signature is checked once for each.
#[derive(Clone)]
struct Counted(StaticKeys, Arc<AtomicUsize>);

impl Counted {
    fn new(keys: Vec<Jwk>) -> Counted {
        Counted(StaticKeys::from(&Jwks { keys }), Arc::default())
    }

    fn checks(&self) -> usize {
        self.1.load(Ordering::SeqCst)
    }
}

impl KeySource for Counted {
    fn find<'a>(&'a self, header: &'a str) -> ResponseFuture<'a, KeyLookup> {
        let key = self.0.get(header).cloned();
        self.1.fetch_add(usize::from(key.is_some()), Ordering::SeqCst);
        Box::pin(std::future::ready(Ok(key.into())))
    }
}

#[tokio::test]
async fn a_forged_token_costs_at_most_one_check_however_often_it_is_sent() {
    let forger = Signer::new("k1", 2);
    let retired = Jwk { exp: Some(1), ..Signer::new("k3", 3).jwk() };
    let forged = |header: &str| forger.sign(header, access_token(&[]).split('.').nth(1).unwrap());
    let [known, retired_key, unknown] = ["k1", "k3", "k2"].map(|kid| forged(&JwtType::AccessToken.header(kid)));
    for (case, text, checks) in [
        ("a known key", &known, 1),
        ("a retired key", &retired_key, 1),
        ("an unknown key", &unknown, 0),
        ("another header", &forged("e30"), 0),
    ] {
        // Two keys with one id, and one of either name of the algorithm.
        let twice = Jwk { alg: "Ed25519".into(), ..signer().jwk() };
        let keys = Counted::new(vec![signer().jwk(), twice, retired.clone()]);
        let limited = verifier().keys(keys.clone()).cache(Cache::new(1 << 20)).rate_limits(RateLimits::new());
        for location in [TokenLocation::Bearer, TokenLocation::Query, TokenLocation::Bearer, TokenLocation::ApiKey] {
            let credentials = Credentials::new(text, location).from_client([203, 0, 113, 7].into());
            assert_eq!(limited.verify(&credentials, None).await.err(), Some(Error::InvalidToken), "{case}");
            assert_eq!(keys.checks(), checks, "{case}");
        }
        // Other texts are told apart, and those that are valid stay so.
        assert!(bearer(&limited, &access_token(&[])).await.is_ok(), "{case}");
        assert_eq!(keys.checks(), checks + 1, "{case}");
        assert!(bearer(&limited, &access_token(&[])).await.is_ok(), "{case}");
        assert_eq!(keys.checks(), checks + 1, "{case}: the valid token is cached");
        // Without a cache, each time costs one.
        let uncached = verifier().keys(keys.clone());
        assert_eq!(bearer(&uncached, text).await.err(), Some(Error::InvalidToken), "{case}");
        assert_eq!(keys.checks(), 2 * checks + 1, "{case}");
    }
}

#[tokio::test]
async fn a_flood_of_forged_tokens_evicts_no_valid_one() {
    let keys = Counted::new(vec![signer().jwk()]);
    let cached = verifier().keys(keys.clone()).cache(Cache::new(1 << 20));
    let valid = access_token(&[]);
    assert!(bearer(&cached, &valid).await.is_ok());
    let forger = Signer::new("k1", 2);
    for n in 0..5000 {
        let mut claims = claims();
        claims["jti"] = format!("tmp_{n}").into();
        let forged = forger.jwt(JwtType::AccessToken, &claims);
        assert_eq!(bearer(&cached, &forged).await.err(), Some(Error::InvalidToken));
    }
    assert_eq!(keys.checks(), 5001);
    assert!(bearer(&cached, &valid).await.is_ok());
    assert_eq!(keys.checks(), 5001, "the valid token was evicted");
}
