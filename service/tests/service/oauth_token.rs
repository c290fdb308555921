//! The token endpoint: what it answers, and whom it refuses.

#![expect(clippy::print_stdout, reason = "a failure shows which request it was")]

use reqwest::RequestBuilder;
use serde_json::json;

use super::oauth_clients::{
    OAuthClient, REDIRECT_URI, SCOPES, Tokens, VERIFIER, add_code, add_developer, expect_refusal,
};
use super::running::{Daypass, mistype, now, payload_of, send};

#[tokio::test]
async fn a_client_gets_tokens_for_a_code_and_for_each_refresh_token() {
    let daypass = Daypass::start();
    let user = add_developer(&daypass, "ada").await;
    for is_confidential in [false, true] {
        let client = OAuthClient::add(&daypass, is_confidential).await;
        let first = client.begin(&daypass, &user).await;
        let scope = SCOPES.join(" ");
        let rest = json!({"token_type": "Bearer", "expires_in": 3600, "scope": scope});
        assert_eq!(first.rest, rest);
        let claims = payload_of(&first.access);
        assert_eq!((&claims["kind"], &claims["client_id"]), (&json!("oauthAccess"), &json!(client.id)));
        assert_eq!((&claims["sub"], &claims["subject"]), (&json!(daypass.organization()), &json!(user)));
        assert_eq!(claims["exp"].as_u64(), claims["iat"].as_u64().map(|iat| iat + 3600));
        let verifier = daypass.create_verifier().await;
        let request = axum::http::Request::builder().header("authorization", format!("Bearer {}", first.access));
        let (parts, ()) = request.body(()).expect("a request").into_parts();
        let access = verifier.verify(&daypass::verify::Credentials::from_parts(&parts), None).await;
        let scope = SCOPES[0].parse().expect("a scope");
        assert!(access.is_ok_and(|access| access.require(&scope).tenant(&daypass.organization()).check().is_ok()));

        let second = Tokens::of(client.refresh(&daypass.url, &first.refresh)).await;
        assert_eq!(second.rest, rest);
        let next = payload_of(&second.access);
        assert_eq!((&next["root_serial"], &next["subject"]), (&claims["root_serial"], &claims["subject"]));
        assert!(next["jti"] != claims["jti"] && second.refresh != first.refresh);
        // Fewer scopes for one access token; the family keeps what it has.
        let narrow = [("grant_type", "refresh_token"), ("refresh_token", &second.refresh), ("scope", SCOPES[1])];
        let third = Tokens::of(client.ask(&daypass.url, &narrow)).await;
        assert_eq!(third.rest["scope"], SCOPES[1]);
        assert_eq!(payload_of(&third.access)["grants"][0]["scopes"], json!([SCOPES[1]]));
        assert_eq!(Tokens::of(client.refresh(&daypass.url, &third.refresh)).await.rest, rest);
    }
}

#[tokio::test]
async fn a_response_is_stored_nowhere_and_pages_of_any_origin_may_read_it() {
    let daypass = Daypass::start();
    let client = OAuthClient::add(&daypass, false).await;
    let user = add_developer(&daypass, "ada").await;
    let code = add_code(&daypass, &client, &user, now() + 60);
    let request = client.redeem(&daypass.url, &code).header("origin", "https://app.example");
    let response = request.send().await.expect("a response");
    assert_eq!((response.status().as_u16(), &response.headers()["cache-control"]), (200, &"no-store".parse().expect("a value")));
    assert_eq!(response.headers()["pragma"], "no-cache");
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    assert!(!response.headers().contains_key("access-control-allow-credentials"));
    for path in ["/oauth/token", "/revoke"] {
        let preflight = daypass
            .request(reqwest::Method::OPTIONS, path)
            .header("origin", "https://app.example")
            .header("access-control-request-method", "POST")
            .header("access-control-request-headers", "dpop")
            .send()
            .await
            .expect("a response");
        let headers = preflight.headers();
        assert_eq!((preflight.status().as_u16(), &headers["access-control-allow-methods"]), (204, &"POST".parse().expect("a value")));
        assert_eq!(headers["access-control-allow-headers"], "dpop");
    }
    let (status, _) = send(daypass.get("/oauth/token")).await;
    assert_eq!(status, 405);
}

