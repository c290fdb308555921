//! The form of what is signed. Whether a signature fits is in `genuine.rs`.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "the names of the tests say what they hold; a panic is a failure")]

use daypass::signed::{DocumentType, Jwk, Jwks, MAX_DOCUMENT, UnverifiedDocument};
use proptest::prelude::*;
use proptest::sample::select;

/// The public key of RFC 8037, appendix A.2, and its thumbprint, appendix A.3.
const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const KID: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

#[test]
fn a_document_of_a_type_and_a_key_has_exactly_one_header() {
    // {"typ":"at+jwt","alg":"EdDSA","kid":"k1"} and {"typ":"bundle+jwt","alg":"EdDSA","kid":"k1"}
    let cases = [
        (DocumentType::AccessToken, "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSIsImtpZCI6ImsxIn0"),
        (DocumentType::Bundle, "eyJ0eXAiOiJidW5kbGUrand0IiwiYWxnIjoiRWREU0EiLCJraWQiOiJrMSJ9"),
    ];
    assert_eq!(DocumentType::ALL, cases.map(|(document, _)| document));
    for (document, header) in cases {
        assert_eq!(document.header("k1"), header);
    }
}

#[test]
fn a_document_has_three_parts_and_is_not_too_long() {
    let document = UnverifiedDocument::parse("aGVhZA.eyJhIjoxfQ.c2ln").unwrap();
    assert_eq!((document.header, document.signing_input), ("aGVhZA", "aGVhZA.eyJhIjoxfQ"));
    assert_eq!(document.unverified_payload().unwrap(), br#"{"a":1}"#);
    assert_eq!(document.signature().unwrap(), b"sig");

    assert_eq!(MAX_DOCUMENT, 16_384);
    let longest = format!("a.{}.b", "c".repeat(MAX_DOCUMENT - 4));
    assert!(UnverifiedDocument::parse(&longest).is_some());
    for text in ["", "a", "a.b", "a.b.c.d", "a..b.c", "a.b.c.d.e", &format!("{longest}x")] {
        assert!(UnverifiedDocument::parse(text).is_none(), "{}", &text[..text.len().min(20)]);
    }
}

#[test]
fn bytes_have_one_text_only() {
    // What is not the one form of base64url: another alphabet, padding, white space, leftover bits, a single character.
    for part in ["YQ+_", "YQ/_", "YQ==", "YQ=", "Y Q", "YQ\n", "YR", "YWJ", "Y", "ä"] {
        let text = format!("aGVhZA.{part}.{part}");
        let document = UnverifiedDocument::parse(&text).unwrap();
        assert_eq!((document.unverified_payload(), document.signature()), (None, None), "{part:?}");
    }
    let empty = UnverifiedDocument::parse("aGVhZA..").unwrap();
    assert_eq!((empty.unverified_payload(), empty.signature()), (Some(vec![]), Some(vec![])));
}

#[cfg(not(target_arch = "wasm32"))]
#[test]
fn claims_are_an_object_and_never_a_list_of_values() {
    use base64ct::{Base64UrlUnpadded, Encoding};

    let claims = |payload: &str| {
        let text = format!("aGVhZA.{}.c2ln", Base64UrlUnpadded::encode_string(payload.as_bytes()));
        UnverifiedDocument::parse(&text).unwrap().unverified_claims::<Jwks>()
    };
    for payload in [r#"{"keys":[]}"#, " \t\r\n{\"keys\":[]} "] {
        assert_eq!(claims(payload), Some(Jwks { keys: vec![] }), "{payload:?}");
    }
    for payload in ["[[]]", "", "null", r#"{"keys":7}"#, r#"{"keys":[]"#, r#"{"keys":[]}{}"#, "\u{feff}{\"keys\":[]}"] {
        assert_eq!(claims(payload), None, "{payload:?}");
    }
    assert_eq!(UnverifiedDocument::parse("aGVhZA.e.c2ln").unwrap().unverified_claims::<Jwks>(), None);
}

fn jwk() -> Jwk {
    serde_json::from_value(
        serde_json::json!({ "kty": "OKP", "crv": "Ed25519", "x": X, "kid": KID, "alg": "EdDSA", "use": "sig" }),
    )
    .unwrap()
}

#[test]
fn a_public_key_is_a_jwk_of_rfc_8037() {
    let key = jwk().public_key().unwrap();
    assert_eq!(key[..4], [0xd7, 0x5a, 0x98, 0x01]);
    assert_eq!(Jwk::ed25519(KID, &key), jwk());
    let json = format!(r#"{{"kty":"OKP","crv":"Ed25519","x":"{X}","kid":"{KID}","alg":"EdDSA","use":"sig"}}"#);
    assert_eq!(serde_json::to_string(&jwk()).unwrap(), json);
}

#[test]
fn a_key_that_is_not_for_signing_with_ed25519_is_no_key() {
    let (longer, padded) = (format!("{X}A"), format!("{X}="));
    let cases = [
        ("kty", "RSA"),
        ("kty", "okp"),
        ("crv", "X25519"),
        ("crv", ""),
        ("alg", "none"),
        ("alg", "HS256"),
        ("alg", ""),
        ("use", "enc"),
        ("use", ""),
        ("x", ""),
        ("x", &X[1..]),
        ("x", &longer),
        ("x", &padded),
        ("kid", ""),
        // It stands in the header's JSON as it is.
        ("kid", r#"k","alg":"none"#),
        ("kid", "schlüssel"),
    ];
    for (field, value) in cases {
        let mut key = serde_json::to_value(jwk()).unwrap();
        key[field] = value.into();
        let key: Jwk = serde_json::from_value(key).unwrap();
        assert_eq!(key.public_key(), None, "{key:?}");
    }
}

#[test]
fn keys_of_other_kinds_in_the_set_are_no_error() {
    let set = format!(
        r#"{{"keys":[{{"kty":"RSA","n":"AQAB","e":"AQAB","kid":"r","alg":"RS256","use":"sig"}},{{"kty":"EC"}},
            {{"kty":"OKP","crv":"Ed25519","x":"{X}","kid":"{KID}","alg":"EdDSA","use":"sig","key_ops":["verify"]}}]}}"#
    );
    let set: Jwks = serde_json::from_str(&set).unwrap();
    assert_eq!(set.keys.iter().filter_map(Jwk::public_key).count(), 1);
    assert!(serde_json::from_str::<Jwks>("{}").is_err() && serde_json::from_str::<Jwks>(r#"{"keys":[{}]}"#).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_parts_make_the_text_again(chars in proptest::collection::vec(select("..aZ9-_ä =".chars().collect::<Vec<_>>()), 0..20)) {
        let text = String::from_iter(chars);
        let document = UnverifiedDocument::parse(&text);
        prop_assert_eq!(document.is_some(), text.matches('.').count() == 2);
        if let Some(document) = document {
            let [header, payload, signature] = text.split('.').collect::<Vec<_>>().try_into().unwrap();
            prop_assert_eq!(document.header, header);
            prop_assert_eq!(document.signing_input, [header, payload].join("."));
            // Both parts are read by the same rule.
            if let (Some(bytes), false) = (document.signature(), signature.is_empty()) {
                let swapped = format!("{header}.{signature}.{payload}");
                prop_assert_eq!(UnverifiedDocument::parse(&swapped).unwrap().unverified_payload(), Some(bytes));
            }
        }
    }
}
