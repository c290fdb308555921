//! Which texts are authentic tokens, and which are forged, truncated or for another verifier. The
//! numbers are the rows of the threat table.

use crate::common::{
    AUDIENCE, Down, ISSUER, NOW, ORGANIZATION, SITE, Signer, Store, access_token, bearer, claims, encoded, generate,
    record, signer, stored, verifier,
};
use daypass::api::TokenRecord;
use daypass::jwt::{Claims, Jwks, JwtType, MAX_JWT_BYTES};
use daypass::verify::{
    Credentials, Introspector, OriginHeader, ResponseFuture, Standing, StaticKeys, TokenHash, TokenLocation, Verifier,
};
use daypass::{Error, OpaqueToken, TokenKind};
use serde_json::{Value, json};

/// Invalid tokens, each with its fault.
fn invalid_tokens() -> Vec<(&'static str, String)> {
    let good = access_token(&[]);
    let [header, payload, signature]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let with_header = |json: &str| signer().sign(&encoded(json), payload);
    let raw = |payload: &str| signer().sign(header, &encoded(payload));
    let other = access_token(&[("jti", json!("tmp_2"))]);
    let other_payload = other.split('.').nth(1).unwrap();
    let bundle_header = JwtType::Bundle.header("k1");
    let large = access_token(&[("padding", json!("x".repeat(MAX_JWT_BYTES)))]);
    vec![
        ("nothing", String::new()),
        ("only dots", "..".into()),
        ("alg none, no signature", format!("{}.{payload}.", encoded(r#"{"typ":"at+jwt","alg":"none","kid":"k1"}"#))),
        ("alg none, with a signature", with_header(r#"{"typ":"at+jwt","alg":"none","kid":"k1"}"#)),
        ("alg HS256", with_header(r#"{"typ":"at+jwt","alg":"HS256","kid":"k1"}"#)),
        ("alg eddsa", with_header(r#"{"typ":"at+jwt","alg":"eddsa","kid":"k1"}"#)),
        ("typ JWT", with_header(r#"{"typ":"JWT","alg":"EdDSA","kid":"k1"}"#)),
        ("no typ", with_header(r#"{"alg":"EdDSA","kid":"k1"}"#)),
        ("no kid", with_header(r#"{"typ":"at+jwt","alg":"EdDSA"}"#)),
        ("another kid", with_header(r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k2"}"#)),
        ("kid as a path", with_header(r#"{"typ":"at+jwt","alg":"EdDSA","kid":"../k1"}"#)),
        ("crit", with_header(r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k1","crit":["x"],"x":1}"#)),
        ("an unknown version", with_header(r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k1","v":2}"#)),
        (
            "a key in the header",
            with_header(&json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": "k1", "jwk": signer().jwk() }).to_string()),
        ),
        ("the header in another order", with_header(r#"{"alg":"EdDSA","typ":"at+jwt","kid":"k1"}"#)),
        ("the header with white space", with_header(r#"{"typ": "at+jwt","alg":"EdDSA","kid":"k1"}"#)),
        ("a padded header", signer().sign(&format!("{header}="), payload)),
        ("an empty header", signer().sign("", payload)),
        ("another key under the same name", Signer::new("k1", 2).jwt(JwtType::AccessToken, &claims())),
        ("an unknown key", Signer::new("k2", 2).jwt(JwtType::AccessToken, &claims())),
        ("another payload", format!("{header}.{other_payload}.{signature}")),
        ("another signature", format!("{header}.{payload}.{}", other.rsplit('.').next().unwrap())),
        ("no signature", format!("{header}.{payload}.")),
        ("no third part", format!("{header}.{payload}")),
        ("a fourth part", format!("{good}.{signature}")),
        ("a truncated signature", good[..good.len() - 2].into()),
        ("a signature with another byte", format!("{good}AA")),
        ("a signature with leftover bits", leftover_bits(&good)),
        ("a signature with S + L", malleated(&good)),
        ("a padded signature", format!("{good}==")),
        ("white space before", format!(" {good}")),
        ("white space after", format!("{good} ")),
        ("another issuer", access_token(&[("iss", json!("https://tokens.example.evil.example"))])),
        ("the issuer with a slash", access_token(&[("iss", json!(format!("{ISSUER}/")))])),
        ("the issuer in capitals", access_token(&[("iss", json!(ISSUER.to_uppercase()))])),
        ("another audience", access_token(&[("aud", json!("viewer-api"))])),
        ("an audience with the same prefix", access_token(&[("aud", json!(format!("{AUDIENCE}-2")))])),
        ("several audiences", access_token(&[("aud", json!([AUDIENCE, "viewer-api"]))])),
        ("no audience", access_token(&[("aud", Value::Null)])),
        (
            "an origin pattern of a later version",
            access_token(&[("origins", json!(["https://a.example", "{any}.example"]))]),
        ),
        ("nbf null", access_token(&[("nbf", Value::Null)])),
        ("cnf null", access_token(&[("cnf", Value::Null)])),
        ("exp null", access_token(&[("exp", Value::Null)])),
        ("exp as text", access_token(&[("exp", json!((NOW + 3600).to_string()))])),
        ("exp too large", access_token(&[("exp", json!(1e30))])),
        ("an unknown kind", access_token(&[("kind", json!("root"))])),
        ("the kind secret", access_token(&[("kind", json!("secret"))])),
        ("the kind publishable", access_token(&[("kind", json!("publishable"))])),
        ("a bundle's kind in an access token", access_token(&[("kind", json!("bundle"))])),
        ("a bundle's type on an access token", signer().jwt(JwtType::Bundle, &claims())),
        (
            "a bundle under the header of an access token",
            format!("{header}.{payload}.{}", signer().sign(&bundle_header, payload).rsplit('.').next().unwrap()),
        ),
        (
            "a grant of another shape",
            access_token(&[("grants", json!([{ "tenant": "*", "scopes": ["*"], "extra": 1 }]))]),
        ),
        ("an invalid scope", access_token(&[("grants", json!([{ "tenant": ORGANIZATION, "scopes": ["floor"] }]))])),
        ("claims twice", raw(&claims().to_string().replacen('{', r#"{"aud":"floor-api","#, 1))),
        ("a payload that is not JSON", raw("claims")),
        ("a payload that is a list", raw("[]")),
        ("an empty payload", raw("")),
        ("a payload with trailing text", raw(&format!("{} {{}}", claims()))),
        ("a payload that is not UTF-8", signer().sign(header, &encoded(b"{\"iss\":\"\xff\"}"))),
        ("a JWT over the limit", large),
        ("an unknown opaque token", generate(TokenKind::Secret).expose_secret().into()),
        ("an opaque token with a typo", "dp_sec_0123456789ABCDEFGHIJKLMNabcdefgh1Itn3S".into()),
        ("a truncated opaque token", "dp_sec_0123456789ABCDEFGHIJKLMNabcdefgh".into()),
        ("the prefix of an opaque token", "dp_sec_".into()),
        ("an unknown prefix", "ghp_0123456789ABCDEFGHIJKLMNabcdefgh1Itn3R".into()),
        ("an opaque token whose record has another kind", MISLABELLED.into()),
        ("some text", "hunter2".into()),
        ("text that is not ASCII", "dp_sec_ä.ö.ü".into()),
        ("a null character", "\0".into()),
        ("a long text", "x".repeat(100_000)),
    ]
}

/// A well-formed token, whose record in the store of [`knowing`] has another kind.
const MISLABELLED: &str = "dp_pub_0123456789ABCDEFGHIJKLMNabcdefgh1KhsRu";

/// A verifier that has a key and a few records.
fn knowing() -> Verifier {
    let mut store = Store::default();
    store.add(record(TokenKind::Secret));
    store.add_as(MISLABELLED, record(TokenKind::Secret));
    verifier().keys(signer().keys()).introspector(store)
}

/// Encodes the signature's bytes by another text: only two bits of the last of 86 characters count,
/// and the rest must be zero.
fn leftover_bits(jwt: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = jwt.split_at(jwt.len() - 1);
    let next = ALPHABET.find(last).unwrap() + 1;
    format!("{rest}{}", &ALPHABET[next..=next])
}

/// Adds the group's order to the second half of the signature (RFC 8032, section 8.4).
fn malleated(jwt: &str) -> String {
    use base64ct::{Base64UrlUnpadded, Encoding};
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let (rest, signature) = jwt.rsplit_once('.').unwrap();
    let mut signature = Base64UrlUnpadded::decode_vec(signature).unwrap();
    let mut carry = 0;
    for (byte, order) in signature[32..].iter_mut().zip(ORDER) {
        let sum = u16::from(*byte) + u16::from(order) + carry;
        *byte = sum.to_le_bytes()[0];
        carry = sum >> 8;
    }
    format!("{rest}.{}", encoded(signature))
}

#[tokio::test]
async fn row_30_every_invalid_token_gets_the_same_error_in_every_location() {
    let verifier = knowing();
    assert!(bearer(&verifier, &access_token(&[])).await.is_ok(), "the token that is forged below is valid");
    for (fault, text) in invalid_tokens() {
        for location in [
            TokenLocation::Bearer,
            TokenLocation::Query,
            TokenLocation::ApiKey,
            TokenLocation::ApiToken,
            TokenLocation::AlSecretToken,
        ] {
            for origin in
                [OriginHeader::None, OriginHeader::One(SITE), OriginHeader::One("null"), OriginHeader::Invalid]
            {
                let credentials = Credentials::new(&text, location).with_origin(origin);
                let refused = verifier.verify(&credentials, None).await.err();
                assert_eq!(refused, Some(Error::InvalidToken), "{fault}, in {location:?} from {origin:?}");
            }
        }
    }
}

/// An introspector that knows the standing of one parent.
struct Parent(&'static str, Standing);

impl Introspector for Parent {
    fn find<'a>(&'a self, _: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
        Box::pin(async { Ok(None) })
    }

    fn standing<'a>(&'a self, claims: &'a Claims) -> ResponseFuture<'a, Standing> {
        Box::pin(async { Ok(if claims.client_id == self.0 { self.1 } else { Standing::Good }) })
    }
}

#[tokio::test]
async fn a_jwt_is_revoked_or_suspended_with_its_parent_if_the_introspector_says_so() {
    let with_keys = || verifier().keys(signer().keys());
    let text = access_token(&[]);
    let credentials = Credentials::new(&text, TokenLocation::Bearer);
    for (verifier, expected) in [
        (with_keys().introspector(Parent("sec_1", Standing::Revoked)), Err(Error::TokenRevoked)),
        (with_keys().introspector(Parent("sec_1", Standing::Suspended)), Err(Error::OrganizationSuspended)),
        (with_keys().introspector(Parent("sec_2", Standing::Revoked)), Ok(())),
        (with_keys().introspector(Store::default()), Ok(())),
        (with_keys().introspector(Down), Err(Error::Unavailable)),
    ] {
        assert_eq!(bearer(&verifier, &text).await.map(|_| ()), expected);
        let described = verifier.describe(&credentials).await.map(|described| (described.revoked, described.suspended));
        let is = |error| expected == Err(error);
        let expected = (is(Error::TokenRevoked), is(Error::OrganizationSuspended));
        assert_eq!(described.ok(), (!is(Error::Unavailable)).then_some(expected));
    }
}

#[tokio::test]
async fn no_jwt_with_one_character_changed_or_truncated_is_authentic() {
    let verifier = knowing();
    let good = access_token(&[]);
    for at in 0..good.len() {
        for to in ["A", "B", "_", ".", "="] {
            let changed = format!("{}{to}{}", &good[..at], &good[at + 1..]);
            if changed != good {
                assert_eq!(bearer(&verifier, &changed).await.err(), Some(Error::InvalidToken), "{to} at {at}");
            }
        }
        assert_eq!(bearer(&verifier, &good[..at]).await.err(), Some(Error::InvalidToken), "truncated at {at}");
    }
}

#[tokio::test]
async fn row_30_a_key_verifies_while_it_is_published() {
    let (old, new) = (Signer::new("k1", 1), Signer::new("k2", 2));
    let text = |signer: &Signer| signer.jwt(JwtType::AccessToken, &claims());
    let cases = [
        (vec![old.jwk()], true, false),
        (vec![old.jwk(), new.jwk()], true, true),
        (vec![new.jwk()], false, true),
        (vec![], false, false),
    ];
    for (keys, old_verifies, new_verifies) in cases {
        let verifier = verifier().keys(StaticKeys::from(&Jwks { keys }));
        assert_eq!(bearer(&verifier, &text(&old)).await.is_ok(), old_verifies);
        assert_eq!(bearer(&verifier, &text(&new)).await.is_ok(), new_verifies);
    }
}

#[tokio::test]
async fn a_key_that_is_not_a_point_or_not_for_signatures_verifies_nothing() {
    let good = signer().jwk();
    for (x, usage) in
        [(good.x.clone(), "enc"), (encoded([0xff; 32]), "sig"), (encoded([0; 31]), "sig"), (String::new(), "sig")]
    {
        let keys = StaticKeys::from(&Jwks { keys: vec![daypass::jwt::Jwk { x, usage: usage.into(), ..good.clone() }] });
        assert_eq!(bearer(&verifier().keys(keys), &access_token(&[])).await.err(), Some(Error::InvalidToken));
    }
}

#[tokio::test]
async fn a_verifier_without_keys_or_introspector_accepts_no_token_of_that_form() {
    let (text, with_introspector) = stored(record(TokenKind::Secret));
    assert_eq!(bearer(&with_introspector, &access_token(&[])).await.err(), Some(Error::InvalidToken));
    assert_eq!(bearer(&verifier().keys(signer().keys()), &text).await.err(), Some(Error::InvalidToken));
}

#[tokio::test]
async fn row_22_every_token_is_refused_while_keys_and_store_do_not_respond() {
    let verifier = verifier().keys(Down).introspector(Down);
    let whole = generate(TokenKind::Secret);
    for text in [access_token(&[]).as_str(), whole.expose_secret()] {
        assert_eq!(bearer(&verifier, text).await.err(), Some(Error::Unavailable));
    }
    // A malformed token is not looked up.
    for text in ["", "hunter2", "dp_sec_", MISLABELLED.trim_end_matches('u'), "a.b", &".".repeat(MAX_JWT_BYTES + 1)] {
        assert_eq!(bearer(&verifier, text).await.err(), Some(Error::InvalidToken), "{}", text.len());
    }
}

#[test]
fn row_17_a_hash_is_sha_256_of_the_whole_text() {
    let token: OpaqueToken = "dp_sec_0123456789ABCDEFGHIJKLMNabcdefgh1Itn3R".parse().unwrap();
    let hex: String = TokenHash::of(&token).as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(hex, "d4ba8efcfc26aab19321c5ccfdfc9063bef102b9d277daa9361c8f23dc11fa64"); // From `sha256sum`.
}