#[tokio::test]
async fn a_client_authenticates_in_one_way_with_its_own_active_secret() {
    let daypass = Daypass::start();
    let (public, confidential) = (OAuthClient::add(&daypass, false).await, OAuthClient::add(&daypass, true).await);
    let other = OAuthClient::add(&daypass, true).await;
    let secret_of = |client: &OAuthClient| client.secret.as_ref().expect("a secret").0.clone();
    let (own, others) = (secret_of(&confidential), secret_of(&other));
    let (backend, _) = daypass.create_secret().await;
    let grant = ("grant_type", "client_credentials");
    let post = |form: &[(&str, &str)]| daypass.post("/oauth/token").form(form);
    let basic = |id: &str, secret: &str| post(&[grant]).basic_auth(id, Some(secret));
    let (id, id_of_public) = (&*confidential.id, &*public.id);

    let scope = SCOPES.join(" ");
    let in_form = || post(&[grant, ("client_id", id), ("client_secret", &own)]);
    let with_both = post(&[grant, ("client_id", id)]).basic_auth(id, Some(&own));
    for request in [basic(id, &own), in_form(), with_both] {
        let tokens = Tokens::of(request).await;
        assert_eq!(tokens.rest, json!({"token_type": "Bearer", "expires_in": 3600, "scope": scope}));
        let claims = payload_of(&tokens.access);
        assert_eq!((&claims["client_id"], claims.get("subject")), (&json!(id), None));
        assert!(tokens.refresh.is_empty(), "a client asks again instead");
    }
    for (request, status, code) in [
        (post(&[grant]), 401, "invalid_client"),
        (post(&[grant, ("client_id", id)]), 401, "invalid_client"),
        (post(&[grant, ("client_id", "app_x"), ("client_secret", &own)]), 401, "invalid_client"),
        (post(&[grant, ("client_id", id_of_public), ("client_secret", &own)]), 401, "invalid_client"),
        (post(&[grant, ("client_id", id_of_public)]), 400, "unauthorized_client"),
        (basic(id, &others), 401, "invalid_client"),
        (basic(&other.id, &own), 401, "invalid_client"),
        (basic(id, &mistype(&own)), 401, "invalid_client"),
        (basic(id, &backend), 401, "invalid_client"),
        (basic(id, &daypass.admin), 401, "invalid_client"),
        (basic(id, ""), 401, "invalid_client"),
        (basic(id, "\u{0}"), 401, "invalid_client"),
        (post(&[grant]).header("authorization", "Basic !"), 401, "invalid_client"),
        (in_form().basic_auth(id, Some(&own)), 400, "invalid_request"),
        (post(&[grant, ("client_id", &other.id)]).basic_auth(id, Some(&own)), 400, "invalid_request"),
    ] {
        expect_refusal(request, status, code).await;
    }
    for request in [basic(id, &own), in_form()] {
        expect_refusal(request.header("origin", "https://app.example"), 401, "invalid_client").await;
    }
    assert!(daypass.log().contains("a page sent the secret of an OAuth client"));
    let of = |resource: &str| confidential.ask(&daypass.url, &[grant, ("resource", resource)]);
    Tokens::of(of(&daypass.url)).await;
    expect_refusal(of("https://other.example"), 400, "invalid_target").await;
    let scoped = |scope: &str| confidential.ask(&daypass.url, &[grant, ("scope", scope)]);
    assert_eq!(Tokens::of(scoped(SCOPES[0])).await.rest["scope"], SCOPES[0]);
    for wrong in ["floor:export", "floor:fly", "token:create", "*", "floor"] {
        expect_refusal(scoped(wrong), 400, "invalid_scope").await;
    }
    // What a secret gave ends with the secret.
    let tokens = Tokens::of(basic(id, &own)).await;
    daypass.revoke(&confidential.secret.as_ref().expect("a secret").1).await;
    expect_refusal(basic(id, &own), 401, "invalid_client").await;
    let (_, described) = send(daypass.get("/v2/access-token/self").bearer_auth(&tokens.access)).await;
    assert_eq!(described["revoked"], true);
}

/// A request, with a name, that must be refused.
type Refused = (&'static str, RequestBuilder, u16, &'static str);

