//! What the log says of a token service that does not answer, or not as it should.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use daypass::api::{IntrospectionResponse, RevocationPage};
use daypass::verify::{RemoteIntrospector, RemoteKeys, Revocations};
use daypass::{Error, Scope, TokenKind};
use tracing::Level;

use super::bearer;
use crate::common::{access_token, generate, verifier};
use crate::log::Log;

/// A token service that grants or refuses the scope `token:introspect`.
#[derive(Clone, Default)]
struct Service {
    grants_scope: Arc<AtomicBool>,
    polls: Arc<AtomicUsize>,
}

impl Service {
    async fn start(&self) -> String {
        let (feed, introspection) = (self.clone(), self.clone());
        let page = RevocationPage {
            revocations: vec![],
            latest: 0,
            epoch: "1".into(),
            deleted_up_to: 0,
            keys: vec![],
            organization: None,
        };
        let inactive = IntrospectionResponse::default();
        let feed = async move || {
            feed.polls.fetch_add(1, Ordering::SeqCst);
            feed.respond(serde_json::to_string(&page).unwrap())
        };
        let introspect = async move || introspection.respond(serde_json::to_string(&inactive).unwrap());
        let router = Router::new().route("/v2/revocation", get(feed)).route("/introspect", post(introspect));
        serve(router).await
    }

    fn respond(&self, body: String) -> Response {
        if self.grants_scope.load(Ordering::SeqCst) {
            return body.into_response();
        }
        let scope = Scope::literal("token:introspect");
        let error = Error::InsufficientScope { scope, tenant: Some("org_northlight".into()) };
        (StatusCode::FORBIDDEN, serde_json::to_string(&error.body()).unwrap()).into_response()
    }

    /// Waits until the subscriber has polled this often again.
    async fn wait_for_polls(&self, polls: usize) {
        let (began, until) = (Instant::now(), self.polls.load(Ordering::SeqCst) + polls);
        while self.polls.load(Ordering::SeqCst) < until {
            assert!(began.elapsed() < Duration::from_secs(10), "the subscriber stopped");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// Serves on a port that is free. Returns the URL.
async fn serve(router: Router) -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async { axum::serve(listener, router).await });
    url
}

/// The lines that name the missing scope, by part.
fn scope_errors(lines: &[String]) -> Vec<&str> {
    let errors = lines.iter().filter(|line| line.starts_with("ERROR") && line.contains("token:introspect"));
    errors.map(|line| line.split('"').nth(1).unwrap()).collect()
}

#[test]
fn a_missing_scope_is_logged_once_by_the_feed_and_once_by_the_introspector_until_each_works_again() {
    Log::capture(Level::WARN, async |log| {
        let service = Service::default();
        let url = service.start().await;
        let key = generate(TokenKind::Secret);
        let revocations = Revocations::new().follow(&url, key.clone());
        let introspector = RemoteIntrospector::new(&url, key);
        let verifier = verifier().introspector(introspector).revocations(Arc::clone(&revocations));
        for _ in 0..2 {
            service.grants_scope.store(false, Ordering::SeqCst);
            service.wait_for_polls(5).await;
            for _ in 0..5 {
                let token = generate(TokenKind::Secret);
                assert_eq!(bearer(&verifier, token.expose_secret()).await, Err(Error::Unavailable));
            }
            let mut lines = log.take_lines();
            // This service has no stream.
            lines.retain(|line| !line.contains(r#"part="revocation stream""#));
            assert_eq!(scope_errors(&lines), ["revocation feed", "introspection"], "{lines:#?}");
            assert_eq!(lines.len(), 2, "{lines:#?}");

            service.grants_scope.store(true, Ordering::SeqCst);
            assert!(revocations.ready(Duration::from_secs(5)).await);
            let token = generate(TokenKind::Secret);
            assert_eq!(bearer(&verifier, token.expose_secret()).await, Err(Error::InvalidToken));
            service.wait_for_polls(1).await;
            log.take_lines();
        }
    });
}

/// A service that answers everything with this status, type and body.
async fn answering(status: StatusCode, content_type: &'static str, body: String) -> String {
    serve(Router::new().fallback(async move || (status, [(CONTENT_TYPE, content_type)], body))).await
}

#[test]
fn another_server_is_told_once_with_what_to_do_and_without_its_body() {
    let refusal = |error: &Error| serde_json::to_string(&error.body()).unwrap();
    let (ok, json, html) = (StatusCode::OK, "application/json", "text/html; charset=utf-8");
    let secret = "hunter2";
    let echo = format!(r#"{{"active":"{secret}","keys":"{secret}"}}"#);
    let cases = [
        (ok, html, format!("<!doctype html><p>{secret}</p>"), "but no JSON: is this its address?"),
        (ok, json, echo.clone(), "but JSON of another form: is this its address?"),
        (StatusCode::NOT_FOUND, html, secret.into(), "answers 404 Not Found: is this the address"),
        (StatusCode::MOVED_PERMANENTLY, html, secret.into(), "answers 301 Moved Permanently: is this the address"),
        (StatusCode::UNAUTHORIZED, json, refusal(&Error::TokenRevoked), "token_revoked. Give it another secret token"),
        (StatusCode::UNAUTHORIZED, json, echo, "answers 401 Unauthorized\""),
        (StatusCode::FORBIDDEN, json, refusal(&Error::SecretInBrowser(TokenKind::Secret)), "secret_in_browser"),
    ];
    for (status, content_type, body, expected) in cases {
        Log::capture(Level::WARN, async |log| {
            let url = answering(status, content_type, body).await;
            let verifier = verifier()
                .introspector(RemoteIntrospector::new(&url, generate(TokenKind::Secret)))
                .keys(RemoteKeys::new(&url));
            for _ in 0..3 {
                let token = generate(TokenKind::Secret);
                assert_eq!(bearer(&verifier, token.expose_secret()).await, Err(Error::Unavailable));
                assert_eq!(bearer(&verifier, &access_token(&[])).await, Err(Error::Unavailable));
            }
            let lines = log.take_lines();
            let of = |part: &str| lines.iter().filter(|line| line.contains(&format!(r#"part="{part}""#))).count();
            assert_eq!([of("introspection"), of("key fetch"), of("keys"), lines.len()], [1, 1, 1, 3], "{lines:#?}");
            let naming = lines.iter().filter(|line| line.contains(expected)).count();
            assert_eq!(naming, 2, "{expected}: {lines:#?}");
            assert!(!lines.concat().contains(secret), "{expected}: the body is in the log");
        });
    }
}

#[test]
fn a_service_that_is_not_there_is_told_with_the_reason() {
    Log::capture(Level::WARN, async |log| {
        // A port that was free a moment ago.
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        drop(listener);
        let key = generate(TokenKind::Secret);
        let verifier = verifier().introspector(RemoteIntrospector::new(&url, key));
        for _ in 0..3 {
            let token = generate(TokenKind::Secret);
            assert_eq!(bearer(&verifier, token.expose_secret()).await, Err(Error::Unavailable));
        }
        let lines = log.take_lines();
        let is_told = |line: &String| line.starts_with("ERROR") && line.contains("refused");
        assert!(matches!(&lines[..], [line] if is_told(line)), "{lines:#?}");
    });
}
