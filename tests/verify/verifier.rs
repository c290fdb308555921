//! From where a token may be used, and for what. The numbers are the rows of the threat table.

use crate::common::{NOW, ORGANIZATION, SITE, access_token, bearer, claims, record, signer, stored, verifier};
use daypass::api::TokenRecord;
use daypass::jwt::JwtType;
use daypass::verify::{Credential, Credentials, OriginHeader, TokenLocation};
use daypass::{Catalog, Error, Requirement, Resource, Scope, TokenKind, UnknownPage};
use serde_json::json;

static READ_PUBLIC: Scope = Scope::literal("floor:readPublic");
static READ_PRIVATE: Scope = Scope::literal("floor:readPrivate");

#[tokio::test]
async fn row_1_no_token_is_missing_token_and_two_are_an_invalid_request() {
    let (text, verifier) = stored(record(TokenKind::Secret));
    assert_eq!(verifier.verify(&Credentials::default(), None).await.unwrap_err(), Error::MissingToken);
    let credential = Credential { text: text.as_bytes(), location: TokenLocation::Bearer };
    for other in [Credential { text: b"", ..credential }, Credential { text: b"", location: TokenLocation::Query }] {
        let credentials = Credentials::default().with_credential(credential).with_credential(other);
        assert!(matches!(verifier.verify(&credentials, None).await, Err(Error::InvalidRequest(_))));
    }
    // One that is there twice is one: components cannot choose different ones.
    let twice = Credentials::default().with_credential(credential).with_credential(credential);
    assert!(verifier.verify(&twice, None).await.is_ok());
    assert!(bearer(&verifier, &text).await.is_ok());
}

#[tokio::test]
async fn rows_2_4_and_5_a_publishable_token_works_on_its_origins_only() {
    let (text, verifier) = stored(record(TokenKind::Publishable));
    let allowed = ["https://northlight.example", SITE, "http://a.b.northlight.example:3000"];
    let refused_origins = [
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
        for location in [TokenLocation::Query, TokenLocation::Bearer] {
            let credentials = Credentials::new(&text, location).from_origin(origin);
            assert!(verifier.verify(&credentials, None).await.is_ok(), "{origin}");
        }
    }
    for origin in refused_origins {
        let credentials = Credentials::new(&text, TokenLocation::Query).from_origin(origin);
        assert_eq!(verifier.verify(&credentials, None).await.unwrap_err(), Error::OriginNotAllowed(origin.into()));
    }
    let without = |origin| Credentials::new(&text, TokenLocation::Query).with_origin(origin);
    assert_eq!(
        verifier.verify(&without(OriginHeader::None), None).await.unwrap_err(),
        Error::OriginRequired(UnknownPage::NoPage)
    );
    assert!(matches!(verifier.verify(&without(OriginHeader::Invalid), None).await, Err(Error::InvalidRequest(_))));
}