#[tokio::test]
async fn a_code_is_for_its_client_redirect_uri_and_verifier_alone() {
    let daypass = Daypass::start();
    let (client, other) = (OAuthClient::add(&daypass, false).await, OAuthClient::add(&daypass, true).await);
    let user = add_developer(&daypass, "ada").await;
    let code = add_code(&daypass, &client, &user, now() + 60);
    let expired = add_code(&daypass, &client, &user, now());
    let of_other = add_code(&daypass, &other, &user, now() + 60);
    let grant = ("grant_type", "authorization_code");
    let ask = |changed: &str, value: Option<&str>| {
        let form = [grant, ("code", &code), ("redirect_uri", REDIRECT_URI), ("code_verifier", VERIFIER)];
        let kept = form.into_iter().filter(|(name, _)| *name != changed);
        let form: Vec<_> = kept.chain(value.map(|value| (changed, value))).collect();
        client.ask(&daypass.url, &form)
    };
    let (short, long) = (&VERIFIER[..42], "a".repeat(129));
    let refused: [Refused; 19] = [
        ("another client", other.redeem(&daypass.url, &code), 400, "invalid_grant"),
        ("another client's code", client.redeem(&daypass.url, &of_other), 400, "invalid_grant"),
        ("an expired code", client.redeem(&daypass.url, &expired), 400, "invalid_grant"),
        ("an unknown code", client.redeem(&daypass.url, "x"), 400, "invalid_grant"),
        ("a NUL", client.redeem(&daypass.url, "\u{0}"), 400, "invalid_grant"),
        ("no code", ask("code", None), 400, "invalid_request"),
        ("an empty code", ask("code", Some("")), 400, "invalid_request"),
        ("no redirect URI", ask("redirect_uri", None), 400, "invalid_grant"),
        ("a longer URI", ask("redirect_uri", Some("https://app.example/back/")), 400, "invalid_grant"),
        ("another case", ask("redirect_uri", Some("https://App.example/back")), 400, "invalid_grant"),
        ("a query", ask("redirect_uri", Some("https://app.example/back?")), 400, "invalid_grant"),
        ("no verifier", ask("code_verifier", None), 400, "invalid_request"),
        ("a short verifier", ask("code_verifier", Some(short)), 400, "invalid_request"),
        ("a long verifier", ask("code_verifier", Some(&long)), 400, "invalid_request"),
        ("another verifier", ask("code_verifier", Some(&VERIFIER.replace('a', "b"))), 400, "invalid_grant"),
        ("no grant type", ask("grant_type", None), 400, "invalid_request"),
        ("a password", ask("grant_type", Some("password")), 400, "unsupported_grant_type"),
        ("two codes", client.ask(&daypass.url, &[grant, ("code", "a"), ("code", "b")]), 400, "invalid_request"),
        ("no form", daypass.post("/oauth/token").json(&json!({"grant_type": "x"})), 400, "invalid_request"),
    ];
    for (name, request, status, code) in refused {
        println!("{name}");
        expect_refusal(request, status, code).await;
    }
    let large = client.redeem(&daypass.url, &"x".repeat(70_000));
    expect_refusal(large, 413, "invalid_request").await;
    // None of that used the code.
    Tokens::of(client.redeem(&daypass.url, &code)).await;
}

#[tokio::test]
async fn a_client_gets_tokens_in_the_ways_alone_that_it_may() {
    let daypass = Daypass::start();
    let user = add_developer(&daypass, "ada").await;
    let client = OAuthClient::add_with(&daypass, false, &["authorization_code"]).await;
    let tokens = client.begin(&daypass, &user).await;
    assert_eq!((tokens.refresh.is_empty(), &tokens.rest["expires_in"]), (true, &json!(3600)));
    expect_refusal(client.refresh(&daypass.url, "x"), 400, "unauthorized_client").await;
    let client = OAuthClient::add_with(&daypass, true, &["client_credentials"]).await;
    let code = add_code(&daypass, &client, &user, now() + 60);
    expect_refusal(client.redeem(&daypass.url, &code), 400, "unauthorized_client").await;
}

#[tokio::test]
async fn the_token_endpoint_tells_when_the_store_does_not_answer() {
    let daypass = Daypass::start();
    let client = OAuthClient::add(&daypass, true).await;
    daypass.execute("ALTER TABLE oauth_client RENAME TO lost");
    let request = client.ask(&daypass.url, &[("grant_type", "client_credentials")]);
    expect_refusal(request, 503, "temporarily_unavailable").await;
}
