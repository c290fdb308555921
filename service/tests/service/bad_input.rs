use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use daypass::{OpaqueToken, TokenKind};
use reqwest::RequestBuilder;
use reqwest::header::{HeaderMap, HeaderValue};
use serde_json::json;

use super::running::{Daypass, FLOOR_READ, expect_error, mistype, send};

/// Returns an authorized request for each path that reads a body.
fn with_body(daypass: &Daypass) -> Vec<RequestBuilder> {
    vec![
        daypass.post("/v2/access-token").bearer_auth(&daypass.admin),
        daypass.post("/v2/temporary-access-token/create").bearer_auth(&daypass.admin),
        daypass.post("/v2/bundle/create").bearer_auth(&daypass.admin),
        daypass.post("/v2/revocation").bearer_auth(&daypass.admin),
    ]
}

#[tokio::test]
async fn tokens_that_are_not_authentic_get_the_same_bytes() {
    let daypass = Daypass::start();
    let unknown = OpaqueToken::generate(TokenKind::Secret, |bytes| aws_lc_rs::rand::fill(bytes).expect("random bytes"))
        .expect("stored");
    let other_kind = daypass.admin.replace("dp_sec_", "dp_pub_");
    let mistyped = mistype(&daypass.admin);
    let temporary = daypass.create_temporary(&daypass.admin).await;
    let (signed, signature) = temporary.rsplit_once('.').expect("three parts");
    let zeros = format!("{signed}.{}", "A".repeat(signature.len()));
    let (header, rest) = temporary.split_once('.').expect("three parts");
    let unsigned = format!("eyJhbGciOiJub25lIn0.{rest}");
    let cut = &daypass.admin[..20];
    let long = "x".repeat(5000);
    let mut bodies = Vec::new();
    for token in [
        "",
        "x",
        "..",
        "a.b.c",
        cut,
        &long,
        &mistyped,
        &other_kind,
        unknown.expose_secret(),
        &zeros,
        &unsigned,
        header,
        signed,
    ] {
        for path in ["/v2/access-token", "/v2/access-token/self"] {
            let response = daypass.get(path).bearer_auth(token).send().await.expect("a response");
            assert_eq!(response.status(), 401, "{token}");
            assert_eq!(response.headers()["www-authenticate"], r#"Bearer error="invalid_token""#);
            bodies.push(response.text().await.expect("a body"));
        }
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
}

#[tokio::test]
async fn a_request_has_one_token_and_one_origin() {
    let daypass = Daypass::start();
    let missing = daypass.get("/v2/access-token").send().await.expect("a response");
    assert_eq!(missing.headers()["www-authenticate"], "Bearer");
    for header in ["Basic YTpi", "Digest x", "bearer"] {
        let code = if header == "bearer" { "invalid_token" } else { "missing_token" };
        expect_error(daypass.get("/v2/access-token").header("authorization", header), 401, code).await;
    }
    let get = || daypass.get("/v2/access-token").bearer_auth(&daypass.admin);
    expect_error(get().query(&[("pubtoken", "dp_x")]), 400, "invalid_request").await;
    expect_error(get().header("x-api-key", "dp_x"), 400, "invalid_request").await;
    // The same token again counts once, and what does not look like a token does not count.
    assert_eq!(send(get().bearer_auth(&daypass.admin)).await.0, 200);
    for name in ["pubtoken", "access_token", "accessTokenId"] {
        let own = || daypass.get("/v2/access-token/self").bearer_auth(&daypass.admin);
        assert_eq!(send(own().query(&[(name, "of-the-product")])).await.0, 200, "{name}");
        expect_error(own().query(&[(name, &daypass.admin)]), 400, "secret_in_query").await;
    }
    assert_eq!(send(get().header("x-api-key", "of-a-gateway")).await.0, 200);
    expect_error(daypass.get("/v2/access-token").header("x-api-key", "of-a-gateway"), 401, "missing_token").await;
    let mut two = HeaderMap::new();
    for origin in ["https://a.example", "https://b.example"] {
        two.append("origin", HeaderValue::from_static(origin));
    }
    expect_error(get().headers(two), 400, "invalid_request").await;
    for origin in ["https://a.example", "null", "HTTPS://A.EXAMPLE", "x"] {
        expect_error(get().header("origin", origin), 403, "secret_in_browser").await;
    }
}

#[tokio::test]
async fn a_publishable_token_works_from_its_origins_only() {
    let daypass = Daypass::start();
    let origins = ["a.example"];
    let (token, _) = daypass.create_token(json!({"kind": "publishable", "name": "n", "origins": origins})).await;
    let get = || daypass.get("/v2/access-token").query(&[("pubtoken", &token)]);
    expect_error(get(), 403, "origin_required").await;
    expect_error(get().header("origin", "https://a.example"), 403, "kind_not_accepted").await;
    for origin in ["https://b.example", "null", "https://a.example.", "https://a.example/", "https://A.example"] {
        let message = expect_error(get().header("origin", origin), 403, "origin_not_allowed").await;
        assert!(message.contains(origin), "{message}");
    }
}

#[tokio::test]
async fn a_body_is_json_of_a_bounded_size() {
    let daypass = Daypass::start();
    let deep = format!(r#"{{"kind":"secret","name":"n","scopes":{}"#, "[".repeat(10_000));
    for body in ["", " ", "{", "nonsense", "[", "{}x", "\u{0}", "[1]", &deep] {
        for request in with_body(&daypass) {
            let request = request.header("content-type", "application/json; charset=utf-8").body(body.to_owned());
            expect_error(request, 400, "invalid_body").await;
        }
    }
    for request in with_body(&daypass) {
        expect_error(
            request.header("content-type", "application/json").body(vec![b'"', 0xFF, b'"']),
            400,
            "invalid_body",
        )
        .await;
    }
    for content_type in ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "application/jsonp"]
    {
        for request in with_body(&daypass) {
            expect_error(request.header("content-type", content_type).body("{}"), 400, "invalid_body").await;
        }
    }
    for request in with_body(&daypass) {
        expect_error(request.body("{}"), 400, "invalid_body").await;
    }
    for (size, status, code) in [(65_536, 400, "invalid_body"), (65_537, 413, "body_too_large")] {
        for request in with_body(&daypass) {
            expect_error(request.header("content-type", "application/json").body(" ".repeat(size)), status, code).await;
        }
    }
}

#[tokio::test]
async fn an_unauthorized_caller_is_refused_whatever_the_body_is() {
    let daypass = Daypass::start();
    let (publishable, _) =
        daypass.create_token(json!({"kind": "publishable", "name": "n", "origins": ["a.example"]})).await;
    let own = json!({"kind": "secret", "name": "n", "scopes": ["token:read"]});
    let (powerless, _) = daypass.create_token(own).await;
    let temporary = daypass.create_temporary(&daypass.admin).await;
    let paths = [
        "/v2/access-token",
        "/v2/temporary-access-token/create",
        "/v2/bundle/create",
        "/introspect",
        "/revoke",
        "/v2/revocation",
    ];
    for path in paths {
        for body in [String::new(), "nonsense".into(), "x".repeat(70_000)] {
            for content_type in ["application/json", "application/x-www-form-urlencoded", "text/plain"] {
                // The service leaves the body unread, so the connection cannot be used again.
                let post = || {
                    let post = daypass.post(path).header("connection", "close").header("content-type", content_type);
                    post.body(body.clone())
                };
                expect_error(post(), 401, "missing_token").await;
                expect_error(post().bearer_auth(&temporary), 403, "kind_not_accepted").await;
                let from_page = post().query(&[("pubtoken", &publishable)]).header("origin", "https://a.example");
                expect_error(from_page, 403, "kind_not_accepted").await;
                if path != "/v2/temporary-access-token/create" {
                    expect_error(post().bearer_auth(&powerless), 403, "insufficient_scope").await;
                }
            }
        }
    }
    // The service does not wait for the body of an unauthenticated caller.
    let head = "POST /v2/access-token HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let answer = exchange(&daypass, &format!("{head}Content-Length: 100\r\n\r\n{{"));
    assert!(answer.starts_with("HTTP/1.1 401 ") && answer.contains("missing_token"), "{answer}");
}

#[test]
fn headers_that_are_too_large_are_refused() {
    let daypass = Daypass::start();
    let head = "GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\nX-Large: ";
    let large = |size: usize| format!("{head}{}", "x".repeat(size - head.len()));
    let most = 32 * 1024;
    assert!(exchange(&daypass, &format!("{}\r\n\r\n", large(most - 1000))).starts_with("HTTP/1.1 200 "));
    assert!(exchange(&daypass, &large(most)).starts_with("HTTP/1.1 431 "));
    assert!(exchange(&daypass, &format!("{}\r\n\r\n", large(100))).starts_with("HTTP/1.1 200 "), "it still answers");
}

/// Every test looks for panics in the log of the service; these texts are the most likely to cause one.
#[tokio::test]
async fn unusual_text_is_stored_or_refused() {
    let daypass = Daypass::start();
    for (scope, resource, expected) in [
        (FLOOR_READ, json!({"type": "floor", "id": "f1"}), 201),
        (FLOOR_READ, json!({"type": "'", "id": "\""}), 400),
        ("\u{202e}", json!({"type": "floor", "id": "f1"}), 400),
        ("floor:readPrivate:\u{0}", json!({"type": "floor", "id": "f1"}), 400),
        ("::", json!({"type": "floor", "id": "f1"}), 400),
        ("*:*", json!({"type": "floor", "id": "f1"}), 400),
    ] {
        let body = json!({"kind": "secret", "name": "'; DROP TABLE token; -- %s ☃", "scopes": [scope], "resources": [resource]});
        assert_eq!(daypass.post_token(body.clone()).await.0, expected, "{body}");
    }
}

#[test]
fn a_slow_client_is_cut_off() {
    let daypass = Daypass::start();
    let head = "POST /v2/temporary-access-token/create HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
    let body_to_come = format!("{head}Authorization: Bearer {}\r\nContent-Length: 100\r\n\r\n{{", daypass.admin);
    std::thread::scope(|threads| {
        let body = threads.spawn(|| exchange(&daypass, &body_to_come));
        let headers = exchange(&daypass, head);
        let body = body.join().expect("the connection closes within 30 seconds");
        assert!(body.starts_with("HTTP/1.1 408 ") && body.contains("too_slow"), "a body that does not arrive");
        assert!(headers.is_empty() || headers.starts_with("HTTP/1.1 408 "), "headers that do not end");
    });
}

/// Sends these bytes and reads until the service closes the connection.
fn exchange(daypass: &Daypass, sent: &str) -> String {
    let mut client = TcpStream::connect(daypass.url.trim_start_matches("http://")).expect("it listens");
    client.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout");
    client.write_all(sent.as_bytes()).expect("it reads");
    let mut answer = String::new();
    client.read_to_string(&mut answer).expect("the connection closes within 30 seconds");
    answer
}
