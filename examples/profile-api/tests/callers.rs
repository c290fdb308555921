//! Who may do what: applications by the tenants of their tokens, in the query and in a form.
#![allow(missing_docs, clippy::unwrap_used, reason = "the names of the tests say what they hold; a panic is a failure")]

use axum::Router;
use axum::body::to_bytes;
use axum::http::Request;
use daypass::verify::testing::{TestToken, Testing};
use daypass::{Catalog, ForeignFormat, TokenKind};
use serde_json::{Value, json};
use tower::ServiceExt;

fn api(testing: &Testing) -> Router {
    let verifier = testing.verifier().catalog(Catalog::crafter()).foreign_tokens(&[ForeignFormat::ChosenId]);
    profile_api::router(verifier.into(), &["north".into(), "south".into()])
}

/// The application `engine`, which may read and manage the tenant `north`.
fn engine(testing: &Testing) -> TestToken {
    let new = testing.foreign_token(ForeignFormat::ChosenId).text("engine").tenant("north");
    new.scope("tenant:read").scope("profile:manage").create()
}

async fn send(api: &Router, request: Request<String>) -> (u16, Value) {
    let response = api.clone().oneshot(request).await.unwrap();
    let status = response.status().as_u16();
    let body = to_bytes(response.into_body(), 1 << 20).await.unwrap();
    (status, serde_json::from_slice(&body).unwrap())
}

/// A request whose form has these fields.
fn form(path: &str, fields: &str) -> Request<String> {
    let request = Request::post(path).header("content-type", "application/x-www-form-urlencoded");
    request.body(fields.to_owned()).unwrap()
}

#[tokio::test]
async fn an_application_reads_the_tenants_of_its_token() {
    let testing = Testing::new();
    let (api, engine) = (api(&testing), engine(&testing));
    let north = json!({ "name": "north", "verifyNewProfiles": false });
    assert_eq!(send(&api, engine.request("GET", "/api/1/tenant/all")).await, (200, json!([north])));
    assert_eq!(send(&api, engine.request("GET", "/api/1/tenant/north")).await, (200, north));
    for tenant in ["south", "none"] {
        let (status, body) = send(&api, engine.request("GET", &format!("/api/1/tenant/{tenant}"))).await;
        assert_eq!((status, &body["errorCode"]), (403, &json!("ACTION_DENIED")), "{tenant}");
    }
}

#[tokio::test]
async fn a_token_of_our_own_form_is_as_good_and_one_of_another_kind_is_not() {
    let testing = Testing::new();
    let api = api(&testing);
    let sent = async |kind| {
        let token = testing.token(kind).tenant("north").scope("tenant:read").create();
        let token = token.at(daypass::verify::TokenLocation::AccessTokenId);
        send(&api, token.request("GET", "/api/1/tenant/north")).await
    };
    assert_eq!(sent(TokenKind::Application).await.0, 200);
    let (status, body) = sent(TokenKind::Secret).await;
    assert_eq!((status, &body["errorCode"]), (403, &json!("ACCESS_DENIED")));
}

#[tokio::test]
async fn a_form_has_the_token_as_the_query_does_but_not_both() {
    let testing = Testing::new();
    let (api, engine) = (api(&testing), engine(&testing));
    let fields = format!("accessTokenId={}&tenantName=north&username=ada", engine.expose_secret());
    let (status, profile) = send(&api, form("/api/1/profile/create", &fields)).await;
    assert_eq!((status, &profile["username"], &profile["tenant"]), (200, &json!("ada"), &json!("north")));
    let elsewhere = fields.replace("north", "south");
    assert_eq!(send(&api, form("/api/1/profile/create", &elsewhere)).await.1["errorCode"], "ACTION_DENIED");
    assert_eq!(send(&api, form("/api/1/profile/create", "tenantName=north&username=ada")).await.0, 403);
    let other = "accessTokenId=another&tenantName=north&username=ada";
    let in_both = engine.request("POST", "/api/1/profile/create").uri().to_string();
    assert_eq!(send(&api, form(&in_both, other)).await.1["errorCode"], "ACCESS_DENIED");
}

#[tokio::test]
async fn a_revoked_application_is_refused_and_an_outage_is_told_as_one() {
    let testing = Testing::new();
    let (api, engine) = (api(&testing), engine(&testing));
    testing.fail_feed();
    assert_eq!(send(&api, engine.request("GET", "/api/1/tenant/north")).await.0, 503);
    testing.recover();
    assert_eq!(send(&api, engine.request("GET", "/api/1/tenant/north")).await.0, 200);
    testing.revoke(&engine);
    let (status, body) = send(&api, engine.request("GET", "/api/1/tenant/north")).await;
    assert_eq!((status, &body["errorCode"]), (403, &json!("ACCESS_DENIED")));
}
