use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::api::RevocationTarget;
use daypass::jwt::{Claims, Confirmation};
use daypass::verify::{Credentials, TokenLocation};
use daypass::{Error, Scope, TokenKind, UnknownPage};
use serde_json::{Value, json};

use super::running::{Daypass, FLOOR_READ, expect_error, now, payload_of, send, to_text};

const PATH: &str = "/v2/temporary-access-token/create";

#[tokio::test]
async fn an_api_verifies_it_with_the_published_keys() {
    let daypass = Daypass::start();
    let (secret, id) = daypass.create_secret().await;
    let body =
        json!({"scopes": ["floor:readPrivate:f1", {"resource": "floor", "action": "export"}], "durationSeconds": 900});
    let (status, minted) = send(daypass.post(PATH).bearer_auth(&secret).json(&body)).await;
    assert_eq!(status, 200, "{}", minted["message"]);
    assert_eq!(minted.as_object().map(serde_json::Map::len), Some(2), "{minted}");
    let end = minted["expiresAt"].as_u64().expect("a time");
    assert!((now() + 895..=now() + 900).contains(&end));

    let authorization = to_text(&minted["authorization"]);
    let token = authorization.strip_prefix("Bearer ").expect("a bearer token");
    let credentials = Credentials::new(token, TokenLocation::Bearer).from_origin("https://any.example");
    let access = daypass.create_verifier().await.verify(&credentials, None).await.expect("access");
    assert_eq!((access.kind(), access.parent(), access.expires_at()), (TokenKind::Temporary, Some(&*id), Some(end)));
    assert_eq!(access.scopes().to_string(), "floor:export floor:readPrivate:f1");
    let organization = access.organization();
    assert_eq!(Some(organization), daypass.line["organization"].as_str());
    let scope = Scope::literal(FLOOR_READ);
    assert!(access.require(&scope).tenant(organization).resource("f1").is_met());
    assert!(!access.require(&scope).tenant(organization).resource("f2").is_met());
    assert!(!access.require(&scope).tenant("org_other").resource("f1").is_met());
}

#[tokio::test]
async fn it_is_bound_to_the_key_that_was_named() {
    let daypass = Daypass::start();
    // The thumbprint in RFC 9449, section 6.1.
    let jkt = "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I";
    let mint = |jkt: &str| {
        let body = json!({"scopes": [FLOOR_READ], "dpopJkt": jkt});
        daypass.post(PATH).bearer_auth(&daypass.admin).json(&body)
    };
    let (status, minted) = send(mint(jkt)).await;
    assert_eq!(status, 200, "{}", minted["message"]);
    let authorization = to_text(&minted["authorization"]);
    let token = authorization.strip_prefix("DPoP ").expect("a bound token");
    let payload = Base64UrlUnpadded::decode_vec(token.split('.').nth(1).expect("a payload")).expect("base64url");
    let claims: Claims = serde_json::from_slice(&payload).expect("claims");
    assert_eq!(claims.cnf, Some(Confirmation { jkt: jkt.into() }));
    // It can be revoked without the key.
    daypass.revoke_by_text(token).await;
    let entries = daypass.read_page(&daypass.admin, 0).await.revocations;
    assert_eq!(entries[0].target, RevocationTarget::Jwt { jti: claims.jti });

    for wrong in ["", "x", &jkt[1..], &format!("{jkt}A"), &format!("{}J", &jkt[..42]), &jkt.replace('-', "+")] {
        let message = expect_error(mint(wrong), 400, "invalid_request").await;
        assert!(message.contains("RFC 7638"), "{message}");
    }
    let misspelt = json!({"scopes": [FLOOR_READ], "dpop_jkt": jkt});
    expect_error(daypass.post(PATH).bearer_auth(&daypass.admin).json(&misspelt), 400, "invalid_body").await;
}

