//! Scopes in signatures: `Access::scoped`, the check that gives a permit, and `Scoped` as an extractor.

use std::sync::{Arc, Mutex};

use daypass::verify::{Access, Permit, Verifier};
use daypass::{Error, Grant, RequiredScope, Scope, TokenKind};
use serde_json::json;

use crate::common::{ORGANIZATION, access_token, bearer, record, signer, stored, verifier};

daypass::scopes! {
    /// Read private floors
    READ: Read = "floor:readPrivate";
    /// Read one private floor
    READ_F1: ReadF1 = "floor:readPrivate:f1";
    /// Update floors
    UPDATE: Update = "floor:update";
    /// Create tokens
    CREATE_TOKENS: CreateTokens = "token:create";
}

fn grant(tenant: &str, scopes: &str) -> Grant {
    let scopes = scopes.split(' ').map(|scope| scope.parse::<Scope>().unwrap()).collect();
    Grant { tenant: tenant.into(), scopes, resources: vec![] }
}

async fn access(kind: TokenKind, grants: Vec<Grant>) -> Access {
    let (text, verifier) = stored(daypass::api::TokenRecord { grants, ..record(kind) });
    bearer(&verifier, &text).await.unwrap()
}

#[test]
fn a_scope_has_one_name_as_a_value_and_one_as_a_type() {
    assert_eq!((READ, UPDATE), (Scope::literal("floor:readPrivate"), Scope::literal("floor:update")));
    assert_eq!((Read::SCOPE, ReadF1::SCOPE), (&READ, &READ_F1));
}

#[tokio::test]
async fn a_token_begins_a_check_if_it_has_the_scope_for_any_tenant_and_resource() {
    let secret = TokenKind::Secret;
    for (grants, expected) in [
        (vec![], [false, false, false]),
        (vec![grant("other", "floor:update")], [false, false, true]),
        (vec![grant("other", "floor:readPrivate")], [true, true, false]),
        (vec![grant("a", "site:read"), grant("b", "floor:readPrivate:f1")], [true, true, false]),
        (vec![grant("a", "floor:readPrivate:f2")], [true, false, false]),
        (vec![grant("a", "floor:readPublic"), grant("a", "site:readPrivate")], [false, false, false]),
        (vec![grant("*", "floor:*")], [true, true, true]),
        (vec![grant("a", "*")], [true, true, true]),
    ] {
        let access = access(secret, grants.clone()).await;
        let begins = [
            access.scoped::<Read>().map(drop),
            access.scoped::<ReadF1>().map(drop),
            access.scoped::<Update>().map(drop),
        ];
        for ((begins, expected), scope) in begins.into_iter().zip(expected).zip([READ, READ_F1, UPDATE]) {
            let refused = Err(Error::InsufficientScope { scope, tenant: None });
            assert_eq!(begins, if expected { Ok(()) } else { refused }, "{grants:?}");
        }
    }
    // Whatever its grants say, a token that stands in a page creates none.
    let grants = || vec![grant("*", "*")];
    assert!(access(secret, grants()).await.scoped::<CreateTokens>().is_ok());
    let temporary = verifier().keys(signer().keys());
    let temporary = bearer(&temporary, &access_token(&[("grants", json!(grants()))])).await.unwrap();
    assert!(temporary.scoped::<Read>().is_ok() && temporary.scoped::<CreateTokens>().is_err());
}

#[tokio::test]
async fn only_the_check_of_a_tenant_gives_a_permit_which_says_what_was_checked() {
    let grants = vec![grant("a", "floor:readPrivate"), grant("b", "floor:readPrivate:f1")];
    let access = access(TokenKind::Secret, grants).await;
    let scoped = access.scoped::<Read>().unwrap();
    let of = |permit: Permit<'_, Read>| (permit.tenant().to_owned(), permit.resource().map(str::to_owned));
    let lacks = |tenant: Option<&str>| Err(Error::InsufficientScope { scope: READ, tenant: tenant.map(str::to_owned) });

    assert_eq!(scoped.tenant("a").check().map(of), Ok(("a".into(), None)));
    assert_eq!(scoped.tenant("a").resource("f2").check().map(of), Ok(("a".into(), Some("f2".into()))));
    assert_eq!(scoped.tenant("b").resource("f1").check().map(of), Ok(("b".into(), Some("f1".into()))));
    assert_eq!(scoped.tenant("b").resource("f2").check().map(of), lacks(None));
    assert_eq!(scoped.tenant("b").check().map(of), lacks(None));
    assert_eq!(scoped.tenant("c").check().map(of), lacks(Some("c")));
    // Of several resources, none is the one.
    assert_eq!(scoped.tenant("a").resource("f1").resource("f2").check().map(of), Ok(("a".into(), None)));
    let permit = scoped.tenant("a").resource_of_type("site", "s").resource("f1").check().unwrap();
    assert_eq!((permit.resource(), permit.access().id()), (Some("f1"), "secret_1"));
    assert!(permit.requirement().resources_of_type("site").eq(["s"]));
    assert!(scoped.tenant("b").resource("f1").is_met() && !scoped.tenant("b").resource("f2").is_met());
    // A scope of one resource names it.
    assert_eq!(access.scoped::<ReadF1>().unwrap().tenant("b").check().unwrap().resource(), Some("f1"));
}

