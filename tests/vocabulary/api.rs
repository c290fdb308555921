//! The JSON on the wire as literal tables: names and units of the five systems, and ours.

use std::collections::BTreeMap;
use std::fmt::Debug;

use daypass::api::{
    BundleResponse, CreateBundleRequest, CreateTemporaryTokenRequest, CreateTokenRequest, Heartbeat,
    IntrospectionResponse, Revocation, RevocationPage, RevocationTarget, ServerMetadata, TemporaryTokenRequest,
    TemporaryTokenResponse, TokenDescription, TokenRecord, UpdateLimitsRequest, UpdateTokenRequest, duration,
};
use daypass::jwt::{Claims, Confirmation};
use daypass::{Grant, Resource, Scope, TokenKind};
use serde::Serialize;
use serde::de::DeserializeOwned;
use wasm_bindgen_test::wasm_bindgen_test;

/// Asserts that a value is this JSON, field by field in this order, and that this JSON is the value.
fn assert_json<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T, json: &str) {
    assert_eq!(serde_json::to_string(value).unwrap(), json);
    assert_eq!(&serde_json::from_str::<T>(json).unwrap(), value);
}

fn refused<T: DeserializeOwned>(json: &str) {
    assert!(serde_json::from_str::<T>(json).is_err(), "{json}");
}

fn grants() -> Vec<Grant> {
    let resources = vec![Resource { kind: "floor".into(), id: "f1".into() }];
    vec![Grant {
        tenant: "org_1".into(),
        scopes: [Scope::literal("floor:readPrivate")].into_iter().collect(),
        resources,
    }]
}

