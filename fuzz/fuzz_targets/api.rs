//! Every JSON type of the API: a parsed value comes back from its own JSON.
#![no_main]

use daypass::api::{
    BundleResponse, CreateBundleRequest, CreateTemporaryTokenRequest, CreateTokenRequest, Heartbeat,
    IntrospectionResponse, Revocation, RevocationPage, ServerMetadata, TemporaryTokenRequest, TemporaryTokenResponse,
    TokenDescription, TokenRecord, UpdateLimitsRequest, UpdateTokenRequest,
};
use daypass::jwt::{Claims, Confirmation, Jwk, Jwks};
use daypass::{ErrorBody, Grant, Resource};
use libfuzzer_sys::fuzz_target;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn check<T: DeserializeOwned + Serialize>(text: &str) {
    if let Ok(value) = serde_json::from_str::<T>(text) {
        let write = |value: &T| serde_json::to_string(value).expect("it is JSON");
        let once = write(&value);
        let again = serde_json::from_str::<T>(&once).expect("it was written");
        assert_eq!(write(&again), once);
    }
}

fuzz_target!(|text: &str| {
    check::<BundleResponse>(text);
    check::<Claims>(text);
    check::<Confirmation>(text);
    check::<Heartbeat>(text);
    check::<Grant>(text);
    check::<IntrospectionResponse>(text);
    check::<Jwk>(text);
    check::<Jwks>(text);
    check::<CreateBundleRequest>(text);
    check::<CreateTemporaryTokenRequest>(text);
    check::<CreateTokenRequest>(text);
    check::<ErrorBody>(text);
    check::<Resource>(text);
    check::<Revocation>(text);
    check::<RevocationPage>(text);
    check::<ServerMetadata>(text);
    check::<TemporaryTokenResponse>(text);
    check::<TemporaryTokenRequest>(text);
    check::<TokenRecord>(text);
    check::<TokenDescription>(text);
    check::<UpdateLimitsRequest>(text);
    check::<UpdateTokenRequest>(text);
});