#[tokio::test]
async fn row_2_the_origin_in_an_error_is_truncated_and_has_no_control_characters() {
    let (text, verifier) = stored(record(TokenKind::Publishable));
    let origin = format!("https://a\r\n\t{}", "x".repeat(5000));
    match verifier.verify(&Credentials::new(&text, TokenLocation::Query).from_origin(&origin), None).await {
        Err(Error::OriginNotAllowed(seen)) => assert!(seen.len() <= 260 && !seen.contains(char::is_control)),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_publishable_token_without_origins_works_nowhere() {
    let (text, verifier) = stored(TokenRecord { origins: vec![], ..record(TokenKind::Publishable) });
    for origin in [SITE, "null", "http://localhost"] {
        let credentials = Credentials::new(&text, TokenLocation::Query).from_origin(origin);
        assert_eq!(verifier.verify(&credentials, None).await.unwrap_err(), Error::OriginNotAllowed(origin.into()));
    }
}

#[tokio::test]
async fn row_3_a_forged_origin_gets_what_the_token_grants_and_no_more() {
    let (text, verifier) = stored(TokenRecord {
        grants: vec![daypass::Grant {
            scopes: [READ_PUBLIC.clone()].into_iter().collect(),
            ..crate::common::grants().remove(0)
        }],
        ..record(TokenKind::Publishable)
    });
    let credentials = Credentials::new(&text, TokenLocation::Query).from_origin(SITE);
    let requirement = |scope| Requirement::new(scope, ORGANIZATION);
    assert!(verifier.verify(&credentials, Some(&requirement(&READ_PUBLIC))).await.is_ok());
    let refused = verifier.verify(&credentials, Some(&requirement(&READ_PRIVATE))).await.unwrap_err();
    assert_eq!(refused, Error::InsufficientScope { scope: READ_PRIVATE.clone(), tenant: None });
}

#[tokio::test]
async fn a_browser_may_send_a_temporary_token_but_none_that_is_for_backends() {
    for kind in TokenKind::ALL {
        let (text, verifier) = match kind {
            TokenKind::Temporary | TokenKind::OauthAccess => {
                (access_token(&[("kind", json!(kind))]), verifier().keys(signer().keys()))
            }
            kind => stored(record(kind)),
        };
        let result = verifier.verify(&Credentials::new(&text, TokenLocation::Bearer).from_origin(SITE), None).await;
        match kind {
            TokenKind::Secret | TokenKind::Personal | TokenKind::Application => {
                assert_eq!(result.unwrap_err(), Error::SecretInBrowser(kind));
                assert!(bearer(&verifier, &text).await.is_ok(), "{kind}");
            }
            // It is for the authorization server alone.
            TokenKind::OauthRefresh => assert_eq!(result.unwrap_err(), Error::KindNotAccepted(kind)),
            kind => assert_eq!(result.unwrap().kind(), kind),
        }
    }
}

#[tokio::test]
async fn a_temporary_token_for_some_origins_is_refused_on_others() {
    let verifier = verifier().keys(signer().keys());
    let text = access_token(&[("origins", json!(["northlight.example"]))]);
    let on = |origin| Credentials::new(&text, TokenLocation::Bearer).with_origin(origin);
    assert!(verifier.verify(&on(OriginHeader::One("https://northlight.example")), None).await.is_ok());
    for origin in [SITE, "null", "https://elsewhere.example"] {
        let refused = verifier.verify(&on(OriginHeader::One(origin)), None).await.unwrap_err();
        assert_eq!(refused, Error::OriginNotAllowed(origin.into()));
    }
    // It is for a page, and a page across origins sends the header.
    assert_eq!(
        verifier.verify(&on(OriginHeader::None), None).await.unwrap_err(),
        Error::OriginRequired(UnknownPage::NoOrigin)
    );
}

#[tokio::test]
async fn row_7_a_scope_tenant_or_resource_that_the_token_lacks_is_refused_with_the_required_scope() {
    let mut record = record(TokenKind::Secret);
    record.grants[0].resources = vec![Resource { kind: "floor".into(), id: "f1".into() }];
    let (text, verifier) = stored(record);
    let update = Scope::literal("floor:update");
    let cases = [
        (Requirement::new(&READ_PRIVATE, ORGANIZATION).resource("f1"), true),
        (Requirement::new(&READ_PRIVATE, ORGANIZATION).resource("f2"), false),
        (Requirement::new(&READ_PRIVATE, ORGANIZATION), false),
        (Requirement::new(&READ_PRIVATE, "org_other").resource("f1"), false),
        (Requirement::new(&update, ORGANIZATION).resource("f1"), false),
    ];
    for (requirement, expected) in cases {
        let credentials = Credentials::new(&text, TokenLocation::Bearer);
        let result = verifier.verify(&credentials, Some(&requirement)).await.map(|_| ());
        // A tenant without a grant is named.
        let tenant = (requirement.tenant() != ORGANIZATION).then(|| requirement.tenant().to_owned());
        let refused = Error::InsufficientScope { scope: requirement.scope().clone(), tenant };
        assert_eq!(result, if expected { Ok(()) } else { Err(refused) }, "{requirement:?}");
    }
    // The access decides alike, and has no "any tenant".
    let access = bearer(&verifier, &text).await.unwrap();
    assert_eq!(access.require(&READ_PRIVATE).tenant(ORGANIZATION).resource("f1").check(), Ok(()));
    assert_eq!(
        access.require(&update).tenant(ORGANIZATION).resource("f1").check(),
        Err(Error::InsufficientScope { scope: update.clone(), tenant: None })
    );
    assert!(access.require(&READ_PRIVATE).tenant("*").resource("f1").check().is_err());
    // A resource of another type does not replace the floor, nor the floor the other.
    let on_site = || access.require(&READ_PRIVATE).tenant(ORGANIZATION).resource_of_type("site", "s1");
    assert!(on_site().check().is_err());
    assert!(on_site().resource("f2").check().is_err());
    assert!(on_site().resource("f1").check().is_ok());
    assert!(
        access
            .require(&READ_PRIVATE)
            .tenant(ORGANIZATION)
            .resource("f2")
            .resource_of_type("site", "s1")
            .check()
            .is_err()
    );
}

#[tokio::test]
async fn a_resource_limit_holds_by_an_alias_and_by_the_name_that_it_stands_for() {
    let alias = Scope::literal("customFields:write");
    let canonical = Scope::literal("customAttributeValues:write");
    for scope in [&alias, &Scope::ALL] {
        let mut limited = record(TokenKind::Secret);
        limited.grants[0].scopes = [scope.clone()].into_iter().collect();
        limited.grants[0].resources = vec![Resource { kind: "customFields".into(), id: "c1".into() }];
        let (text, verifier) = stored(limited);
        let before = bearer(&verifier, &text).await.unwrap();
        let after = bearer(&verifier.catalog(Catalog::space_api()), &text).await.unwrap();
        for (access, name) in [(before, &alias), (after, &canonical)] {
            let may = |id| access.require(name).tenant(ORGANIZATION).resource(id).is_met();
            assert_eq!([may("c1"), may("c2")], [true, false], "{scope} {name}");
            assert!(!access.require(name).tenant(ORGANIZATION).is_met(), "{scope} {name}: all, including new ones");
        }
    }
}

#[tokio::test]
async fn row_28_a_bundle_authorizes_only_what_it_grants() {
    let mut claims = claims();
    claims["kind"] = json!("bundle");
    claims["grants"] = json!([]);
    claims["parameters"] = json!({ "file": "second" });
    let text = signer().jwt(JwtType::Bundle, &claims);
    let access = bearer(&verifier().keys(signer().keys()), &text).await.unwrap();
    assert_eq!(access.kind(), TokenKind::Bundle);
    assert!(access.require(&READ_PUBLIC).tenant(ORGANIZATION).check().is_err());
}

#[tokio::test]
async fn an_access_describes_the_token() {
    let text = access_token(&[("origins", json!(["northlight.example"]))]);
    let credentials = Credentials::new(&text, TokenLocation::Bearer).from_origin("https://northlight.example");
    let access = verifier().keys(signer().keys()).verify(&credentials, None).await.unwrap();
    assert_eq!((access.kind(), access.id(), access.parent()), (TokenKind::Temporary, "tmp_1", Some("sec_1")));
    assert_eq!((access.organization(), access.expires_at()), (ORGANIZATION, Some(NOW + 3600)));
    assert_eq!(
        (access.grants(), access.scopes().to_string()),
        (&crate::common::grants()[..], "floor:readPrivate floor:readPublic".into())
    );
    assert_eq!(format!("{:?}", access.origins()), "[northlight.example]");

    let (text, verifier) = stored(TokenRecord { expires_at: Some(NOW + 5), ..record(TokenKind::Personal) });
    let access = bearer(&verifier, &text).await.unwrap();
    assert_eq!((access.kind(), access.id(), access.parent()), (TokenKind::Personal, "personal_1", None));
    assert_eq!((access.organization(), access.expires_at()), (ORGANIZATION, Some(NOW + 5)));
}

#[tokio::test]
async fn row_19_debug_and_display_show_no_token() {
    let (text, verifier) = stored(record(TokenKind::Publishable));
    let credentials = Credentials::new(&text, TokenLocation::Query).from_origin(SITE);
    let access = verifier.verify(&credentials, None).await.unwrap();
    let refused = verifier.verify(&Credentials::new(&text, TokenLocation::ApiKey), None).await.unwrap_err();
    let text_forms = format!("{credentials:?} {:?} {access:?} {refused:?} {refused}", credentials.credential());
    assert!(!text_forms.contains(&text[7..]) && text_forms.contains("location"));
}