#[wasm_bindgen_test(unsupported = test)]
fn a_temporary_token_is_requested_as_in_the_space_api() {
    // The Space API's own body, then the text form, then without a duration.
    let cases = [
        (
            r#"{"scopes": [{"resource": "floor", "action": "readPrivate"}], "durationSeconds": 3600}"#,
            "floor:readPrivate",
            Some(3600),
        ),
        (r#"{"scopes":["floor:readPublic"],"durationSeconds":900}"#, "floor:readPublic", Some(900)),
        (r#"{"scopes":["floor:readPublic"]}"#, "floor:readPublic", None),
        (r#"{"scopes":[{"resource":"floor","action":"readPrivate","resourceId":"f1"}]}"#, "floor:readPrivate:f1", None),
        (r#"{"scopes":[]}"#, "", None),
    ];
    for (json, scopes, duration_seconds) in cases {
        let request: TemporaryTokenRequest = serde_json::from_str(json).unwrap();
        assert_eq!((request.scopes.to_string().as_str(), request.duration_seconds), (scopes, duration_seconds));
        assert_eq!(request.dpop_jkt, None);
    }
    // Ours: the key to which the token is bound (RFC 9449).
    let bound = TemporaryTokenRequest {
        scopes: [Scope::literal("floor:readPublic")].into_iter().collect(),
        duration_seconds: None,
        dpop_jkt: Some("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I".into()),
    };
    assert_json(&bound, r#"{"scopes":["floor:readPublic"],"dpopJkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}"#);
    for json in [
        "{}",
        r#"{"scopes":"floor:readPublic"}"#,
        r#"{"scopes":["floor"]}"#,
        r#"{"scopes":[],"durationSeconds":"3600"}"#,
        r#"{"scopes":[],"durationSeconds":-1}"#,
        r#"{"scopes":[],"durationSeconds":3600.5}"#,
        r#"{"scopes":[],"durationSeconds":18446744073709551616}"#,
        // A misspelt duration or limit must not give a token without it.
        r#"{"scopes":[],"durationSecond":900}"#,
        r#"{"scopes":[],"resources":[]}"#,
    ] {
        refused::<TemporaryTokenRequest>(json);
    }
    assert_eq!((duration::LEAST, duration::MOST, duration::DEFAULT), (15 * 60, 24 * 60 * 60, 60 * 60));
}

#[wasm_bindgen_test(unsupported = test)]
fn only_a_backend_says_who_the_visitor_is() {
    let json = r#"{"scopes":["floor:readPublic"],"origins":["a.example"],"subject":"v","claims":{"a":"b"}}"#;
    let request: CreateTemporaryTokenRequest = serde_json::from_str(json).unwrap();
    assert_eq!((request.subject.as_deref(), &*request.claims["a"]), (Some("v"), "b"));
    assert_json(&request, json);
    for field in [r#""origins":[]"#, r#""subject":"v""#, r#""claims":{}"#] {
        refused::<TemporaryTokenRequest>(&format!(r#"{{"scopes":[],{field}}}"#));
    }
    let page: TemporaryTokenRequest =
        serde_json::from_str(r#"{"scopes":[],"durationSeconds":9,"dpopJkt":"k"}"#).unwrap();
    assert_json(&CreateTemporaryTokenRequest::from(page), r#"{"scopes":[],"durationSeconds":9,"dpopJkt":"k"}"#);
    for claims in ["null", "[]", r#"{"a":1}"#, r#"{"a":{}}"#, r#"{"a":"b","a":"c"}"#] {
        refused::<CreateTemporaryTokenRequest>(&format!(r#"{{"scopes":[],"claims":{claims}}}"#));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_temporary_token_is_returned_as_in_the_space_api() {
    let answer = TemporaryTokenResponse { authorization: "Bearer XlqHBdUIOF46ah".into(), expires_at: 1_616_079_083 };
    assert_json(&answer, r#"{"authorization":"Bearer XlqHBdUIOF46ah","expiresAt":1616079083}"#);
}

#[wasm_bindgen_test(unsupported = test)]
fn neither_response_shows_its_token_in_debug() {
    let token = TemporaryTokenResponse { authorization: "Bearer confidential".into(), expires_at: 7 };
    let bundle = BundleResponse { bundle: "confidential".into(), expires_at: 7 };
    assert_json(&bundle, r#"{"bundle":"confidential","expiresAt":7}"#);
    for shown in [format!("{token:?}"), format!("{bundle:#?}")] {
        assert!(shown.contains("expires_at: 7") && !shown.contains("confidential"));
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn claims_have_the_names_of_rfc_9068() {
    let mut claims = Claims {
        iss: "https://tokens.example".into(),
        sub: "org_1".into(),
        aud: "floor-api".into(),
        iat: 1_700_000_000,
        nbf: None,
        exp: 1_700_003_600,
        jti: "tmp_1".into(),
        client_id: "sec_1".into(),
        root_serial: 7,
        feed_seq: 12,
        cnf: None,
        kind: TokenKind::Temporary,
        grants: grants(),
        origins: vec![],
        subject: None,
        claims: BTreeMap::new(),
        sealed: None,
    };
    let grants = r#"[{"tenant":"org_1","scopes":["floor:readPrivate"],"resources":[{"type":"floor","id":"f1"}]}]"#;
    assert_json(
        &claims,
        &format!(
            r#"{{"iss":"https://tokens.example","sub":"org_1","aud":"floor-api","iat":1700000000,"exp":1700003600,"jti":"tmp_1","client_id":"sec_1","root_serial":7,"feed_seq":12,"kind":"temporary","grants":{grants}}}"#
        ),
    );
    claims.nbf = Some(1_700_000_001);
    claims.origins = vec!["*.example.com".parse().unwrap()];
    claims.subject = Some("visitor".into());
    claims.claims = BTreeMap::from([("plan".into(), "gold".into())]);
    claims.sealed = Some("a..b.c.d".into());
    let full = format!(
        r#"{{"iss":"https://tokens.example","sub":"org_1","aud":"floor-api","iat":1700000000,"nbf":1700000001,"exp":1700003600,"jti":"tmp_1","client_id":"sec_1","root_serial":7,"feed_seq":12,"kind":"temporary","grants":{grants},"origins":["*.example.com"],"subject":"visitor","claims":{{"plan":"gold"}},"sealed":"a..b.c.d"}}"#
    );
    assert_json(&claims, &full);

    // No claim that decides may be missing or of another type. What a bundle has beside the claims does not matter.
    let full: serde_json::Value = serde_json::from_str(&full).unwrap();
    for name in ["iss", "sub", "aud", "iat", "exp", "jti", "client_id", "root_serial", "kind", "grants"] {
        let mut without = full.clone();
        without.as_object_mut().unwrap().remove(name);
        refused::<Claims>(&without.to_string());
    }
    for (name, other) in [
        ("exp", "1e3"),
        ("exp", "-1"),
        ("exp", "null"),
        ("aud", "[\"floor-api\"]"),
        ("kind", "\"root\""),
        ("grants", "{}"),
        ("origins", "[\"*\"]"),
    ] {
        let mut odd = full.clone();
        odd[name] = serde_json::from_str(other).unwrap();
        refused::<Claims>(&odd.to_string());
    }
    let mut bundle = full.clone();
    bundle["parameters"] = serde_json::json!({ "file": "second" });
    assert_eq!(serde_json::from_value::<Claims>(bundle).unwrap(), claims);
}

fn record() -> TokenRecord {
    TokenRecord {
        id: "pub_1".into(),
        serial: 3,
        root_serial: None,
        kind: TokenKind::Publishable,
        name: "Host page".into(),
        organization: "org_1".into(),
        grants: grants(),
        origins: vec!["example.com".parse().unwrap()],
        created_at: 1_700_000_000,
        created_by: Some("tok_1".into()),
        owner: Some("svc_1".into()),
        expires_at: None,
        revoked_at: Some(1_700_000_009),
        suspended_at: None,
        last_used_at: None,
        version: 3,
        last_chars: "KhsR".into(),
    }
}

const RECORD: &str = r#"{"id":"pub_1","serial":3,"kind":"publishable","name":"Host page","organization":"org_1","grants":[{"tenant":"org_1","scopes":["floor:readPrivate"],"resources":[{"type":"floor","id":"f1"}]}],"origins":["example.com"],"createdAt":1700000000,"createdBy":"tok_1","owner":"svc_1","expiresAt":null,"revokedAt":1700000009,"lastUsedAt":null,"version":3,"lastChars":"KhsR"}"#;

#[wasm_bindgen_test(unsupported = test)]
fn a_record_names_every_field_even_where_it_is_null() {
    assert_json(&record(), RECORD);
    let suspended = RECORD.replace(r#""lastUsedAt":null"#, r#""suspendedAt":1700000005,"lastUsedAt":1700000004"#);
    let fields = TokenRecord { suspended_at: Some(1_700_000_005), last_used_at: Some(1_700_000_004), ..record() };
    assert_json(&fields, &suspended);
    // A service of before these fields sends a record without them.
    let older =
        RECORD.replace(r#""createdBy":"tok_1","owner":"svc_1","#, "").replace(r#""lastUsedAt":null,"version":3,"#, "");
    let read: TokenRecord = serde_json::from_str(&older).unwrap();
    assert_eq!(read, TokenRecord { created_by: None, owner: None, version: 1, ..record() });
}

#[wasm_bindgen_test(unsupported = test)]
fn an_edit_tells_a_field_that_is_null_from_one_that_is_absent() {
    for (json, expires_at) in [
        ("{}", None),
        (r#"{"expiresAt":null}"#, Some(None)),
        (r#"{"expiresAt":1700003600}"#, Some(Some(1_700_003_600))),
    ] {
        let request: UpdateTokenRequest = serde_json::from_str(json).unwrap();
        assert_eq!(request.expires_at, expires_at);
        assert_eq!(serde_json::to_string(&request).unwrap(), json);
    }
    refused::<UpdateTokenRequest>(r#"{"scopes":["floor:readPublic"]}"#);
    let limits: UpdateLimitsRequest = serde_json::from_str(r#"{"secret":null,"publishable":7}"#).unwrap();
    assert_eq!((limits.publishable, limits.secret, limits.application), (Some(Some(7)), Some(None), None));
    refused::<UpdateLimitsRequest>(r#"{"bundle":7}"#);
}

#[wasm_bindgen_test(unsupported = test)]
fn an_introspection_says_whether_a_token_is_active_and_what_an_authentic_one_is() {
    assert_json(&IntrospectionResponse::default(), r#"{"active":false}"#);
    assert_json(
        &IntrospectionResponse { record: Some(record()), ..IntrospectionResponse::default() },
        &format!(r#"{{"active":false,"record":{RECORD}}}"#),
    );
    let members = IntrospectionResponse {
        active: true,
        scope: Some("floor:readPublic".into()),
        client_id: Some("tok_1".into()),
        token_type: Some("DPoP".into()),
        exp: Some(200),
        iat: Some(100),
        nbf: Some(101),
        sub: Some("org_1".into()),
        aud: Some("product".into()),
        iss: Some("https://tokens.example".into()),
        jti: Some("tmp_1".into()),
        cnf: Some(Confirmation { jkt: "k".into() }),
        kind: Some(TokenKind::Temporary),
        grants: vec![],
        origins: vec!["a.example".parse().unwrap()],
        subject: Some("visitor".into()),
        claims: BTreeMap::from([("plan".into(), "gold".into())]),
        record: None,
    };
    assert_json(
        &members,
        concat!(
            r#"{"active":true,"scope":"floor:readPublic","client_id":"tok_1","token_type":"DPoP","exp":200,"iat":100,"#,
            r#""nbf":101,"sub":"org_1","aud":"product","iss":"https://tokens.example","jti":"tmp_1","cnf":{"jkt":"k"},"#,
            r#""kind":"temporary","origins":["a.example"],"subject":"visitor","claims":{"plan":"gold"}}"#,
        ),
    );
    refused::<IntrospectionResponse>("{}");
}

#[wasm_bindgen_test(unsupported = test)]
fn metadata_name_the_issuer_and_what_is_where() {
    let metadata = ServerMetadata {
        issuer: "https://t.example".into(),
        jwks_uri: "https://t.example/j".into(),
        introspection_endpoint: "https://t.example/i".into(),
        introspection_endpoint_auth_methods_supported: vec!["Bearer".into()],
        revocation_endpoint: "https://t.example/r".into(),
        revocation_endpoint_auth_methods_supported: vec!["Bearer".into()],
    };
    let rest = concat!(
        r#""jwks_uri":"https://t.example/j","introspection_endpoint":"https://t.example/i","#,
        r#""introspection_endpoint_auth_methods_supported":["Bearer"],"revocation_endpoint":"https://t.example/r","#,
        r#""revocation_endpoint_auth_methods_supported":["Bearer"]}"#,
    );
    assert_json(&metadata, &format!(r#"{{"issuer":"https://t.example",{rest}"#));
    refused::<ServerMetadata>(&format!("{{{rest}"));
}

#[wasm_bindgen_test(unsupported = test)]
fn a_token_describes_itself() {
    let itself = TokenDescription {
        kind: TokenKind::Publishable,
        scopes: [Scope::literal("floor:readPublic")].into_iter().collect(),
        origins: vec!["*.example.com".parse().unwrap()],
        expires_at: None,
        revoked: false,
        suspended: false,
        origin_seen: Some("https://elsewhere.example".into()),
        origin_allowed: false,
    };
    assert_json(
        &itself,
        r#"{"kind":"publishable","scopes":["floor:readPublic"],"origins":["*.example.com"],"expiresAt":null,"revoked":false,"suspended":false,"originSeen":"https://elsewhere.example","originAllowed":false}"#,
    );
}

#[wasm_bindgen_test(unsupported = test)]
fn a_request_for_a_token_needs_a_kind_and_a_name_and_no_unknown_field() {
    let least: CreateTokenRequest = serde_json::from_str(r#"{"kind":"secret","name":"CI"}"#).unwrap();
    assert_eq!(
        (least.kind, least.name.as_str(), least.scopes, least.expires_at, least.id),
        (TokenKind::Secret, "CI", None, None, None)
    );
    assert!(least.origins.is_empty() && least.resources.is_empty() && least.grants.is_none());
    let most = r#"{"kind":"application","name":"Partner","scopes":["bundle:create"],"origins":["https://Example.com"],"resources":[{"type":"floor","id":"f1"}],"expiresAt":1700003600,"id":"partner-1"}"#;
    assert_eq!(serde_json::to_string(&serde_json::from_str::<CreateTokenRequest>(most).unwrap()).unwrap(), most);
    let several = r#"{"kind":"application","name":"Sites","origins":[],"resources":[],"grants":[{"tenant":"site1","scopes":["floor:export"]}]}"#;
    assert_eq!(serde_json::to_string(&serde_json::from_str::<CreateTokenRequest>(several).unwrap()).unwrap(), several);
    for json in [
        r#"{"name":"CI"}"#,
        r#"{"kind":"secret"}"#,
        r#"{"kind":"root","name":"CI"}"#,
        // A misspelt restriction must not give a token without it.
        r#"{"kind":"secret","name":"CI","scope":["floor:readPublic"]}"#,
        r#"{"kind":"secret","name":"CI","expires_at":1700003600}"#,
        r#"{"kind":"secret","name":"CI","expiresAt":"2024-01-01"}"#,
    ] {
        refused::<CreateTokenRequest>(json);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_request_for_a_bundle_keeps_its_parameters_as_they_are() {
    let json = r#"{"parameters":{"b":1.0,"a":{"x":[]}},"origins":["*.example.com"],"durationSeconds":900}"#;
    assert_eq!(serde_json::to_string(&serde_json::from_str::<CreateBundleRequest>(json).unwrap()).unwrap(), json);
    let least: CreateBundleRequest = serde_json::from_str(r#"{"parameters":{}}"#).unwrap();
    assert_eq!((least.origins.len(), least.duration_seconds), (0, None));
    for json in [
        "{}",
        r#"{"parameters":[]}"#,
        r#"{"parameters":{},"origin":["example.com"]}"#,
        r#"{"parameters":{},"duration":9}"#,
    ] {
        refused::<CreateBundleRequest>(json);
    }
}

#[wasm_bindgen_test(unsupported = test)]
fn a_revocation_names_its_target() {
    let organization = || "org_1".to_owned();
    let cases = [
        (
            RevocationTarget::Token { serial: 7 },
            r#""level":"token","serial":7"#,
            "the stored token with serial number 7",
        ),
        (RevocationTarget::Jwt { jti: "j".into() }, r#""level":"jwt","jti":"j""#, "the signed token j"),
        (
            RevocationTarget::Organization { organization: organization() },
            r#""level":"organization","organization":"org_1""#,
            "all tokens of the organization org_1",
        ),
        (
            RevocationTarget::IssuedBefore { organization: organization(), time: 5 },
            r#""level":"issuedBefore","organization":"org_1","time":5"#,
            "all tokens of the organization org_1 issued before 5",
        ),
        (
            RevocationTarget::IssuedUpTo { organization: organization(), time: 5, root_serial: 7 },
            r#""level":"issuedUpTo","organization":"org_1","time":5,"rootSerial":7"#,
            "all tokens of the organization org_1 issued before 5, up to serial number 7",
        ),
        (RevocationTarget::Key { kid: "k".into() }, r#""level":"key","kid":"k""#, "everything signed by the key k"),
        (
            RevocationTarget::Changed { serial: 7, version: 2 },
            r#""level":"changed","serial":7,"version":2"#,
            "the edit of the stored token with serial number 7 to version 2",
        ),
        (
            RevocationTarget::Suspended { organization: organization() },
            r#""level":"suspended","organization":"org_1""#,
            "the suspension of org_1",
        ),
        (
            RevocationTarget::Resumed { organization: organization() },
            r#""level":"resumed","organization":"org_1""#,
            "the end of the suspension of org_1",
        ),
    ];
    for (target, json, words) in cases {
        assert_eq!(target.to_string(), words);
        let page = RevocationPage {
            revocations: vec![Revocation { seq: 3, at: 9, target }],
            latest: 4,
            epoch: "e".into(),
            deleted_up_to: 2,
            keys: vec!["k".into()],
            organization: None,
        };
        assert_json(
            &page,
            &format!(
                r#"{{"revocations":[{{"seq":3,"at":9,{json}}}],"latest":4,"epoch":"e","deletedUpTo":2,"keys":["k"],"organization":null}}"#
            ),
        );
    }
    let current = Heartbeat {
        latest: 4,
        epoch: "e".into(),
        deleted_up_to: 2,
        keys: vec!["k".into()],
        organization: Some("org_1".into()),
        elapsed_milliseconds: 1250,
    };
    let json =
        r#"{"latest":4,"epoch":"e","deletedUpTo":2,"keys":["k"],"organization":"org_1","elapsedMilliseconds":1250}"#;
    assert_json(&current, json);
    // Without them a subscriber would miss what they forbid.
    for name in ["latest", "epoch", "deletedUpTo", "keys", "organization", "elapsedMilliseconds"] {
        let mut without: serde_json::Value = serde_json::from_str(json).unwrap();
        without.as_object_mut().unwrap().remove(name);
        refused::<Heartbeat>(&without.to_string());
    }
    refused::<Revocation>(r#"{"seq":3,"at":9,"level":"everything"}"#);
    refused::<Revocation>(r#"{"seq":3,"at":9,"level":"token","jti":"j"}"#);
    refused::<Revocation>(r#"{"seq":3,"at":9,"level":"issuedUpTo","organization":"org_1","time":5}"#);
}
