//! The whole decision. The numbers are the rows of the threat table.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "the names of the tests say what they hold; a panic is a failure")]

mod common;

use std::io;
use std::sync::{Arc, Mutex};

use common::{AUDIENCE, Down, ISSUER, NOW, ORGANIZATION, SITE, Signer, Store, claims, encoded, record, verifier};
use daypass::signed::{DocumentType, Jwks, MAX_DOCUMENT};
use daypass::verify::{
    Access, Answer, Carrier, Credential, Lookup, MAX_LEEWAY, Presented, SeenOrigin, StaticKeys, Verifier,
};
use daypass::wire::{Claims, TokenRecord};
use daypass::{Denied, Need, Resource, Scope, TokenKind, TokenText};
use serde_json::{Value, json};

static READ_PUBLIC: Scope = Scope::literal("floor:readPublic");
static READ_PRIVATE: Scope = Scope::literal("floor:readPrivate");

fn signer() -> Signer {
    Signer::new("k1", 1)
}

/// A stored token and a verifier that knows it.
fn stored(record: TokenRecord) -> (String, Verifier) {
    let mut store = Store::default();
    let text = store.add(record);
    (text, verifier().lookup(store))
}

fn access_token(changes: &[(&str, Value)]) -> String {
    let mut claims = claims();
    for (name, value) in changes {
        claims[*name] = value.clone();
    }
    signer().document(DocumentType::AccessToken, &claims)
}

async fn bearer(verifier: &Verifier, text: &str) -> Result<Access, Denied> {
    verifier.verify(&Presented::new(text, Carrier::Bearer), None).await
}

#[tokio::test]
async fn row_1_no_token_is_missing_and_two_are_a_wrong_request() {
    let (text, verifier) = stored(record(TokenKind::Secret));
    assert_eq!(verifier.verify(&Presented::default(), None).await.unwrap_err(), Denied::MissingToken);
    let credential = Credential { text: text.as_bytes(), carrier: Carrier::Bearer };
    // Even the same one twice: which of them counts must not be a matter of taste.
    for other in [credential, Credential { text: b"", carrier: Carrier::Query }] {
        let presented = Presented::default().and(credential).and(other);
        assert!(matches!(verifier.verify(&presented, None).await, Err(Denied::InvalidRequest(_))));
    }
    assert!(bearer(&verifier, &text).await.is_ok());
}

#[tokio::test]
async fn rows_2_4_and_5_a_publishable_token_works_on_its_origins_only() {
    let (text, verifier) = stored(record(TokenKind::Publishable));
    let allowed = ["https://northlight.example", SITE, "http://a.b.northlight.example:3000"];
    let foreign = [
        "null",
        "",
        "https://elsewhere.example",
        "https://evilnorthlight.example",
        "https://northlight.example.evil.example",
        "https://www.northlight.example.evil.example",
        "https://northlight.examples",
        "https://northlight.example.",
        "https://NORTHLIGHT.example",
        "https://northlıght.example",
        "https://xn--northlght-xpb.example",
        "https://northlight.example/",
        "https://northlight.example/embed",
        "https://ana@northlight.example",
        "https://northlight.example@evil.example",
        "https://northlight.example:443",
        "https://northlight.example:99999",
        "https://northlight.example https://evil.example",
        "northlight.example",
        "file://northlight.example",
        "chrome-extension://northlight.example",
        "https://*.northlight.example",
    ];
    for origin in allowed {
        for carrier in [Carrier::Query, Carrier::Bearer] {
            let presented = Presented::new(&text, carrier).from_origin(origin);
            assert!(verifier.verify(&presented, None).await.is_ok(), "{origin}");
        }
    }
    for origin in foreign {
        let presented = Presented::new(&text, Carrier::Query).from_origin(origin);
        assert_eq!(verifier.verify(&presented, None).await.unwrap_err(), Denied::OriginNotAllowed(origin.into()));
    }
    let without = |origin| Presented::new(&text, Carrier::Query).with_origin(origin);
    assert_eq!(verifier.verify(&without(SeenOrigin::None), None).await.unwrap_err(), Denied::OriginRequired);
    assert!(matches!(verifier.verify(&without(SeenOrigin::Odd), None).await, Err(Denied::InvalidRequest(_))));
}

