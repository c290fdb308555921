//! What is a token of ours, and what is forged, cut or meant for somebody else. The numbers are the rows of the threat table.

use std::io;
use std::sync::{Arc, Mutex};

use crate::common::{
    AUDIENCE, Down, ISSUER, NOW, ORGANIZATION, SITE, Signer, Store, access_token, bearer, claims, encoded, generate,
    record, signer, stored, verifier,
};
use daypass::api::TokenRecord;
use daypass::jwt::{Claims, Jwks, JwtType, MAX_JWT_BYTES};
use daypass::verify::{
    Credentials, Introspector, OriginHeader, ResponseFuture, StaticKeys, TokenHash, TokenLocation, Verifier,
};
use daypass::{Error, OpaqueToken, TokenKind};
use serde_json::{Value, json};

/// Everything that is forged, cut or meant for somebody else, by what is wrong with it.
fn forgeries() -> Vec<(&'static str, String)> {
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
        ("alg none, signed", with_header(r#"{"typ":"at+jwt","alg":"none","kid":"k1"}"#)),
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
            "a key of its own",
            with_header(&json!({ "typ": "at+jwt", "alg": "EdDSA", "kid": "k1", "jwk": signer().jwk() }).to_string()),
        ),
        ("the header in another order", with_header(r#"{"alg":"EdDSA","typ":"at+jwt","kid":"k1"}"#)),
        ("the header with white space", with_header(r#"{"typ": "at+jwt","alg":"EdDSA","kid":"k1"}"#)),
        ("the header padded", signer().sign(&format!("{header}="), payload)),
        ("an empty header", signer().sign("", payload)),
        ("another key under the same name", Signer::new("k1", 2).document(JwtType::AccessToken, &claims())),
        ("a key that is not known", Signer::new("k2", 2).document(JwtType::AccessToken, &claims())),
        ("another payload", format!("{header}.{other_payload}.{signature}")),
        ("another signature", format!("{header}.{payload}.{}", other.rsplit('.').next().unwrap())),
        ("no signature", format!("{header}.{payload}.")),
        ("no third part", format!("{header}.{payload}")),
        ("a fourth part", format!("{good}.{signature}")),
        ("a signature cut", good[..good.len() - 2].into()),
        ("a signature with a byte more", format!("{good}AA")),
        ("a signature with leftover bits", leftover_bits(&good)),
        ("a signature with S + L", malleated(&good)),
        ("a signature padded", format!("{good}==")),
        ("white space before", format!(" {good}")),
        ("white space after", format!("{good} ")),
        ("another issuer", access_token(&[("iss", json!("https://tokens.example.evil.example"))])),
        ("the issuer with a slash", access_token(&[("iss", json!(format!("{ISSUER}/")))])),
        ("the issuer in capitals", access_token(&[("iss", json!(ISSUER.to_uppercase()))])),
        ("another audience", access_token(&[("aud", json!("viewer-api"))])),
        ("an audience that begins alike", access_token(&[("aud", json!(format!("{AUDIENCE}-2")))])),
        ("several audiences", access_token(&[("aud", json!([AUDIENCE, "viewer-api"]))])),
        ("no audience", access_token(&[("aud", Value::Null)])),
        ("a beginning that is null", access_token(&[("nbf", Value::Null)])),
        ("a key that is null", access_token(&[("cnf", Value::Null)])),
        ("no end", access_token(&[("exp", Value::Null)])),
        ("an end that is text", access_token(&[("exp", json!((NOW + 3600).to_string()))])),
        ("an end in the distance", access_token(&[("exp", json!(1e30))])),
        ("an unknown kind", access_token(&[("kind", json!("root"))])),
        ("a stored kind, signed", access_token(&[("kind", json!("secret"))])),
        ("a publishable kind, signed", access_token(&[("kind", json!("publishable"))])),
        ("a bundle's kind in an access token", access_token(&[("kind", json!("bundle"))])),
        ("a bundle's type on an access token", signer().document(JwtType::Bundle, &claims())),
        (
            "a bundle that is called an access token",
            format!("{header}.{payload}.{}", signer().sign(&bundle_header, payload).rsplit('.').next().unwrap()),
        ),
        (
            "a grant of another shape",
            access_token(&[("grants", json!([{ "tenant": "*", "scopes": ["*"], "extra": 1 }]))]),
        ),
        ("a scope that is none", access_token(&[("grants", json!([{ "tenant": ORGANIZATION, "scopes": ["floor"] }]))])),
        ("claims twice", raw(&claims().to_string().replacen('{', r#"{"aud":"floor-api","#, 1))),
        ("a payload that is no JSON", raw("claims")),
        ("a payload that is a list", raw("[]")),
        ("an empty payload", raw("")),
        ("a payload with something behind", raw(&format!("{} {{}}", claims()))),
        ("a payload that is not UTF-8", signer().sign(header, &encoded(b"{\"iss\":\"\xff\"}"))),
        ("a document over the limit", large),
        ("a stored token that is unknown", generate(TokenKind::Secret).expose_secret().into()),
        ("a stored token with a typo", "dp_sec_0123456789ABCDEFGHIJKLMNabcdefgh1Itn3S".into()),
        ("a stored token, cut", "dp_sec_0123456789ABCDEFGHIJKLMNabcdefgh".into()),
        ("a stored token's prefix", "dp_sec_".into()),
        ("an unknown prefix", "ghp_0123456789ABCDEFGHIJKLMNabcdefgh1Itn3R".into()),
        ("a stored token whose record is of another kind", MISLABELLED.into()),
        ("some text", "hunter2".into()),
        ("text that is not ASCII", "dp_sec_ä.ö.ü".into()),
        ("a null character", "\0".into()),
        ("a long text", "x".repeat(100_000)),
    ]
}

/// A whole token, which the store of [`judge`] has under another kind.
const MISLABELLED: &str = "dp_pub_0123456789ABCDEFGHIJKLMNabcdefgh1KhsRu";

/// A verifier that knows a key and a few stored tokens.
fn judge() -> Verifier {
    let mut store = Store::default();
    store.add(record(TokenKind::Secret));
    store.add_as(MISLABELLED, record(TokenKind::Secret));
    verifier().keys(signer().keys()).introspector(store)
}

/// The same bytes by another text: the last of 86 characters holds two bits, the rest of it is zero.
fn leftover_bits(document: &str) -> String {
    const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = document.split_at(document.len() - 1);
    let next = ALPHABET.find(last).unwrap() + 1;
    format!("{rest}{}", &ALPHABET[next..=next])
}

/// The same signature with the group's order added to its second half (RFC 8032, 8.4).
fn malleated(document: &str) -> String {
    use base64ct::{Base64UrlUnpadded, Encoding};
    const ORDER: [u8; 32] = [
        0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14, 0, 0, 0, 0, 0,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
    ];
    let (rest, signature) = document.rsplit_once('.').unwrap();
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
async fn row_30_whatever_is_not_genuine_is_refused_in_one_way_wherever_it_was() {
    let judge = judge();
    assert!(bearer(&judge, &access_token(&[])).await.is_ok(), "what is forged below is good");
    for (what, text) in forgeries() {
        for location in [
            TokenLocation::Bearer,
            TokenLocation::Query,
            TokenLocation::ApiKey,
            TokenLocation::ApiToken,
            TokenLocation::AlSecretToken,
        ] {
            for origin in [OriginHeader::None, OriginHeader::One(SITE), OriginHeader::One("null"), OriginHeader::Odd] {
                let credentials = Credentials::new(&text, location).with_origin(origin);
                let refused = judge.verify(&credentials, None).await.err();
                assert_eq!(refused, Some(Error::InvalidToken), "{what}, by {location:?} from {origin:?}");
            }
        }
    }
}

/// What is logged, shared with the subscriber that logs it.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().write(line)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_log_says_for_whom_a_well_signed_token_is_and_for_whom_it_should_be() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let judge = judge();
    for (claim, seen, expected) in
        [("iss", "https://other.example", ISSUER), ("aud", "viewer-api", AUDIENCE), ("aud", "Floor-API", AUDIENCE)]
    {
        let text = access_token(&[(claim, json!(seen))]);
        assert_eq!(bearer(&judge, &text).await.err(), Some(Error::InvalidToken));
        let logged = String::from_utf8(std::mem::take(&mut *log.0.lock().unwrap())).unwrap();
        assert!(logged.contains(" WARN ") && logged.contains(seen) && logged.contains(expected), "{logged}");
        assert!(text.split('.').all(|part| !logged.contains(part)), "{logged}");
    }
    // Whoever cannot sign cannot fill the log.
    let mut foreign = claims();
    foreign["aud"] = json!("viewer-api");
    let forged = Signer::new("k1", 2).document(JwtType::AccessToken, &foreign);
    for text in [access_token(&[]).as_str(), &forged] {
        bearer(&judge, text).await.ok();
    }
    assert_eq!(log.0.lock().unwrap().len(), 0);
}

/// A look-up that knows which parents were revoked.
struct Feed(&'static str);

impl Introspector for Feed {
    fn find<'a>(&'a self, _: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
        Box::pin(async { Ok(None) })
    }

    fn is_revoked<'a>(&'a self, claims: &'a Claims) -> ResponseFuture<'a, bool> {
        Box::pin(async { Ok(claims.client_id == self.0) })
    }
}

#[tokio::test]
async fn a_signed_token_dies_with_its_parent_where_the_look_up_can_tell() {
    let with_keys = || verifier().keys(signer().keys());
    let text = access_token(&[]);
    let credentials = Credentials::new(&text, TokenLocation::Bearer);
    for (verifier, expected) in [
        (with_keys().introspector(Feed("sec_1")), Err(Error::TokenRevoked)),
        (with_keys().introspector(Feed("sec_2")), Ok(())),
        (with_keys().introspector(Store::default()), Ok(())),
        (with_keys().introspector(Down), Err(Error::Unavailable)),
    ] {
        assert_eq!(bearer(&verifier, &text).await.map(|_| ()), expected);
        let described = verifier.describe(&credentials).await.map(|described| described.revoked);
        assert_eq!(described.ok(), (expected != Err(Error::Unavailable)).then_some(expected.is_err()));
    }
}

#[tokio::test]
async fn no_document_with_one_character_changed_or_cut_is_genuine() {
    let judge = judge();
    let good = access_token(&[]);
    for at in 0..good.len() {
        for to in ["A", "B", "_", ".", "="] {
            let changed = format!("{}{to}{}", &good[..at], &good[at + 1..]);
            if changed != good {
                assert_eq!(bearer(&judge, &changed).await.err(), Some(Error::InvalidToken), "{to} at {at}");
            }
        }
        assert_eq!(bearer(&judge, &good[..at]).await.err(), Some(Error::InvalidToken), "cut at {at}");
    }
}

#[tokio::test]
async fn row_30_a_key_counts_while_it_is_published() {
    let (old, new) = (Signer::new("k1", 1), Signer::new("k2", 2));
    let text = |signer: &Signer| signer.document(JwtType::AccessToken, &claims());
    let cases = [
        (vec![old.jwk()], true, false),
        (vec![old.jwk(), new.jwk()], true, true),
        (vec![new.jwk()], false, true),
        (vec![], false, false),
    ];
    for (keys, old_counts, new_counts) in cases {
        let verifier = verifier().keys(StaticKeys::from(&Jwks { keys }));
        assert_eq!(bearer(&verifier, &text(&old)).await.is_ok(), old_counts);
        assert_eq!(bearer(&verifier, &text(&new)).await.is_ok(), new_counts);
    }
}

#[tokio::test]
async fn a_key_that_is_no_point_or_not_for_signing_verifies_nothing() {
    let good = signer().jwk();
    for (x, usage) in
        [(good.x.clone(), "enc"), (encoded([0xff; 32]), "sig"), (encoded([0; 31]), "sig"), (String::new(), "sig")]
    {
        let keys = StaticKeys::from(&Jwks { keys: vec![daypass::jwt::Jwk { x, usage: usage.into(), ..good.clone() }] });
        assert_eq!(bearer(&verifier().keys(keys), &access_token(&[])).await.err(), Some(Error::InvalidToken));
    }
}

#[tokio::test]
async fn a_verifier_without_keys_or_look_up_takes_no_token_of_that_form() {
    let (text, with_lookup) = stored(record(TokenKind::Secret));
    assert_eq!(bearer(&with_lookup, &access_token(&[])).await.err(), Some(Error::InvalidToken));
    assert_eq!(bearer(&verifier().keys(signer().keys()), &text).await.err(), Some(Error::InvalidToken));
}

#[tokio::test]
async fn row_22_nothing_passes_while_keys_or_store_are_away() {
    let verifier = verifier().keys(Down).introspector(Down);
    let whole = generate(TokenKind::Secret);
    for text in [access_token(&[]).as_str(), whole.expose_secret()] {
        assert_eq!(bearer(&verifier, text).await.err(), Some(Error::Unavailable));
    }
    // What cannot be a token is not asked for.
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
