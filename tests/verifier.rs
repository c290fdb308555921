//! Who may use a token, from where, for what. The numbers are the rows of the threat table.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "the names of the tests say what they hold; a panic is a failure")]

mod common;

use common::{NOW, ORGANIZATION, SITE, access_token, bearer, claims, record, signer, stored, verifier};
use daypass::signed::DocumentType;
use daypass::verify::{Carrier, Credential, Presented, SeenOrigin};
use daypass::wire::TokenRecord;
use daypass::{Catalog, Denied, Need, Resource, Scope, TokenKind};
use serde_json::json;

static READ_PUBLIC: Scope = Scope::literal("floor:readPublic");
static READ_PRIVATE: Scope = Scope::literal("floor:readPrivate");

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
async fn a_limit_holds_by_todays_name_as_it_did_by_the_older_one() {
    let older = Scope::literal("customFields:write");
    let todays = Scope::literal("customAttributeValues:write");
    for scope in [&older, &Scope::ALL] {
        let mut limited = record(TokenKind::Secret);
        limited.grants[0].scopes = [scope.clone()].into_iter().collect();
        limited.grants[0].resources = vec![Resource { kind: "customFields".into(), id: "c1".into() }];
        let (text, verifier) = stored(limited);
        let before = bearer(&verifier, &text).await.unwrap();
        let after = bearer(&verifier.catalog(Catalog::space_api()), &text).await.unwrap();
        for (access, name) in [(before, &older), (after, &todays)] {
            let may = |id| access.require(name).on(ORGANIZATION).of(id).is_met();
            assert_eq!([may("c1"), may("c2")], [true, false], "{scope} {name}");
            assert!(!access.require(name).on(ORGANIZATION).is_met(), "{scope} {name}: all, and new ones");
        }
    }
}

#[tokio::test]
async fn row_28_a_bundle_is_a_bundle_and_opens_what_it_grants() {
    let mut claims = claims();
    claims["kind"] = json!("bundle");
    claims["grants"] = json!([]);
    claims["parameters"] = json!({ "file": "second" });
    let text = signer().document(DocumentType::Bundle, &claims);
    let access = bearer(&verifier().keys(signer().keys()), &text).await.unwrap();
    assert_eq!(access.kind(), TokenKind::Bundle);
    assert!(access.require(&READ_PUBLIC).on(ORGANIZATION).check().is_err());
}

#[tokio::test]
async fn an_access_tells_what_the_token_is() {
    let text = access_token(&[("origins", json!(["northlight.example"]))]);
    let access = bearer(&verifier().keys(signer().keys()), &text).await.unwrap();
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
