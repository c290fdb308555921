//! Introspection and revocation of OAuth tokens, by APIs and by the clients that they were issued to.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::oauth_clients::{OAuthClient, SCOPES, Tokens, add_developer, expect_refusal};
use super::running::{Daypass, expect_error, payload_of, send};

/// Asks what a token is, as a client.
fn ask(daypass: &Daypass, client: &OAuthClient, token: &str) -> RequestBuilder {
    post(daypass, "/introspect", client, token)
}

/// Posts a token, as a client.
fn post(daypass: &Daypass, path: &str, client: &OAuthClient, token: &str) -> RequestBuilder {
    let mut form = vec![("token", token), ("client_id", &client.id)];
    if let Some((secret, _)) = &client.secret {
        form.push(("client_secret", secret));
    }
    daypass.post(path).form(&form)
}

async fn revoke(daypass: &Daypass, client: &OAuthClient, token: &str) {
    let response = post(daypass, "/revoke", client, token).send().await.expect("a response");
    assert_eq!((response.status().as_u16(), &*response.text().await.expect("a body")), (200, ""));
}

#[tokio::test]
async fn an_api_is_told_of_access_and_refresh_tokens_and_which_is_which() {
    let daypass = Daypass::start();
    let client = OAuthClient::add(&daypass, false).await;
    let user = add_developer(&daypass, "ada").await;
    let tokens = client.begin(&daypass, &user).await;
    let introspect = async |token: &str, record: &str| {
        let form = [("token", token), ("record", record), ("token_type_hint", "refresh_token")];
        send(daypass.post("/introspect").bearer_auth(&daypass.admin).form(&form)).await.1
    };
    let told = introspect(&tokens.access, "").await;
    let claims = payload_of(&tokens.access);
    assert_eq!((&told["active"], &told["kind"], &told["token_type"]), (&json!(true), &json!("oauthAccess"), &json!("Bearer")));
    assert_eq!((&told["client_id"], &told["subject"], &told["scope"]), (&json!(client.id), &json!(user), &json!(SCOPES.join(" "))));
    assert_eq!((&told["jti"], &told["exp"]), (&claims["jti"], &claims["exp"]));

    let told = introspect(&tokens.refresh, "false").await;
    assert_eq!((&told["active"], &told["client_id"], &told["subject"]), (&json!(true), &json!(client.id), &json!(user)));
    assert_eq!(told["record"]["kind"], "oauthRefresh");
    // A resource server does not take it for an access token.
    assert_eq!((told.get("token_type"), &told["aud"]), (None, &json!(daypass.url)));
    assert_eq!(introspect(&tokens.refresh, "true").await["active"], true);

    let next = Tokens::of(client.refresh(&daypass.url, &tokens.refresh)).await;
    assert_eq!(introspect(&tokens.refresh, "").await, json!({"active": false}), "a used one");
    assert_eq!(introspect(&tokens.access, "").await["active"], true);
    daypass.revoke_by_text(&tokens.refresh).await;
    for token in [&tokens.access, &tokens.refresh, &next.access, &next.refresh] {
        assert_eq!(introspect(token, "").await, json!({"active": false}));
    }
    let form = [("token", &*tokens.access), ("record", "1")];
    let request = daypass.post("/introspect").bearer_auth(&daypass.admin).form(&form);
    expect_error(request, 400, "invalid_request").await;
}

#[tokio::test]
async fn a_client_is_told_of_its_own_tokens_alone_and_revokes_those() {
    let daypass = Daypass::start();
    let user = add_developer(&daypass, "ada").await;
    let (public, confidential) = (OAuthClient::add(&daypass, false).await, OAuthClient::add(&daypass, true).await);
    for (client, other) in [(&public, &confidential), (&confidential, &public)] {
        let is_active = async |client: &OAuthClient, token: &str| {
            let (status, told) = send(ask(&daypass, client, token)).await;
            assert!(told["active"] == true || told == json!({"active": false}), "{told}");
            (status, told["active"] == true)
        };
        let tokens = client.begin(&daypass, &user).await;
        let (_, told) = send(ask(&daypass, client, &tokens.access)).await;
        assert_eq!((&told["active"], &told["client_id"]), (&json!(true), &json!(client.id)));
        assert_eq!(is_active(client, &tokens.refresh).await, (200, true));
        for token in [&tokens.access, &tokens.refresh] {
            assert_eq!(is_active(other, token).await, (200, false));
            revoke(&daypass, other, token).await;
            assert_eq!(is_active(client, token).await, (200, true), "another client revokes nothing");
        }
        let (secret, _) = daypass.create_secret().await;
        for text in ["x", "\u{0}", &daypass.admin, &secret, &daypass.create_temporary(&secret).await] {
            assert_eq!(is_active(client, text).await, (200, false));
            revoke(&daypass, client, text).await;
        }
        let (status, _) = send(daypass.get("/v2/access-token/self").bearer_auth(&secret)).await;
        assert_eq!(status, 200);

        // An access token ends alone, and a refresh token with its family.
        revoke(&daypass, client, &tokens.access).await;
        assert_eq!(is_active(client, &tokens.access).await, (200, false));
        let next = Tokens::of(client.refresh(&daypass.url, &tokens.refresh)).await;
        assert_eq!(is_active(client, &next.access).await, (200, true));
        revoke(&daypass, client, &next.refresh).await;
        for token in [&next.access, &next.refresh] {
            assert_eq!(is_active(client, token).await, (200, false));
        }
    }
}

#[tokio::test]
async fn a_client_that_is_not_authenticated_is_told_nothing() {
    let daypass = Daypass::start();
    let user = add_developer(&daypass, "ada").await;
    let (public, confidential) = (OAuthClient::add(&daypass, false).await, OAuthClient::add(&daypass, true).await);
    let tokens = confidential.begin(&daypass, &user).await;
    let secret = &confidential.secret.as_ref().expect("a secret").0;
    for path in ["/introspect", "/revoke"] {
        let request = |form: &[(&str, &str)]| daypass.post(path).form(form);
        let token = ("token", &*tokens.access);
        expect_refusal(request(&[token, ("client_id", &confidential.id)]), 401, "invalid_client").await;
        expect_refusal(request(&[token, ("client_id", "app_x")]), 401, "invalid_client").await;
        expect_refusal(request(&[token]).basic_auth(&public.id, Some(secret)), 401, "invalid_client").await;
        let without_token = request(&[("client_id", &confidential.id), ("client_secret", secret)]);
        expect_refusal(without_token, 400, "invalid_request").await;
        let (status, _) = send(request(&[token])).await;
        assert_eq!(status, 401);
    }
    let basic = daypass.post("/introspect").basic_auth(&confidential.id, Some(secret));
    let (_, told): (u16, Value) = send(basic.form(&[("token", &*tokens.access)])).await;
    assert_eq!(told["active"], true);
}
