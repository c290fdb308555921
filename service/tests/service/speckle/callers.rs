//! Who is let in, and as whom.

use reqwest::header::WWW_AUTHENTICATE;
use serde_json::{Value, json};

use super::running::{mistype, send, to_text};
use super::{SEED, WHO, add_user, ask, ask_as, create_as, error_of, start, token_of, MANAGER};

#[tokio::test]
async fn every_kind_in_every_place_is_answered_as_speckle_answers_it() {
    let daypass = start();
    let user = add_user(&daypass, "ada");
    let reader = ["profile:read", "profile:email"];
    let (personal, _) = token_of(&daypass, "personal", &user, &reader).await;
    let (other, _) = token_of(&daypass, "personal", &user, &["streams:read"]).await;
    let (revoked, revoked_id) = token_of(&daypass, "personal", &user, &reader).await;
    daypass.revoke(&revoked_id).await;
    let (manager, _) = token_of(&daypass, "secret", &user, &MANAGER).await;
    let input = json!({"name": "n", "scopes": ["profile:read", "profile:email"]});
    let foreign = to_text(&create_as(&daypass, &manager, input).await);
    let (secret, _) = token_of(&daypass, "secret", &user, &["profile:read", "floor:readPrivate"]).await;
    let unowned = json!({"kind": "secret", "name": "n", "scopes": ["profile:read"]});
    let (unowned, _) = daypass.create_token(unowned).await;
    let publishable = json!({"kind": "publishable", "name": "n", "origins": ["example.com"]});
    let (publishable, _) = daypass.create_token(publishable).await;
    let partner = daypass.create_partner().await;
    let temporary = daypass.create_temporary(&secret).await;
    let bundle = daypass.create_reference(&partner, &json!({"file": "f"})).await;
    let mistyped = mistype(&personal);

    let (own, no_email, null) = (Some("email"), Some("id"), Some("null"));
    // With `Bearer`, alone, in the cookie, in the query, and with `Bearer` from a page of another site.
    for (what, token, expected) in [
        ("personal", &personal, [own, own, own, None, own]),
        ("personal in Speckle's format", &foreign, [own, own, own, None, own]),
        ("a text in Speckle's format", &"0123456789".repeat(5)[..42].to_owned(), [None; 5]),
        ("personal without profile:read", &other, [null, null, null, None, null]),
        ("revoked", &revoked, [None; 5]),
        ("mistyped", &mistyped, [None; 5]),
        ("secret of a user", &secret, [no_email, no_email, None, None, None]),
        ("secret of nobody", &unowned, [null, null, None, None, None]),
        ("application", &partner, [null, null, None, None, None]),
        ("publishable", &publishable, [None, None, None, None, null]),
        ("temporary", &temporary, [None; 5]),
        ("bundle", &bundle, [None; 5]),
        ("a word", &"None".to_owned(), [None; 5]),
    ] {
        let at = |query: String| daypass.post(&format!("/graphql{query}")).json(&json!({"query": WHO}));
        let places = [
            at(String::new()).bearer_auth(token),
            at(String::new()).header("authorization", token),
            at(String::new()).header("cookie", format!("theme=dark; authn={token}")),
            at(format!("?embedToken={token}")),
            at(String::new()).bearer_auth(token).header("origin", "https://example.com"),
        ];
        for (place, (request, expected)) in places.into_iter().zip(expected).enumerate() {
            let (status, body) = send(request).await;
            let seen = match &body["data"]["activeUser"] {
                Value::Null if status == 200 => Some("null"),
                Value::Null => None,
                found => Some(if found["email"].is_null() { "id" } else { "email" }),
            };
            assert_eq!(seen, expected, "{what} in place {place}: {status}");
            if expected.is_none() {
                assert_eq!((status, &body), (403, &json!({"error": "Your token is not valid."})), "{what} {place}");
            }
        }
    }
    assert!(![&personal, &foreign, &secret, &temporary].into_iter().any(|token| daypass.log().contains(&**token)));
    let from = |origin: &str| {
        let request = ask(&daypass, WHO).header("cookie", format!("authn={personal}"));
        request.header("origin", origin.to_owned())
    };
    assert_eq!(send(from("https://example.com")).await.0, 403, "a page of another site rides on the cookie");
    assert_eq!(send(from(&daypass.url)).await.1["data"]["activeUser"]["id"], json!(user));
    // What another system has in the header and the cookie does not hide the token in the query.
    let of_gateway = daypass.post(&format!("/graphql?embedToken={publishable}")).header("cookie", "authn=session");
    let of_gateway = of_gateway.header("authorization", "Basic eDp5").header("origin", "https://example.com");
    assert_eq!(send(of_gateway.json(&json!({"query": WHO}))).await.0, 200);
    let embed = daypass.post(&format!("/graphql?embedToken={publishable}")).json(&json!({"query": WHO}));
    assert_eq!(send(embed.header("origin", "https://example.com")).await.0, 200, "an embed token");
}

