use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;

use crate::running::{Daypass, expect_error, send};

#[tokio::test]
async fn health_readiness_and_keys_are_public() {
    let daypass = Daypass::start();
    assert_eq!(send(daypass.get("/health")).await, (200, json!({"status": "ok"})));
    let checks = json!({"store": "ok", "keys": "ok", "feed": "ok", "space": "ok"});
    let (status, ready) = send(daypass.get("/ready")).await;
    let epoch = ready["epoch"].as_str().expect("the feed has a history");
    assert_eq!((status, &ready), (200, &json!({"status": "ready", "checks": checks, "epoch": epoch})));

    let response = daypass.get("/.well-known/jwks.json").send().await.expect("a response");
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["cache-control"], "public, max-age=300, must-revalidate");
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["access-control-allow-origin"], "*");
    let jwks: serde_json::Value = response.json().await.expect("JSON");
    let key = &jwks["keys"][0];
    assert_eq!(jwks["keys"].as_array().map(Vec::len), Some(1));
    for (name, value) in [("kty", "OKP"), ("crv", "Ed25519"), ("alg", "EdDSA"), ("use", "sig")] {
        assert_eq!(key[name], value);
    }
    for name in ["x", "kid"] {
        assert_eq!(key[name].as_str().map(str::len), Some(43), "{name}: 32 bytes in base64url");
    }
    assert_eq!(key.as_object().map(serde_json::Map::len), Some(6), "no private part: {key}");
}

#[tokio::test]
async fn a_client_with_the_current_keys_gets_304_until_they_change() {
    let daypass = Daypass::start();
    let keys = "/.well-known/jwks.json";
    let first = daypass.get(keys).send().await.expect("a response");
    let tag = first.headers()["etag"].to_str().expect("text").to_owned();
    assert!(tag.len() == 45 && tag.starts_with('"') && tag.ends_with('"'), "{tag}");
    assert_eq!(daypass.get(keys).send().await.expect("a response").headers()["etag"], tag, "the same keys");

    for (known, status) in [
        (tag.clone(), 304),
        (format!("W/{tag}"), 304),
        (format!("\"other\", {tag}"), 304),
        ("*".to_owned(), 304),
        ("\"other\"".to_owned(), 200),
        (tag.trim_matches('"').to_owned(), 200),
    ] {
        let response = daypass.get(keys).header("if-none-match", &known).send().await.expect("a response");
        assert_eq!(response.status(), status, "{known}");
        for (name, value) in [
            ("etag", &*tag),
            ("cache-control", "public, max-age=300, must-revalidate"),
            ("access-control-allow-origin", "*"),
        ] {
            assert_eq!(response.headers()[name], value, "{known}");
        }
        // Pages count a token's lifetime by the service's clock.
        let readable = response.headers()["access-control-expose-headers"].to_str().expect("text");
        assert!(readable.split(", ").any(|name| name == "Date") && response.headers().contains_key("date"), "{known}");
        assert_eq!(response.bytes().await.expect("a body").is_empty(), status == 304, "{known}");
    }

    daypass.json(&["key", "rotate"]);
    let deadline = Instant::now() + Duration::from_secs(2);
    loop {
        let response = daypass.get(keys).header("if-none-match", &tag).send().await.expect("a response");
        if response.status() == 200 {
            assert_ne!(response.headers()["etag"], tag);
            break;
        }
        assert!(Instant::now() < deadline, "the new key is not published");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn unknown_paths_and_methods_are_refused_in_json() {
    let daypass = Daypass::start();
    for path in ["/", "/v2", "/v2/access-token/", "/v2/access-token/a/b", "/.env", "/v2/access-token/%2e%2e/%2e%2e"] {
        expect_error(daypass.get(path), 404, "not_found").await;
    }
    for (method, path, allowed) in [
        (Method::DELETE, "/health", "GET,HEAD"),
        (Method::GET, "/generate", "POST"),
        (Method::POST, "/verify", "GET,HEAD"),
        (Method::PUT, "/v2/access-token", "GET,HEAD,POST"),
        (Method::POST, "/v2/access-token/tok_1", "GET,HEAD,PATCH,DELETE"),
        (Method::OPTIONS, "/v2/temporary-access-token/create", "POST"),
    ] {
        let response = daypass.request(method.clone(), path).send().await.expect("a response");
        assert_eq!(response.headers()["allow"], allowed, "{method} {path}");
        expect_error(daypass.request(method, path), 405, "method_not_allowed").await;
    }
}

#[tokio::test]
async fn any_page_can_read_what_is_for_browsers_and_nothing_else() {
    let daypass = Daypass::start();
    let origin = "https://page.example";
    for (path, readable) in [
        ("/.well-known/jwks.json", true),
        ("/v2/access-token/self", true),
        ("/verify", true),
        ("/sdk/", true),
        ("/v2/access-token", false),
        ("/v2/access-token/tok_1", false),
        ("/generate", false),
        ("/introspect", false),
        ("/revoke", true),
        ("/v2/revocation", false),
        ("/v2/bundle/create", false),
        ("/v2/temporary-access-token/create", true),
    ] {
        let preflight = daypass
            .request(Method::OPTIONS, path)
            .header("origin", origin)
            .header("access-control-request-method", "GET")
            .header("access-control-request-headers", "authorization,x-api-token,x-sdk-version");
        let response = preflight.send().await.expect("a response");
        let headers = response.headers();
        assert_eq!(headers.contains_key("access-control-allow-origin"), readable, "{path}");
        if readable {
            assert_eq!(response.status(), 204, "{path}");
            assert_eq!(headers["access-control-allow-headers"], "authorization,x-api-token,x-sdk-version");
        }
        let response = daypass.get(path).header("origin", origin).send().await.expect("a response");
        let allowed = response.headers().get("access-control-allow-origin").map(|value| value.as_bytes());
        assert_eq!(allowed, readable.then_some(&b"*"[..]), "{path}");
    }
}

#[tokio::test]
async fn the_pages_run_their_own_scripts_alone_and_are_in_no_frame() {
    let daypass = Daypass::start();
    for (path, content_type) in [
        ("/sign-in", "text/html; charset=utf-8"),
        ("/invitation", "text/html; charset=utf-8"),
        ("/pages/invitation.js", "text/javascript; charset=utf-8"),
        ("/pages/service.js", "text/javascript; charset=utf-8"),
        ("/pages/page.css", "text/css; charset=utf-8"),
    ] {
        let response = daypass.get(path).send().await.expect("a response");
        let header = |name: &str| response.headers()[name].to_str().expect("text").to_owned();
        assert_eq!((response.status().as_u16(), header("content-type")), (200, content_type.into()), "{path}");
        let policy = header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; ") && policy.ends_with("frame-ancestors 'none'"), "{policy}");
        assert!(!policy.contains("unsafe") && header("x-content-type-options") == "nosniff");
        let text = response.text().await.expect("a body");
        assert!(!text.contains("<style") && !text.contains(" style=") && !text.contains(" onclick"), "{path}");
        assert!(!text.contains("http:") && !text.contains("https:"), "{path} loads nothing from elsewhere");
    }
}
