//! Every kind of token: where it may travel, and the most that it may do, whatever its grants say.

use crate::common::{ORGANIZATION, SITE, Signer, Store, claims, record, verifier};
use daypass::api::TokenRecord;
use daypass::jwt::JwtType;
use daypass::verify::{Access, Credentials, TokenLocation, Verifier};
use daypass::{Catalog, Error, Grant, Resource, Scope, TokenKind, UnknownPage};
use serde_json::json;

/// A token of this kind with a grant of these scopes, and a verifier that accepts it.
fn token(kind: TokenKind, scopes: &str) -> (String, Verifier) {
    let scopes = scopes.split(' ').map(|scope| scope.parse::<Scope>().unwrap()).collect();
    let grants = vec![Grant { tenant: ORGANIZATION.into(), scopes, resources: vec![] }];
    if matches!(kind, TokenKind::Temporary | TokenKind::OauthAccess) {
        let signer = Signer::new("k1", 1);
        let mut claims = claims();
        claims["kind"] = json!(kind);
        claims["grants"] = json!(grants);
        (signer.jwt(JwtType::AccessToken, &claims), verifier().keys(signer.keys()))
    } else {
        let mut store = Store::default();
        let text = store.add(TokenRecord { grants, ..record(kind) });
        (text, verifier().introspector(store))
    }
}

async fn access(verifier: &Verifier, text: &str) -> Access {
    verifier.verify(&Credentials::new(text, TokenLocation::Bearer).from_origin(SITE), None).await.unwrap()
}

async fn access_outside_a_browser(verifier: &Verifier, text: &str) -> Access {
    verifier.verify(&Credentials::new(text, TokenLocation::Bearer), None).await.unwrap()
}

fn may(access: &Access, scope: &str) -> bool {
    access.require(&scope.parse().unwrap()).tenant(ORGANIZATION).resource("f1").is_met()
}

#[tokio::test]
async fn row_20_each_kind_travels_in_its_own_locations_and_a_secret_never_in_a_query() {
    for kind in TokenKind::ALL {
        let (text, verifier) = token(kind, "floor:readPublic");
        for location in TokenLocation::ALL {
            let credentials = Credentials::new(&text, location);
            let credentials = if kind == TokenKind::Publishable { credentials.from_origin(SITE) } else { credentials };
            let result = verifier.verify(&credentials, None).await.map(|access| access.kind());
            let expected = match (location, kind) {
                // A refresh token is for the authorization server alone.
                (TokenLocation::Bearer, TokenKind::OauthRefresh) => Err(Error::KindNotAccepted(kind)),
                (TokenLocation::Bearer, _)
                | (TokenLocation::AlSecretToken, TokenKind::Secret)
                | (TokenLocation::Bare | TokenLocation::Cookie, TokenKind::Personal)
                | (TokenLocation::Query, TokenKind::Publishable)
                | (TokenLocation::ApiKey | TokenLocation::AccessTokenId, TokenKind::Application)
                | (TokenLocation::ApiToken, TokenKind::Bundle) => Ok(kind),
                // Row 20.
                (TokenLocation::Query, _) => Err(Error::SecretInQuery(kind)),
                (TokenLocation::AccessTokenId, _) if kind.is_backend_only() => Err(Error::SecretInQuery(kind)),
                // The kind may travel there, but this token is not bound to a key.
                (TokenLocation::Dpop, TokenKind::Temporary | TokenKind::OauthAccess) => {
                    Err(Error::InvalidDpopProof("The token is not bound to a key: send it as Bearer."))
                }
                _ => Err(Error::KindNotAccepted(kind)),
            };
            assert_eq!(result, expected, "{kind} as {location:?}");
        }
    }
}

#[tokio::test]
async fn row_10_a_token_for_browsers_creates_and_revokes_nothing_whatever_its_grants_say() {
    let everything = "* token:* bundle:* token:create token:revoke bundle:create floor:update";
    let own = [
        "token:create",
        "token:read",
        "token:revoke",
        "token:introspect",
        "daypass:administer",
        "bundle:create",
        "token:*",
        "*",
    ];
    for kind in [TokenKind::Publishable, TokenKind::Temporary, TokenKind::Bundle, TokenKind::OauthAccess] {
        let (text, verifier) = token(kind, everything);
        let access = access(&verifier, &text).await;
        for scope in own {
            assert!(!may(&access, scope), "{kind} {scope}");
        }
        assert!(may(&access, "floor:update"), "{kind}");
    }
    for kind in [TokenKind::Secret, TokenKind::Application] {
        let (text, verifier) = token(kind, everything);
        let access = access_outside_a_browser(&verifier, &text).await;
        assert!(own.iter().all(|scope| may(&access, scope)), "{kind}");
    }
    // Speckle: a personal token never gets `tokens:write`.
    let (text, verifier) = token(TokenKind::Personal, everything);
    let access = access_outside_a_browser(&verifier, &text).await;
    assert_eq!(own.map(|scope| may(&access, scope)), [false, true, false, false, false, false, false, false]);
}