#[tokio::test]
async fn the_header_comes_before_the_cookie_and_that_before_the_query() {
    let daypass = start();
    let user = add_user(&daypass, "ada");
    let (good, _) = token_of(&daypass, "personal", &user, &["profile:read"]).await;
    for (header, cookie, query, expected) in [
        (Some(&*good), Some("dp_per_wrong"), Some("wrong"), 200),
        (Some("wrong"), Some(&*good), None, 403),
        (None, Some(&*good), Some("wrong"), 200),
        (None, Some("wrong"), None, 403),
        (None, None, Some("wrong"), 403),
        (Some(""), Some(&*good), None, 200),
        // What a gateway has there is no token.
        (Some("Basic eDp5"), Some(&*good), None, 200),
        (Some("Basic eDp5"), None, None, 200),
        (Some("Bearer wrong"), Some(&*good), None, 403),
        (None, None, Some(""), 200),
        (None, None, None, 200),
    ] {
        let query = query.map(|text| format!("?embedToken={text}")).unwrap_or_default();
        let mut request = daypass.post(&format!("/graphql{query}")).json(&json!({"query": WHO}));
        if let Some(text) = header {
            request = request.header("authorization", text);
        }
        if let Some(text) = cookie {
            request = request.header("cookie", format!("authn={text}"));
        }
        assert_eq!(send(request).await.0, expected, "{} {} {query}", header.is_some(), cookie.is_some());
    }
    let twice = ask(&daypass, WHO).bearer_auth(&good).bearer_auth(&good);
    assert_eq!(send(twice).await.0, 403, "two headers");
}

#[tokio::test]
async fn a_token_that_ended_fails_the_whole_request_and_the_header_says_why() {
    let daypass = start();
    let user = add_user(&daypass, "ada");
    let (token, id) = token_of(&daypass, "personal", &user, &["profile:read"]).await;
    assert_eq!(ask_as(&daypass, &token, WHO, json!({})).await.0, 200);
    daypass.revoke(&id).await;
    let response = ask(&daypass, "{ serverInfo { version } }").bearer_auth(&token).send().await.expect("a response");
    assert_eq!(response.status(), 403);
    let challenge = response.headers()[WWW_AUTHENTICATE].to_str().expect("text").to_owned();
    assert!(challenge.contains("revoked"), "{challenge}");
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    assert_eq!(response.text().await.expect("a body"), r#"{"error":"Your token is not valid."}"#);

    let (token, _) = token_of(&daypass, "personal", &user, &["profile:read"]).await;
    daypass.json(&["user", "remove", &user, "--yes"]);
    assert_eq!(ask_as(&daypass, &token, WHO, json!({})).await.0, 403, "its user was removed");
}

#[tokio::test]
async fn the_request_of_speckles_documentation_is_answered() {
    let daypass = start();
    let user = add_user(&daypass, "ada");
    let (token, _) = token_of(&daypass, "personal", &user, &["profile:read"]).await;
    let (status, body) = ask_as(&daypass, &token, SEED, json!({})).await;
    let found = &body["data"]["user"];
    assert_eq!((status, &found["id"], &found["streams"]["totalCount"]), (200, &json!(user), &Value::Null));
    let suuid = to_text(&found["suuid"]);
    assert!(suuid.len() == 36 && suuid.as_bytes()[14] == b'8', "{suuid}");
    assert_eq!(ask_as(&daypass, &token, SEED, json!({})).await.1, body, "it stays the same");
    assert_eq!(error_of(send(ask(&daypass, SEED)).await).1, "You must provide an auth token.");

    let about = "{ data: serverInfo { name version canonicalUrl scopes { name description } authStrategies { id name icon }
        workspaces { workspacesEnabled } } }";
    let (status, info) = send(ask(&daypass, about)).await;
    let info = &info["data"]["data"];
    assert_eq!((status, &info["version"], &info["canonicalUrl"]), (200, &json!("dev"), &json!(daypass.url)));
    let scopes = info["scopes"].as_array().expect("scopes");
    assert!(scopes.iter().any(|scope| scope["name"] == "automate:report-results"));
    // Beside other systems' scopes, its clients see their own.
    assert!(!scopes.iter().any(|scope| scope["name"] == "floor:update") && info["name"] == "Speckle");
    assert_eq!(info["authStrategies"][0]["id"], "local");
}
