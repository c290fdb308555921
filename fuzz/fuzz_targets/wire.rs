//! Every JSON shape: what is read is written so that it reads the same.
#![no_main]

use daypass::signed::{Jwk, Jwks};
use daypass::wire::{
    BundleAnswer, Claims, Confirmation, Current, Introspection, NewBundle, NewToken, Revocation, RevocationPage,
    TemporaryTokenAnswer, TemporaryTokenRequest, TokenRecord, TokenSelf,
};
use daypass::{Grant, Refusal, Resource};
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
    comes_back::<BundleAnswer>(text);
    comes_back::<Claims>(text);
    comes_back::<Confirmation>(text);
    comes_back::<Current>(text);
    comes_back::<Grant>(text);
    comes_back::<Introspection>(text);
    comes_back::<Jwk>(text);
    comes_back::<Jwks>(text);
    comes_back::<NewBundle>(text);
    comes_back::<NewToken>(text);
    comes_back::<Refusal>(text);
    comes_back::<Resource>(text);
    comes_back::<Revocation>(text);
    comes_back::<RevocationPage>(text);
    comes_back::<TemporaryTokenAnswer>(text);
    comes_back::<TemporaryTokenRequest>(text);
    comes_back::<TokenRecord>(text);
    comes_back::<TokenSelf>(text);
});
