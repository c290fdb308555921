//! The form of JWTs. Whether a signature is valid is tested with the verifier.

use std::cell::RefCell;

use data_encoding::BASE64URL_NOPAD;
use daypass::jwt::{Jwk, Jwks, JwtType, MAX_JWT_BYTES, UnverifiedJwt, VerifySignature};
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

/// The public key of RFC 8037, appendix A.2, and its thumbprint, appendix A.3.
const X: &str = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
const KID: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

#[test]
fn a_jwt_of_a_type_and_a_key_has_exactly_one_header() {
    // {"typ":"at+jwt","alg":"EdDSA","kid":"k1"} and {"typ":"bundle+jwt","alg":"EdDSA","kid":"k1"}
    let cases = [
        (JwtType::AccessToken, "eyJ0eXAiOiJhdCtqd3QiLCJhbGciOiJFZERTQSIsImtpZCI6ImsxIn0"),
        (JwtType::Bundle, "eyJ0eXAiOiJidW5kbGUrand0IiwiYWxnIjoiRWREU0EiLCJraWQiOiJrMSJ9"),
    ];
    assert_eq!(JwtType::ALL, cases.map(|(jwt_type, _)| jwt_type));
    for (jwt_type, header) in cases {
        assert_eq!(jwt_type.header("k1"), header);
    }
}

/// A key that accepts every signature, and keeps what it was asked about.
#[derive(Default)]
struct AcceptAll(RefCell<Vec<(Vec<u8>, Vec<u8>)>>);

impl VerifySignature for AcceptAll {
    fn is_signature(&self, signing_input: &[u8], signature: &[u8]) -> bool {
        self.0.borrow_mut().push((signing_input.to_vec(), signature.to_vec()));
        true
    }
}

/// What the key of a JWT is asked about; `None` if the signature is not base64url.
fn signed(text: &str) -> Option<(Vec<u8>, Vec<u8>)> {
    let key = AcceptAll::default();
    UnverifiedJwt::parse(text).unwrap().verify(&key)?;
    key.0.into_inner().pop()
}

#[test]
fn a_jwt_has_three_parts_and_is_not_too_long() {
    let text = "aGVhZA.eyJhIjoxfQ.c2ln";
    let jwt = UnverifiedJwt::parse(text).unwrap();
    assert_eq!(jwt.header(), "aGVhZA");
    assert_eq!(signed(text), Some((b"aGVhZA.eyJhIjoxfQ".to_vec(), b"sig".to_vec())));
    let claims: Value = jwt.verify(&AcceptAll::default()).unwrap().claims().unwrap();
    assert_eq!(claims, json!({ "a": 1 }));

    assert_eq!(MAX_JWT_BYTES, 16_384);
    let longest = format!("a.{}.b", "c".repeat(MAX_JWT_BYTES - 4));
    assert!(UnverifiedJwt::parse(&longest).is_some());
    for text in ["", "a", "a.b", "a.b.c.d", "a..b.c", "a.b.c.d.e", &format!("{longest}x")] {
        assert!(UnverifiedJwt::parse(text).is_none(), "{}", &text[..text.len().min(20)]);
    }
}

#[test]
fn a_jwt_that_its_key_did_not_sign_has_no_claims() {
    struct RefuseAll;

    impl VerifySignature for RefuseAll {
        fn is_signature(&self, _: &[u8], _: &[u8]) -> bool {
            false
        }
    }

    assert!(UnverifiedJwt::parse("aGVhZA.eyJhIjoxfQ.c2ln").unwrap().verify(&RefuseAll).is_none());
}

#[test]
fn bytes_have_one_text_only() {
    // Not the one form of base64url: another alphabet, padding, white space, leftover bits, a single character.
    for part in ["YQ+_", "YQ/_", "YQ==", "YQ=", "Y Q", "YQ\n", "YR", "YWJ", "Y", "ä"] {
        assert_eq!(signed(&format!("aGVhZA.e30.{part}")), None, "{part:?}");
        let text = format!("aGVhZA.{part}.c2ln");
        let jwt = UnverifiedJwt::parse(&text).unwrap().verify(&AcceptAll::default()).unwrap();
        assert_eq!(jwt.claims::<Value>(), None, "{part:?}");
    }
    assert_eq!(signed("aGVhZA..").unwrap().1, b"");
}