#[tokio::test]
async fn with_a_catalogue_a_publishable_token_has_no_scope_that_must_not_be_published() {
    for (held, may_read, may_write) in [
        ("floor:readPublic floor:update", true, false),
        ("*", true, false),
        ("floor:*", true, false),
        ("floor:readPublic:f1", true, false),
        ("floor:readPublic:f2", false, false),
        ("floor:update", false, false),
        // An alias of the public and the private scope.
        ("floor:read", true, false),
    ] {
        let (text, verifier) = token(TokenKind::Publishable, held);
        let access = access(&verifier.catalog(Catalog::space_api()), &text).await;
        assert_eq!(may(&access, "floor:readPublic"), may_read, "{held}");
        assert!(!may(&access, "floor:readPrivate"), "{held}");
        assert_eq!(may(&access, "floor:update"), may_write, "{held}");
    }
}

#[tokio::test]
async fn with_a_catalogue_aliases_are_replaced_and_unknown_scopes_stay() {
    for kind in [TokenKind::Secret, TokenKind::OauthAccess] {
        let (text, verifier) = token(kind, "floor:read customFields:readPublic:f1 crane:lift");
        let credentials = Credentials::new(&text, TokenLocation::Bearer);
        let without = verifier.verify(&credentials, None).await.unwrap();
        assert!(!may(&without, "floor:readPrivate"));
        let access = verifier.catalog(Catalog::space_api()).verify(&credentials, None).await.unwrap();
        assert!(may(&access, "floor:readPrivate") && may(&access, "floor:readPublic") && may(&access, "crane:lift"));
        assert!(!may(&access, "floor:update"));
    }
}

#[tokio::test]
async fn the_token_must_reach_every_named_resource() {
    let limits = [("floor", "f1"), ("site", "s1")].map(|(kind, id)| Resource { kind: kind.into(), id: id.into() });
    let scopes = ["floor:readPublic".parse::<Scope>().unwrap()].into_iter().collect();
    let grants = vec![Grant { tenant: ORGANIZATION.into(), scopes, resources: limits.into() }];
    let mut store = Store::default();
    let text = store.add(TokenRecord { grants, serial: 9, ..record(TokenKind::Secret) });
    let access = access_outside_a_browser(&verifier().introspector(store), &text).await;
    let read = Scope::literal("floor:readPublic");
    let may = |floor, site| {
        access.require(&read).tenant(ORGANIZATION).resource(floor).resource_of_type("site", site).is_met()
    };
    assert_eq!([may("f1", "s1"), may("f1", "s2"), may("f2", "s1")], [true, false, false]);
    assert_eq!(access.root_serial(), 9);
    let debug = format!("{access:?}");
    assert!(debug.contains("secret_1") && debug.contains("floor:readPublic") && !debug.contains(&text));
}

#[tokio::test]
async fn a_temporary_token_with_origins_needs_one_of_them_and_a_bundle_only_no_other() {
    let signer = Signer::new("k1", 1);
    let verifier = verifier().keys(signer.keys());
    let elsewhere = "https://elsewhere.example";
    for (jwt_type, kind, origins, without) in [
        (
            JwtType::AccessToken,
            TokenKind::Temporary,
            json!(["www.northlight.example"]),
            Err(Error::OriginRequired(UnknownPage::NoOrigin)),
        ),
        (JwtType::AccessToken, TokenKind::Temporary, json!([]), Ok(())),
        (JwtType::Bundle, TokenKind::Bundle, json!(["www.northlight.example"]), Ok(())),
    ] {
        let mut claims = claims();
        (claims["kind"], claims["origins"]) = (json!(kind), origins.clone());
        let text = signer.jwt(jwt_type, &claims);
        let credentials = Credentials::new(&text, TokenLocation::Bearer);
        let other = if origins == json!([]) { Ok(()) } else { Err(Error::OriginNotAllowed(elsewhere.into())) };
        for (credentials, expected) in [
            (credentials, without),
            (credentials.from_origin(SITE), Ok(())),
            (credentials.from_origin(elsewhere), other),
        ] {
            let result = verifier.verify(&credentials, None).await;
            assert_eq!(result.map(|_| ()), expected, "{kind} {origins} {credentials:?}");
        }
    }
}

#[tokio::test]
async fn a_temporary_token_names_its_visitor_and_is_given_nothing_by_that() {
    let signer = Signer::new("k1", 1);
    let verifier = verifier().keys(signer.keys());
    let mut claims = claims();
    let plain = signer.jwt(JwtType::AccessToken, &claims);
    claims["subject"] = json!("org_other");
    claims["claims"] = json!({"sub": "org_other", "grants": "*", "kind": "secret"});
    let named = signer.jwt(JwtType::AccessToken, &claims);
    let [plain, named] = [access(&verifier, &plain).await, access(&verifier, &named).await];
    assert_eq!((plain.subject(), plain.claims().len()), (None, 0));
    assert_eq!((named.subject(), named.claims().len()), (Some("org_other"), 3));
    assert_eq!(named.claims()["grants"], "*");
    assert_eq!((named.organization(), named.kind(), named.grants()), (ORGANIZATION, plain.kind(), plain.grants()));
    assert!(!may(&named, "token:create"));
    let shown = format!("{named:?}");
    assert!(!shown.contains("org_other"), "{shown}");

    for wrong in [json!({"k": 7}), json!("text"), json!(null)] {
        claims["claims"] = wrong;
        let text = signer.jwt(JwtType::AccessToken, &claims);
        let credentials = Credentials::new(&text, TokenLocation::Bearer);
        assert_eq!(verifier.verify(&credentials, None).await.err(), Some(Error::InvalidToken));
    }
}