#[tokio::test]
async fn the_audit_sees_a_missing_scope_and_each_check_and_nothing_twice() {
    let decisions = Arc::new(Mutex::new(vec![]));
    let log = Arc::clone(&decisions);
    let verifier = verifier().keys(signer().keys()).on_decision(move |decision| {
        let (error, tenant) = (decision.error.cloned(), decision.requirement.map(|one| one.tenant().to_owned()));
        assert_eq!(decision.token.unwrap().id, "tmp_1");
        log.lock().unwrap().push((error, tenant, decision.credentials.is_some()));
    });
    let access = bearer(&verifier, &access_token(&[])).await.unwrap();
    let take = || std::mem::take(&mut *decisions.lock().unwrap());
    assert_eq!(take(), [(None, None, true)]);

    assert!(access.scoped::<Update>().is_err());
    let lacks = |scope| Some(Error::InsufficientScope { scope, tenant: None });
    assert_eq!(take(), [(lacks(UPDATE), None, false)]);
    let scoped = access.scoped::<Read>().unwrap();
    let _ = scoped.tenant("other").is_met();
    assert_eq!(take(), []);
    assert!(scoped.tenant(ORGANIZATION).check().is_ok());
    assert_eq!(take(), [(None, Some(ORGANIZATION.to_owned()), false)]);
}

#[cfg(feature = "axum")]
mod extractor {
    use axum::Router;
    use axum::body::{Body, to_bytes};
    use axum::extract::Path;
    use axum::http::Request;
    use axum::routing::get;
    use daypass::verify::Scoped;
    use daypass::verify::http::VerifyLayer;
    use tower::ServiceExt;

    use super::*;

    /// Finds the floor that a permit is for.
    fn find(permit: &Permit<'_, Read>) -> String {
        format!("{} of {}", permit.resource().unwrap(), permit.tenant())
    }

    async fn show(scoped: Scoped<Read>, Path((tenant, id)): Path<(String, String)>) -> Result<String, Error> {
        Ok(find(&scoped.tenant(&tenant).resource(&id).check()?))
    }

    async fn perhaps(scoped: Option<Scoped<Read>>) -> &'static str {
        if scoped.is_some() { "with" } else { "without" }
    }

    fn router(verifier: Verifier, change: impl FnOnce(VerifyLayer) -> VerifyLayer) -> Router {
        Router::new()
            .route("/{tenant}/{id}", get(show))
            .route("/perhaps", get(perhaps))
            .route("/update", get(async |_: Scoped<Update>| -> &str { panic!("the handler ran without the scope") }))
            .layer(change(VerifyLayer::new(verifier)))
    }

    async fn send(router: &Router, path: &str, token: Option<&str>) -> (u16, String) {
        let mut request = Request::get(path);
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        let response = router.clone().oneshot(request.body(Body::empty()).unwrap()).await.unwrap();
        let status = response.status().as_u16();
        let body = to_bytes(response.into_body(), 10_000).await.unwrap();
        let json: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
        let code = json["error"].as_str().map(str::to_owned);
        (status, code.unwrap_or_else(|| String::from_utf8_lossy(&body).into_owned()))
    }

    #[tokio::test]
    async fn no_handler_runs_without_the_scope_and_none_goes_on_without_the_tenant() {
        let verifier = || verifier().keys(signer().keys());
        let grants = json!([grant("a", "floor:readPrivate:f1")]);
        let token = access_token(&[("grants", grants)]);
        let lacking = access_token(&[("grants", json!([grant("a", "site:read")]))]);
        let (token, lacking) = (Some(&*token), Some(&*lacking));

        let required = router(verifier(), |layer| layer);
        for (path, token, expected) in [
            ("/a/f1", token, (200, "f1 of a")),
            ("/a/f2", token, (403, "insufficient_scope")),
            ("/b/f1", token, (403, "insufficient_scope")),
            ("/a/f1", lacking, (403, "insufficient_scope")),
            ("/update", token, (403, "insufficient_scope")),
            ("/a/f1", None, (401, "missing_token")),
            ("/perhaps", None, (401, "missing_token")),
        ] {
            assert_eq!(send(&required, path, token).await, (expected.0, expected.1.to_owned()), "{path}");
        }

        let optional = router(verifier(), VerifyLayer::allow_missing_token);
        for (path, token, expected) in [
            ("/perhaps", token, (200, "with")),
            ("/perhaps", None, (200, "without")),
            // A token without the scope is not a missing token.
            ("/perhaps", lacking, (403, "insufficient_scope")),
            ("/perhaps", Some("hunter2"), (401, "invalid_token")),
            ("/a/f1", None, (401, "missing_token")),
            ("/update", None, (401, "missing_token")),
        ] {
            assert_eq!(send(&optional, path, token).await, (expected.0, expected.1.to_owned()), "{path}");
        }
    }
}