#[test]
fn claims_are_an_object_and_never_a_list_of_values() {
    let claims = |payload: &str| {
        let text = format!("aGVhZA.{}.c2ln", BASE64URL_NOPAD.encode(payload.as_bytes()));
        UnverifiedJwt::parse(&text).unwrap().verify(&AcceptAll::default()).unwrap().claims::<Jwks>()
    };
    for payload in [r#"{"keys":[]}"#, " \t\r\n{\"keys\":[]} "] {
        assert_eq!(claims(payload), Some(Jwks { keys: vec![] }), "{payload:?}");
    }
    for payload in ["[[]]", "", "null", r#"{"keys":7}"#, r#"{"keys":[]"#, r#"{"keys":[]}{}"#, "\u{feff}{\"keys\":[]}"] {
        assert_eq!(claims(payload), None, "{payload:?}");
    }
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
fn a_key_may_name_its_algorithm_by_either_name() {
    let key = Jwk { alg: "Ed25519".into(), ..jwk() };
    assert_eq!(key.public_key(), jwk().public_key());
}

#[test]
fn a_key_of_small_order_or_of_another_encoding_is_no_key() {
    // The `y` of the points of order 1, 2, 4 and 8 (libsodium, `ge25519_has_small_order`), and those that are not below
    // 2^255 - 19 (RFC 8032, section 5.1.3). The highest bit is the sign of `x`.
    let number = |low: u8, rest: u8, high: u8| {
        let mut bytes = [rest; 32];
        (bytes[0], bytes[31]) = (low, high);
        bytes
    };
    let decode = |hex: &str| <[u8; 32]>::try_from(data_encoding::HEXLOWER.decode(hex.as_bytes()).unwrap()).unwrap();
    let order_8 = [
        decode("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"),
        decode("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"),
    ];
    let small = [number(0, 0, 0), number(1, 0, 0), number(0xec, 0xff, 0x7f)].into_iter().chain(order_8);
    let too_large = (0xed..=0xff).map(|low| number(low, 0xff, 0x7f));
    for mut point in small.chain(too_large) {
        for sign in [0, 0x80] {
            point[31] = point[31] & 0x7f | sign;
            assert_eq!(Jwk::ed25519(KID, &point).public_key(), None, "{point:x?}");
        }
    }
    // Their neighbours are of another order, or no point, which cryptography tells.
    for other in [number(2, 1, 0), number(0xeb, 0xfe, 0x7f)] {
        assert_eq!(Jwk::ed25519(KID, &other).public_key(), Some(other));
    }
}

#[test]
fn keys_of_other_kinds_and_broken_ones_do_not_cost_the_others() {
    let good = serde_json::to_value(jwk()).unwrap();
    let with = |name: &str, value: Value| {
        let mut key = good.clone();
        key[name] = value;
        key
    };
    let others = [
        json!({ "kty": "RSA", "n": "AQAB", "e": "AQAB", "kid": "r", "alg": "RS256", "use": "sig" }),
        json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA", "kid": "e", "exp": 1_900_000_000_u64 }),
        json!({ "kty": "AKP", "alg": "ML-DSA-44", "pub": "AA", "kid": "a" }),
        json!({ "kty": "OKP", "crv": "Ed448", "x": "AA", "kid": "o", "alg": "Ed448", "use": "sig" }),
        json!({ "kty": "oct", "k": "AA", "exp": "never" }),
        json!({ "kid": ["k"], "kty": { "OKP": null }, "x5c": [[[[]]]] }),
        json!({}),
        json!([]),
        json!("key"),
        json!(null),
        json!(7),
        with("use", json!("enc")),
        with("kid", json!(7)),
        with("kid", json!(null)),
        with("x", json!([7, 7])),
        with("x", json!("AAAA")),
        with("x", json!("A".repeat(43))),
        with("exp", json!("soon")),
        with("exp", json!(-1)),
        // The fields of a key in order.
        json!(["OKP", "Ed25519", X, KID, "EdDSA", "sig", null]),
        with("alg", json!("ES256")),
    ];
    let usable = |keys: &[Value]| {
        let set: Jwks = serde_json::from_value(json!({ "keys": keys, "issuer": 7 })).unwrap();
        set.keys.iter().filter_map(Jwk::public_key).count()
    };
    for other in &others {
        assert_eq!(usable(&[other.clone(), good.clone(), other.clone()]), 1, "{other}");
    }
    assert_eq!(usable(&others), 0);
    let members = [with("exp", json!(1_900_000_000)), with("key_ops", json!(["verify"])), with("ext", json!(true))];
    assert_eq!(usable(&members), 3);
    for set in ["{}", r#"{"keys":{}}"#, r#"{"keys":[}"#] {
        assert!(serde_json::from_str::<Jwks>(set).is_err(), "{set}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn the_parts_make_the_text_again(chars in proptest::collection::vec(select("..aZ9-_ä =".chars().collect::<Vec<_>>()), 0..20)) {
        let text = String::from_iter(chars);
        let jwt = UnverifiedJwt::parse(&text);
        prop_assert_eq!(jwt.is_some(), text.matches('.').count() == 2);
        if let Some(jwt) = jwt {
            let [header, payload, signature] = text.split('.').collect::<Vec<_>>().try_into().unwrap();
            prop_assert_eq!(jwt.header(), header);
            let decoded = BASE64URL_NOPAD.decode(signature.as_bytes()).ok();
            prop_assert_eq!(signed(&text), decoded.map(|bytes| ([header, payload].join(".").into_bytes(), bytes)));
        }
    }
}
