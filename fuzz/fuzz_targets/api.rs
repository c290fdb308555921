//! Every JSON shape: what is read is written so that it reads the same.
#![no_main]

use daypass::api::{BundleResponse, CreateBundleRequest, CreateTokenRequest, Heartbeat, IntrospectionResponse, Revocation, RevocationPage, TemporaryTokenRequest, TemporaryTokenResponse, TokenDescription, TokenRecord};
use daypass::jwt::{Claims, Confirmation, Jwk, Jwks};
use daypass::{ErrorBody, Grant, Resource};
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn comes_back<T: DeserializeOwned + Serialize>(text: &str) {
    if let Ok(value) = serde_json::from_str::<T>(text) {
        let written = |value: &T| serde_json::to_string(value).expect("it is JSON");
        let once = written(&value);
        let again = serde_json::from_str::<T>(&once).expect("it was written");
        assert_eq!(written(&again), once);
    }
}

fuzz_target!(|text: &str| {
    comes_back::<BundleResponse>(text);
    comes_back::<Claims>(text);
    comes_back::<Confirmation>(text);
    comes_back::<Heartbeat>(text);
    comes_back::<Grant>(text);
    comes_back::<IntrospectionResponse>(text);
    comes_back::<Jwk>(text);
    comes_back::<Jwks>(text);
    comes_back::<CreateBundleRequest>(text);
    comes_back::<CreateTokenRequest>(text);
    comes_back::<ErrorBody>(text);
    comes_back::<Resource>(text);
    comes_back::<Revocation>(text);
    comes_back::<RevocationPage>(text);
    comes_back::<TemporaryTokenResponse>(text);
    comes_back::<TemporaryTokenRequest>(text);
    comes_back::<TokenRecord>(text);
    comes_back::<TokenDescription>(text);
});