#[tokio::test]
async fn it_keeps_its_parents_resource_limits() {
    let daypass = Daypass::start();
    let body = json!({"kind": "secret", "name": "n", "scopes": [FLOOR_READ, "extension:query"],
        "resources": [{"type": "floor", "id": "f1"}]});
    let (secret, _) = daypass.create_token(body).await;
    let token = daypass.create_temporary(&secret).await;
    let verifier = daypass.create_verifier().await;
    let access = verifier.verify(&Credentials::new(&token, TokenLocation::Bearer), None).await.expect("access");
    assert_eq!(access.grants().len(), 1);
    assert_eq!(access.grants()[0].scopes.to_string(), FLOOR_READ);
    assert_eq!(access.grants()[0].resources[0].id, "f1");
}

#[tokio::test]
async fn its_lifetime_has_limits() {
    let daypass = Daypass::start();
    let (secret, _) = daypass.create_secret().await;
    let (ending, _) = daypass.create_token(json!({"kind": "secret", "name": "n", "expiresAt": now() + 1800})).await;
    for (token, duration, expected) in [
        (&secret, json!(900), 900),
        (&secret, json!(86_400), 86_400),
        (&secret, Value::Null, 3600),
        (&ending, json!(1500), 1500),
    ] {
        let body = json!({"scopes": [FLOOR_READ], "durationSeconds": duration});
        let (status, minted) = send(daypass.post(PATH).bearer_auth(token).json(&body)).await;
        let end = minted["expiresAt"].as_u64().unwrap_or_default();
        assert!(status == 200 && (now() + expected - 5..=now() + expected).contains(&end), "{body}: {minted}");
    }
    for (token, duration, code) in [
        (&secret, "899", "duration_out_of_range"),
        (&secret, "0", "duration_out_of_range"),
        (&secret, "86401", "duration_out_of_range"),
        (&secret, "18446744073709551615", "duration_out_of_range"),
        (&secret, "18446744073709551616", "invalid_body"),
        (&secret, "1e400", "invalid_body"),
        (&secret, "-900", "invalid_body"),
        (&secret, "900.5", "invalid_body"),
        (&secret, "\"900\"", "invalid_body"),
        (&secret, "[900]", "invalid_body"),
        (&ending, "1801", "duration_out_of_range"),
        (&ending, "null", "duration_out_of_range"),
    ] {
        let body = format!(r#"{{"scopes":["{FLOOR_READ}"],"durationSeconds":{duration}}}"#);
        let request = daypass.post(PATH).bearer_auth(token).header("content-type", "application/json").body(body);
        expect_error(request, 400, code).await;
    }
}

#[tokio::test]
async fn an_operator_can_allow_shorter_lifetimes_or_require_longer_ones() {
    for (least, default) in [("5", 3600), ("7200", 7200)] {
        let daypass = Daypass::start_with(&["--temporary-min-seconds", least]);
        for (body, expected) in [
            (json!({"scopes": [FLOOR_READ]}), default),
            (
                json!({"scopes": [FLOOR_READ], "durationSeconds": least.parse::<u64>().expect("a number")}),
                least.parse().expect("a number"),
            ),
        ] {
            let (status, minted) = send(daypass.post(PATH).bearer_auth(&daypass.admin).json(&body)).await;
            let end = minted["expiresAt"].as_u64().unwrap_or_default();
            assert!(status == 200 && (now() + expected - 3..=now() + expected).contains(&end), "{body}: {minted}");
        }
    }
}

#[tokio::test]
async fn its_scopes_are_among_its_parents_and_never_silently_fewer() {
    let daypass = Daypass::start();
    let (secret, _) =
        daypass.create_token(json!({"kind": "secret", "name": "n", "scopes": [FLOOR_READ, "floor:export:f1"]})).await;
    for (scopes, code, says) in [
        (json!(["floor:update"]), "invalid_scope", "floor:update"),
        (json!([FLOOR_READ, "floor:update"]), "invalid_scope", "floor:update"),
        (json!(["floor:export"]), "invalid_scope", "floor:export"),
        (json!(["floor:*"]), "invalid_scope", "floor:*"),
        (json!(["*"]), "invalid_scope", "*"),
        (json!(["floor:read"]), "invalid_scope", "floor:readPublic"),
        (json!(["floor:fly"]), "invalid_scope", "floor:fly"),
        (json!([]), "invalid_scope", "No scope"),
        (json!(["floor"]), "invalid_body", "`floor` is not a scope"),
        (json!([{"resource": "floor"}]), "invalid_body", "missing field `action`"),
        (json!(FLOOR_READ), "invalid_body", "expected a sequence"),
    ] {
        let message =
            expect_error(daypass.post(PATH).bearer_auth(&secret).json(&json!({"scopes": scopes})), 400, code).await;
        assert!(message.contains(says), "{scopes}: {message}");
    }
    for (body, says) in [
        (json!({}), "missing field `scopes`"),
        // A misspelt or unknown field must not give a token without it.
        (json!({"scopes": [FLOOR_READ], "durationSecond": 900}), "unknown field `durationSecond`"),
        (json!({"scopes": [FLOOR_READ], "resources": [{"type": "floor", "id": "f1"}]}), "unknown field `resources`"),
    ] {
        let message = expect_error(daypass.post(PATH).bearer_auth(&secret).json(&body), 400, "invalid_body").await;
        assert!(message.contains(says), "{message}");
    }
}

#[tokio::test]
async fn only_a_secret_token_outside_a_browser_mints() {
    let daypass = Daypass::start();
    let (secret, id) = daypass.create_secret().await;
    let (temporary, partner) = (daypass.create_temporary(&secret).await, daypass.create_partner().await);
    let origins = ["a.example"];
    let (publishable, _) = daypass.create_token(json!({"kind": "publishable", "name": "n", "origins": origins})).await;
    let post = || daypass.post(PATH).json(&json!({"scopes": ["floor:readPublic"]}));
    for token in [&temporary, &partner] {
        expect_error(post().bearer_auth(token), 403, "kind_not_accepted").await;
    }
    let from_page = post().bearer_auth(&publishable).header("origin", "https://a.example");
    expect_error(from_page, 403, "kind_not_accepted").await;
    expect_error(post().bearer_auth(&secret).header("origin", "https://a.example"), 403, "secret_in_browser").await;
    expect_error(post().query(&[("pubtoken", &secret)]), 400, "secret_in_query").await;

    let old_scheme = post().header("authorization", format!("AL-Secret-Token {secret}"));
    assert_eq!(send(old_scheme).await.0, 200);
    daypass.revoke(&id).await;
    expect_error(post().bearer_auth(&secret), 401, "token_revoked").await;
    daypass.execute(&format!("UPDATE token SET revoked_at = NULL, expires_at = 1 WHERE id = '{id}'"));
    expect_error(post().bearer_auth(&secret), 401, "token_expired").await;
}

#[tokio::test]
async fn a_token_too_long_for_verifiers_is_not_created() {
    let daypass = Daypass::start();
    let scopes: Vec<String> = (0..500).map(|floor| format!("{FLOOR_READ}:floor-number-{floor}")).collect();
    let request = daypass.post(PATH).bearer_auth(&daypass.admin).json(&json!({"scopes": scopes}));
    let message = expect_error(request, 400, "invalid_request").await;
    assert!(message.starts_with("The JWT would have ") && message.contains("the limit is 16384"), "{message}");
}

#[tokio::test]
async fn it_names_its_visitor_and_the_origins_that_may_use_it() {
    let daypass = Daypass::start();
    let body = json!({"scopes": [FLOOR_READ], "origins": ["https://Shop.Example", "*.bücher.example"],
        "subject": "visitor-7 🏠", "claims": {"plan": "gold", "sub": "org_other", "grants": "*"}});
    let (status, minted) = send(daypass.post(PATH).bearer_auth(&daypass.admin).json(&body)).await;
    assert_eq!(status, 200, "{}", minted["message"]);
    let authorization = to_text(&minted["authorization"]);
    let token = authorization.strip_prefix("Bearer ").expect("a bearer token");
    let payload = payload_of(token);
    assert_eq!(payload["origins"], json!(["https://shop.example", "*.xn--bcher-kva.example"]));
    assert_eq!((&payload["subject"], &payload["claims"]), (&body["subject"], &body["claims"]));

    let verifier = daypass.create_verifier().await;
    let credentials = Credentials::new(token, TokenLocation::Bearer);
    let access = verifier.verify(&credentials.from_origin("https://shop.example"), None).await.expect("access");
    assert_eq!(access.subject(), Some("visitor-7 🏠"));
    let claims: Vec<_> = access.claims().iter().map(|(name, text)| (&**name, &**text)).collect();
    assert_eq!(claims, [("grants", "*"), ("plan", "gold"), ("sub", "org_other")]);
    // Neither is a grant, a tenant or a claim of the service's.
    assert_eq!((access.organization(), access.scopes().to_string()), (&*daypass.organization(), FLOOR_READ.to_owned()));
    for (credentials, error) in [
        (credentials, Error::OriginRequired(UnknownPage::NoOrigin)),
        (credentials.from_origin("null"), Error::OriginNotAllowed("null".into())),
        (credentials.from_origin("http://shop.example"), Error::OriginNotAllowed("http://shop.example".into())),
    ] {
        assert_eq!(verifier.verify(&credentials, None).await.err(), Some(error));
    }

    // The subject is not `sub`: a resource server finds the organization by that.
    let (api, _) = daypass.create_token(json!({"kind": "secret", "name": "n", "scopes": ["token:introspect"]})).await;
    let (_, told) = send(daypass.post("/introspect").bearer_auth(&api).form(&[("token", token)])).await;
    assert_eq!((&told["active"], &told["sub"]), (&json!(true), &daypass.line["organization"]));
    for member in ["subject", "claims", "origins"] {
        assert_eq!(told[member], payload[member], "{member}");
    }
}

#[tokio::test]
async fn a_wrong_origin_subject_or_claim_is_refused_by_its_name() {
    let daypass = Daypass::start();
    let long = "x".repeat(2048);
    for (name, value, code) in [
        ("origins", json!([]), "invalid_request"),
        ("origins", json!(["*"]), "invalid_request"),
        ("origins", json!(["*.com"]), "invalid_request"),
        ("origins", json!(["https://a.example/path"]), "invalid_request"),
        ("origins", json!("a.example"), "invalid_body"),
        ("origins", json!([7]), "invalid_body"),
        ("subject", json!(""), "invalid_request"),
        ("subject", json!("v".repeat(257)), "invalid_request"),
        ("subject", json!("a\nb"), "invalid_request"),
        ("subject", json!(7), "invalid_body"),
        ("claims", json!({"k": long}), "invalid_request"),
        ("claims", json!({"k": {"nested": "v"}}), "invalid_body"),
        ("claims", json!({"k": 7}), "invalid_body"),
        ("claims", json!({"k": null}), "invalid_body"),
        ("claims", json!(["k"]), "invalid_body"),
        ("claims", Value::Null, "invalid_body"),
        ("claim", json!({}), "invalid_body"),
    ] {
        let body = json!({"scopes": [FLOOR_READ], name: value});
        let message = expect_error(daypass.post(PATH).bearer_auth(&daypass.admin).json(&body), 400, code).await;
        assert!(message.contains(name) && !message.contains(&long), "{body}: {message}");
    }
    let twice = format!(r#"{{"scopes":["{FLOOR_READ}"],"claims":{{"k":"a","k":"b"}}}}"#);
    let request = daypass.post(PATH).bearer_auth(&daypass.admin).header("content-type", "application/json").body(twice);
    let message = expect_error(request, 400, "invalid_body").await;
    assert!(message.contains("claims: the key `k` is there twice"), "{message}");
}

#[tokio::test]
async fn its_page_learns_that_its_origin_is_the_reason() {
    let daypass = Daypass::start();
    let body = json!({"scopes": [FLOOR_READ], "origins": ["shop.example"]});
    let (_, minted) = send(daypass.post(PATH).bearer_auth(&daypass.admin).json(&body)).await;
    for (origin, allowed) in [("https://shop.example", true), ("https://else.example", false)] {
        let own = daypass.get("/v2/access-token/self").header("origin", origin);
        let (status, told) = send(own.header("authorization", to_text(&minted["authorization"]))).await;
        let expected = (200, &json!(allowed), &json!(origin), &json!(["shop.example"]));
        assert_eq!((status, &told["originAllowed"], &told["originSeen"], &told["origins"]), expected);
    }
}