#[tokio::test]
async fn row_2_the_origin_in_a_refusal_is_cut_and_has_no_control_characters() {
    let (text, verifier) = stored(record(TokenKind::Publishable));
    let origin = format!("https://a\r\n\t{}", "x".repeat(5000));
    match verifier.verify(&Presented::new(&text, Carrier::Query).from_origin(&origin), None).await {
        Err(Denied::OriginNotAllowed(seen)) => assert!(seen.len() <= 260 && !seen.contains(char::is_control)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_publishable_token_without_origins_works_nowhere() {
    let (text, verifier) = stored(TokenRecord { origins: vec![], ..record(TokenKind::Publishable) });
    for origin in [SITE, "null", "http://localhost"] {
        let presented = Presented::new(&text, Carrier::Query).from_origin(origin);
        assert_eq!(verifier.verify(&presented, None).await.unwrap_err(), Denied::OriginNotAllowed(origin.into()));
    }
}

#[tokio::test]
async fn row_3_a_forged_origin_reaches_what_the_token_holds_and_no_more() {
    let (text, verifier) = stored(TokenRecord {
        grants: vec![daypass::Grant {
            scopes: [READ_PUBLIC.clone()].into_iter().collect(),
            ..common::grants().remove(0)
        }],
        ..record(TokenKind::Publishable)
    });
    let presented = Presented::new(&text, Carrier::Query).from_origin(SITE);
    let need = |scope| Need::new(scope, ORGANIZATION);
    assert!(verifier.verify(&presented, Some(&need(&READ_PUBLIC))).await.is_ok());
    let refused = verifier.verify(&presented, Some(&need(&READ_PRIVATE))).await.unwrap_err();
    assert_eq!(refused, Denied::InsufficientScope(READ_PRIVATE.clone()));
}

#[tokio::test]
async fn a_browser_may_hold_a_temporary_token_but_none_that_is_for_backends() {
    for kind in TokenKind::ALL {
        let (text, verifier) = match kind {
            TokenKind::Temporary | TokenKind::OauthAccess => {
                (access_token(&[("kind", json!(kind))]), verifier().keys(signer().keys()))
            }
            kind => stored(record(kind)),
        };
        let result = verifier.verify(&Presented::new(&text, Carrier::Bearer).from_origin(SITE), None).await;
        match kind {
            TokenKind::Secret | TokenKind::Personal | TokenKind::Application => {
                assert_eq!(result.unwrap_err(), Denied::SecretInBrowser(kind));
                assert!(bearer(&verifier, &text).await.is_ok(), "{kind}");
            }
            // Nowhere but at the authorization server.
            TokenKind::OauthRefresh => assert_eq!(result.unwrap_err(), Denied::KindNotAccepted(kind)),
            kind => assert_eq!(result.unwrap().kind(), kind),
        }
    }
}

#[tokio::test]
async fn a_temporary_token_for_some_origins_is_refused_on_others() {
    let verifier = verifier().keys(signer().keys());
    let text = access_token(&[("origins", json!(["northlight.example"]))]);
    let on = |origin| Presented::new(&text, Carrier::Bearer).with_origin(origin);
    assert!(verifier.verify(&on(SeenOrigin::One("https://northlight.example")), None).await.is_ok());
    for origin in [SITE, "null", "https://elsewhere.example"] {
        let refused = verifier.verify(&on(SeenOrigin::One(origin)), None).await.unwrap_err();
        assert_eq!(refused, Denied::OriginNotAllowed(origin.into()));
    }
    // Not from a browser across origins, which would have said where it is.
    assert!(verifier.verify(&on(SeenOrigin::None), None).await.is_ok());
}

#[tokio::test]
async fn row_7_a_scope_tenant_or_resource_beyond_the_token_is_refused_with_the_scope_needed() {
    let mut record = record(TokenKind::Secret);
    record.grants[0].resources = vec![Resource { kind: "floor".into(), id: "f1".into() }];
    let (text, verifier) = stored(record);
    let update = Scope::literal("floor:update");
    let cases = [
        (Need::new(&READ_PRIVATE, ORGANIZATION).of("f1"), true),
        (Need::new(&READ_PRIVATE, ORGANIZATION).of("f2"), false),
        (Need::new(&READ_PRIVATE, ORGANIZATION), false),
        (Need::new(&READ_PRIVATE, "org_other").of("f1"), false),
        (Need::new(&update, ORGANIZATION).of("f1"), false),
    ];
    for (need, expected) in cases {
        let result = verifier.verify(&Presented::new(&text, Carrier::Bearer), Some(&need)).await.map(|_| ());
        let refused = Denied::InsufficientScope(need.scope().clone());
        assert_eq!(result, if expected { Ok(()) } else { Err(refused) }, "{need:?}");
    }
    // The same asked of the access, which has no "any tenant".
    let access = bearer(&verifier, &text).await.unwrap();
    assert_eq!(access.require(&READ_PRIVATE).on(ORGANIZATION).of("f1").check(), Ok(()));
    assert_eq!(
        access.require(&update).on(ORGANIZATION).of("f1").check(),
        Err(Denied::InsufficientScope(update.clone()))
    );
    assert!(access.require(&READ_PRIVATE).on("*").of("f1").check().is_err());
    // To name something of another type is not to name the floor, and neither name takes the other's place.
    let on_site = || access.require(&READ_PRIVATE).on(ORGANIZATION).of_type("site", "s1");
    assert!(on_site().check().is_err());
    assert!(on_site().of("f2").check().is_err());
    assert!(on_site().of("f1").check().is_ok());
    assert!(access.require(&READ_PRIVATE).on(ORGANIZATION).of("f2").of_type("site", "s1").check().is_err());
}

#[tokio::test]
async fn row_14_a_signed_token_lives_from_its_start_to_its_end_and_a_little_leeway() {
    // now, leeway asked for, leeway given
    for (asked, given) in [(0, 0), (10, 10), (60, 60), (61, MAX_LEEWAY), (u64::MAX, MAX_LEEWAY)] {
        let cases = [
            (NOW - given - 1, Err(Denied::TokenNotYetValid)),
            (NOW - given, Ok(())),
            (NOW, Ok(())),
            (NOW + 3600 + given - 1, Ok(())),
            (NOW + 3600 + given, Err(Denied::TokenExpired)),
            (NOW + 1_000_000, Err(Denied::TokenExpired)),
            (0, Err(Denied::TokenNotYetValid)),
            (u64::MAX, Err(Denied::TokenExpired)),
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
        (json!({ "nbf": NOW + 1 }), Err(Denied::TokenNotYetValid)),
        (json!({ "nbf": NOW, "iat": NOW + 1 }), Err(Denied::TokenNotYetValid)),
        (json!({ "nbf": NOW - 1, "iat": NOW }), Ok(())),
        (json!({ "iat": max, "exp": max }), Err(Denied::TokenNotYetValid)),
        // A day is the longest life that was ever given.
        (json!({ "iat": NOW, "exp": NOW + 86_400 }), Ok(())),
        (json!({ "iat": NOW, "exp": NOW + 86_401 }), Err(Denied::InvalidToken)),
        (json!({ "iat": 0, "exp": max }), Err(Denied::InvalidToken)),
        (json!({ "iat": 0, "exp": 0 }), Err(Denied::TokenExpired)),
        // An end before the start is never alive.
        (json!({ "nbf": NOW + 10, "exp": NOW - 10 }), Err(Denied::TokenExpired)),
    ];
    let verifier = verifier().keys(signer().keys());
    for (times, expected) in cases {
        let mut claims = claims();
        claims.as_object_mut().unwrap().extend(times.as_object().unwrap().clone());
        let text = signer().document(DocumentType::AccessToken, &claims);
        assert_eq!(bearer(&verifier, &text).await.map(|_| ()), expected, "{times}");
        let at_the_end_of_time = verifier.clone().leeway(60).clock(move || max);
        let at_the_end =
            if expected == Err(Denied::InvalidToken) { Denied::InvalidToken } else { Denied::TokenExpired };
        assert_eq!(bearer(&at_the_end_of_time, &text).await.err(), Some(at_the_end), "{times}");
    }
}

#[tokio::test]
async fn a_stored_token_ends_to_the_second_and_revocation_counts_first() {
    let cases = [
        (None, None, Ok(())),
        (Some(NOW + 1), None, Ok(())),
        (Some(NOW), None, Err(Denied::TokenExpired)),
        (Some(NOW - 30), None, Err(Denied::TokenExpired)),
        (None, Some(NOW - 1), Err(Denied::TokenRevoked)),
        (None, Some(NOW + 100), Err(Denied::TokenRevoked)),
        (Some(NOW - 30), Some(NOW - 60), Err(Denied::TokenRevoked)),
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
        [(NOW + MAX_LEEWAY, Ok(())), (NOW + MAX_LEEWAY + 1, Err(Denied::TokenNotYetValid)), (0, Ok(()))]
    {
        let (text, verifier) = stored(TokenRecord { created_at, ..record(TokenKind::Secret) });
        assert_eq!(bearer(&verifier, &text).await.map(|_| ()), expected, "{created_at}");
    }
}

#[tokio::test]
async fn a_page_that_may_not_use_a_token_learns_nothing_of_its_life() {
    for (expires_at, revoked_at) in [(Some(NOW - 1), None), (None, Some(NOW - 1))] {
        let (text, verifier) = stored(TokenRecord { expires_at, revoked_at, ..record(TokenKind::Publishable) });
        let presented = Presented::new(&text, Carrier::Query).from_origin("https://elsewhere.example");
        assert!(matches!(verifier.verify(&presented, None).await, Err(Denied::OriginNotAllowed(_))));
    }
}

/// Everything that is forged, cut or meant for somebody else, by what is wrong with it.
fn forgeries() -> Vec<(&'static str, String)> {
    let good = access_token(&[]);
    let [header, payload, signature]: [&str; 3] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
    let with_header = |json: &str| signer().sign(&encoded(json), payload);
    let raw = |payload: &str| signer().sign(header, &encoded(payload));
    let other = access_token(&[("jti", json!("tmp_2"))]);
    let other_payload = other.split('.').nth(1).unwrap();
    let bundle_header = DocumentType::Bundle.header("k1");
    let large = access_token(&[("padding", json!("x".repeat(MAX_DOCUMENT)))]);
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
        ("another key under the same name", Signer::new("k1", 2).document(DocumentType::AccessToken, &claims())),
        ("a key that is not known", Signer::new("k2", 2).document(DocumentType::AccessToken, &claims())),
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
        ("no end", access_token(&[("exp", Value::Null)])),
        ("an end that is text", access_token(&[("exp", json!((NOW + 3600).to_string()))])),
        ("an end in the distance", access_token(&[("exp", json!(1e30))])),
        ("an unknown kind", access_token(&[("kind", json!("root"))])),
        ("a stored kind, signed", access_token(&[("kind", json!("secret"))])),
        ("a publishable kind, signed", access_token(&[("kind", json!("publishable"))])),
        ("a bundle's kind in an access token", access_token(&[("kind", json!("bundle"))])),
        ("a bundle's type on an access token", signer().document(DocumentType::Bundle, &claims())),
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
        ("a stored token that is unknown", TokenText::generate(TokenKind::Secret).unwrap().expose_secret().into()),
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
    verifier().keys(signer().keys()).lookup(store)
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
        for carrier in [Carrier::Bearer, Carrier::Query, Carrier::ApiKey, Carrier::ApiToken, Carrier::AlSecretToken] {
            for origin in [SeenOrigin::None, SeenOrigin::One(SITE), SeenOrigin::One("null"), SeenOrigin::Odd] {
                let presented = Presented::new(&text, carrier).with_origin(origin);
                let refused = judge.verify(&presented, None).await.err();
                assert_eq!(refused, Some(Denied::InvalidToken), "{what}, by {carrier:?} from {origin:?}");
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
        assert_eq!(bearer(&judge, &text).await.err(), Some(Denied::InvalidToken));
        let logged = String::from_utf8(std::mem::take(&mut *log.0.lock().unwrap())).unwrap();
        assert!(logged.contains(" WARN ") && logged.contains(seen) && logged.contains(expected), "{logged}");
        assert!(text.split('.').all(|part| !logged.contains(part)), "{logged}");
    }
    // Whoever cannot sign cannot fill the log.
    let mut foreign = claims();
    foreign["aud"] = json!("viewer-api");
    let forged = Signer::new("k1", 2).document(DocumentType::AccessToken, &foreign);
    for text in [access_token(&[]).as_str(), &forged] {
        bearer(&judge, text).await.ok();
    }
    assert_eq!(log.0.lock().unwrap().len(), 0);
}

/// A look-up that knows which parents were revoked.
struct Feed(&'static str);

impl Lookup for Feed {
    fn find<'a>(&'a self, _: &'a TokenText) -> Answer<'a, Option<TokenRecord>> {
        Box::pin(async { Ok(None) })
    }

    fn is_revoked<'a>(&'a self, claims: &'a Claims) -> Answer<'a, bool> {
        Box::pin(async { Ok(claims.client_id == self.0) })
    }
}

#[tokio::test]
async fn a_signed_token_dies_with_its_parent_where_the_look_up_can_tell() {
    let with_keys = || verifier().keys(signer().keys());
    let text = access_token(&[]);
    let presented = Presented::new(&text, Carrier::Bearer);
    for (verifier, expected) in [
        (with_keys().lookup(Feed("sec_1")), Err(Denied::TokenRevoked)),
        (with_keys().lookup(Feed("sec_2")), Ok(())),
        (with_keys().lookup(Store::default()), Ok(())),
        (with_keys().lookup(Down), Err(Denied::Unavailable)),
    ] {
        assert_eq!(bearer(&verifier, &text).await.map(|_| ()), expected);
        let described = verifier.describe(&presented).await.map(|described| described.revoked);
        assert_eq!(described.ok(), (expected != Err(Denied::Unavailable)).then_some(expected.is_err()));
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
                assert_eq!(bearer(&judge, &changed).await.err(), Some(Denied::InvalidToken), "{to} at {at}");
            }
        }
        assert_eq!(bearer(&judge, &good[..at]).await.err(), Some(Denied::InvalidToken), "cut at {at}");
    }
}

#[tokio::test]
async fn row_30_a_key_counts_while_it_is_published() {
    let (old, new) = (Signer::new("k1", 1), Signer::new("k2", 2));
    let text = |signer: &Signer| signer.document(DocumentType::AccessToken, &claims());
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
        let keys =
            StaticKeys::from(&Jwks { keys: vec![daypass::signed::Jwk { x, usage: usage.into(), ..good.clone() }] });
        assert_eq!(bearer(&verifier().keys(keys), &access_token(&[])).await.err(), Some(Denied::InvalidToken));
    }
}

#[tokio::test]
async fn a_verifier_without_keys_or_look_up_takes_no_token_of_that_form() {
    let (text, with_lookup) = stored(record(TokenKind::Secret));
    assert_eq!(bearer(&with_lookup, &access_token(&[])).await.err(), Some(Denied::InvalidToken));
    assert_eq!(bearer(&verifier().keys(signer().keys()), &text).await.err(), Some(Denied::InvalidToken));
}

#[tokio::test]
async fn row_22_nothing_passes_while_keys_or_store_are_away() {
    let verifier = verifier().keys(Down).lookup(Down);
    let whole = TokenText::generate(TokenKind::Secret).unwrap();
    for text in [access_token(&[]).as_str(), whole.expose_secret()] {
        assert_eq!(bearer(&verifier, text).await.err(), Some(Denied::Unavailable));
    }
    // What cannot be a token is not asked for.
    for text in ["", "hunter2", "dp_sec_", MISLABELLED.trim_end_matches('u'), "a.b", &".".repeat(MAX_DOCUMENT + 1)] {
        assert_eq!(bearer(&verifier, text).await.err(), Some(Denied::InvalidToken), "{}", text.len());
    }
}

#[tokio::test]
async fn row_28_a_bundle_is_a_bundle_and_opens_what_it_grants() {
    let mut claims = claims();
    claims["kind"] = json!("bundle");
    claims["grants"] = json!([]);
    claims["parameters"] = json!({ "file": "second" });
    let text = signer().document(DocumentType::Bundle, &claims);
    let access = bearer(&judge(), &text).await.unwrap();
    assert_eq!(access.kind(), TokenKind::Bundle);
    assert!(access.require(&READ_PUBLIC).on(ORGANIZATION).check().is_err());
}

#[tokio::test]
async fn an_access_tells_what_the_token_is() {
    let text = access_token(&[("origins", json!(["northlight.example"]))]);
    let access = bearer(&judge(), &text).await.unwrap();
    assert_eq!((access.kind(), access.id(), access.parent()), (TokenKind::Temporary, "tmp_1", Some("sec_1")));
    assert_eq!((access.organization(), access.expires_at()), (ORGANIZATION, Some(NOW + 3600)));
    assert_eq!(
        (access.grants(), access.scopes().to_string()),
        (&common::grants()[..], "floor:readPrivate floor:readPublic".into())
    );
    assert_eq!(format!("{:?}", access.origins()), "[northlight.example]");

    let (text, verifier) = stored(TokenRecord { expires_at: Some(NOW + 5), ..record(TokenKind::Personal) });
    let access = bearer(&verifier, &text).await.unwrap();
    assert_eq!((access.kind(), access.id(), access.parent()), (TokenKind::Personal, "personal_1", None));
    assert_eq!((access.organization(), access.expires_at()), (ORGANIZATION, Some(NOW + 5)));
}

#[tokio::test]
async fn row_19_nothing_that_holds_a_token_shows_it() {
    let (text, verifier) = stored(record(TokenKind::Publishable));
    let presented = Presented::new(&text, Carrier::Query).from_origin(SITE);
    let access = verifier.verify(&presented, None).await.unwrap();
    let refused = verifier.verify(&Presented::new(&text, Carrier::ApiKey), None).await.unwrap_err();
    let shown = format!("{presented:?} {:?} {access:?} {refused:?} {refused}", presented.credential());
    assert!(!shown.contains(&text[7..]) && shown.contains("carrier"));
}
