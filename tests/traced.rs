//! What the log says: no token, and each cause once. A program of its own, since a subscriber
//! affects its whole process.
#![cfg(not(target_arch = "wasm32"))]
#![allow(missing_docs, clippy::unwrap_used, reason = "the names of the tests say what they hold; a panic is a failure")]

#[path = "verify/common/mod.rs"]
mod common;

use std::io;
use std::sync::{Arc, Mutex};

use common::{ORGANIZATION, Signer, Store, claims, generate, record, verifier};
use daypass::api::TokenRecord;
use daypass::jwt::JwtType;
use daypass::verify::http::VerifyLayer;
use daypass::verify::{
    Cache, Credentials, Introspector, ProofContext, RateLimits, ResponseFuture, Revocations, TokenLocation,
    Unavailable, Verifier,
};
use daypass::{Error, OpaqueToken, TokenKind};
use tower::ServiceExt;
use tracing::Level;

/// The log of one test.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Log {
    /// Runs a test on one thread, whose log down to this level it gets.
    fn capture<F: Future<Output = ()>>(level: Level, test: impl FnOnce(Log) -> F) {
        let log = Log::default();
        let writer = log.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(level)
            .with_ansi(false)
            .without_time()
            .with_span_events(tracing_subscriber::fmt::format::FmtSpan::FULL)
            .with_writer(move || writer.clone())
            .finish();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        tracing::subscriber::with_default(subscriber, || runtime.block_on(test(log)));
    }

    /// Takes the lines since the last call that the crate wrote.
    fn take_lines(&self) -> Vec<String> {
        let text = String::from_utf8(std::mem::take(&mut *self.0.lock().unwrap())).unwrap();
        text.lines().filter(|line| line.contains("daypass")).map(|line| line.trim().to_owned()).collect()
    }
}

async fn bearer(verifier: &Verifier, text: &str) -> Result<(), Error> {
    verifier.verify(&Credentials::new(text, TokenLocation::Bearer), None).await.map(|_| ())
}

#[test]
fn row_19_no_token_and_no_proof_is_in_the_log() {
    Log::capture(Level::TRACE, async |log| {
        let signer = Signer::new("k1", 1);
        let mut store = Store::default();
        let texts = [
            store.add(record(TokenKind::Secret)),
            store.add(record(TokenKind::Publishable)),
            signer.jwt(JwtType::AccessToken, &claims()),
            Signer::new("k1", 2).jwt(JwtType::AccessToken, &claims()),
            "dp_sec_thisisnotatokenbutsomebodythoughtitwas".to_owned(),
        ];
        let proof = "eyJ0eXAiOiJkcG9wK2p3dCJ9.aGVsbG8.c2lnbmF0dXJl";
        let verifier = verifier().keys(signer.keys()).introspector(store).cache(Cache::new(1 << 20));
        for text in &texts {
            for location in [TokenLocation::Bearer, TokenLocation::Dpop, TokenLocation::Query] {
                let context = ProofContext { proof, method: "GET", path: "/" };
                let _ = verifier.verify(&Credentials::new(text, location).with_proof(context), None).await;
            }
        }
        let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(log.contains("verify") && log.contains("decided") && log.contains("secret_in_query"));
        for secret in texts.iter().flat_map(|text| text.split('.')).chain(proof.split('.')) {
            assert!(!log.contains(secret), "a part of {} bytes is in the log", secret.len());
        }
    });
}

/// An introspector that fails with a cause, or finds nothing.
#[derive(Clone, Default)]
struct Failing(Arc<Mutex<Option<String>>>);

impl Failing {
    fn set(&self, cause: Option<String>) {
        *self.0.lock().unwrap() = cause;
    }
}

impl Introspector for Failing {
    fn find<'a>(&'a self, _: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
        let cause = self.0.lock().unwrap().clone();
        Box::pin(async { cause.map_or(Ok(None), |cause| Err(Unavailable(cause))) })
    }
}

#[test]
fn each_cause_of_an_outage_is_logged_once_until_the_part_works_again() {
    Log::capture(Level::WARN, async |log| {
        let introspector = Failing::default();
        let verifier = verifier().introspector(introspector.clone()).cache(Cache::new(1 << 20));
        let fail = async |cause: &str| {
            introspector.set(Some(cause.to_owned()));
            for _ in 0..3 {
                let token = generate(TokenKind::Secret);
                for _ in 0..2 {
                    assert_eq!(bearer(&verifier, token.expose_secret()).await, Err(Error::Unavailable));
                }
            }
            log.take_lines()
        };
        let line = |cause: &str| {
            format!(r#"ERROR daypass::verify::outage: tokens cannot be checked part="introspection" cause="{cause}""#)
        };
        assert_eq!(fail("locked").await, [line("locked")]);
        assert_eq!(fail("full").await, [line("full")]);
        assert_eq!(fail("locked").await, [""; 0]);
        introspector.set(None);
        let token = generate(TokenKind::Secret);
        assert_eq!(bearer(&verifier, token.expose_secret()).await, Err(Error::InvalidToken));
        assert_eq!(fail("locked").await, [line("locked")]);
        // Causes that always differ do not fill the log.
        let mut lines = 0;
        for cause in 0..20 {
            lines += fail(&cause.to_string()).await.len();
        }
        assert_eq!(lines, 7);
    });
}

#[test]
fn stale_revocations_are_logged_once_until_the_next_heartbeat() {
    Log::capture(Level::WARN, async |log| {
        let signer = Signer::new("k1", 1);
        let feed = Arc::new(Revocations::new());
        let verifier = verifier().keys(signer.keys()).cache(Cache::new(1 << 20)).revocations(Arc::clone(&feed));
        let text = signer.jwt(JwtType::AccessToken, &claims());
        for _ in 0..2 {
            for _ in 0..3 {
                assert_eq!(bearer(&verifier, &text).await, Err(Error::Unavailable));
            }
            let lines = log.take_lines();
            assert!(matches!(&lines[..], [line] if line.contains("revocations are stale")), "{lines:#?}");
            feed.heartbeat(0, 0, None);
            assert_eq!(bearer(&verifier, &text).await, Ok(()));
            feed.reset();
        }
    });
}

#[test]
fn a_token_of_an_organization_that_the_feed_does_not_cover_is_logged() {
    Log::capture(Level::WARN, async |log| {
        let signer = Signer::new("k1", 1);
        let feed = Arc::new(Revocations::new());
        let verifier = verifier().keys(signer.keys()).cache(Cache::new(1 << 20)).revocations(Arc::clone(&feed));
        feed.heartbeat(0, 0, Some("org_api"));
        assert_eq!(bearer(&verifier, &signer.jwt(JwtType::AccessToken, &claims())).await, Err(Error::InvalidToken));
        let lines = log.take_lines();
        let names = ["the feed does not cover", "org_api", ORGANIZATION];
        assert!(matches!(&lines[..], [line] if names.iter().all(|name| line.contains(name))), "{lines:#?}");
    });
}

#[cfg(feature = "axum")]
#[test]
fn the_log_names_the_layer_that_a_handler_lacks() {
    use axum::body::Body;
    use axum::http::Request;
    use daypass::verify::Access;
    use tower::ServiceExt;

    Log::capture(Level::WARN, async |log| {
        let router = axum::Router::new().route("/floor", axum::routing::get(async |_: Access| "open"));
        let response = router.oneshot(Request::get("/floor").body(Body::empty()).unwrap()).await.unwrap();
        assert_eq!(response.status(), 500);
        let lines = log.take_lines();
        assert!(
            matches!(&lines[..], [line] if line.starts_with("ERROR") && line.contains("VerifyLayer")),
            "{lines:#?}"
        );
    });
}

#[cfg(feature = "remote")]
mod remote {
    use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
    use std::time::{Duration, Instant};

    use axum::Router;
    use axum::http::StatusCode;
    use axum::response::{IntoResponse, Response};
    use axum::routing::{get, post};
    use daypass::Scope;
    use daypass::api::{IntrospectionResponse, RevocationPage};
    use daypass::verify::RemoteIntrospector;

    use super::*;

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
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let url = format!("http://{}", listener.local_addr().unwrap());
            tokio::spawn(async { axum::serve(listener, router).await });
            url
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
                // The last stream while the scope was granted, which may end late: this service has
                // none.
                lines.retain(|line| !line.contains("stream ended") || line.contains("token:introspect"));
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
}

#[test]
fn a_method_that_cors_does_not_allow_is_logged_once() {
    Log::capture(Level::WARN, async |log| {
        let router = axum::Router::new().layer(VerifyLayer::new(verifier()));
        let preflight = async |method: &str| {
            let request = axum::http::Request::options("/floor")
                .header("origin", "https://shop.example")
                .header("access-control-request-method", method)
                .body(axum::body::Body::empty());
            let response = router.clone().oneshot(request.unwrap()).await.unwrap();
            assert_eq!(response.status(), 204);
            log.take_lines()
        };
        for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "not a method"] {
            assert_eq!(preflight(method).await, [""; 0], "{method}");
        }
        let line = |method: &str, help: &str| {
            format!(
                "WARN daypass::verify::http::cors: page asks for a method that CORS does not allow method=\"{method}\" \
                 allowed=\"GET, HEAD, POST, PUT, PATCH, DELETE\" help=\"{help}\""
            )
        };
        let other = "add the method with `Cors::methods`, if the API has it";
        assert_eq!(preflight("PROPFIND").await, [line("PROPFIND", other)]);
        assert_eq!(preflight("PROPFIND").await, [""; 0]);
        assert_eq!(preflight("patch").await, [line("patch", "write the method in upper case in the page")]);
        // Methods that always differ do not fill the log, however long they are.
        let mut lines = Vec::new();
        for method in 0..20 {
            lines.extend(preflight(&format!("{}{method}", "M".repeat(100))).await);
        }
        assert_eq!((lines.len(), &lines[0]), (6, &line(&"M".repeat(32), other)));
    });
}

#[test]
fn rate_limits_that_see_no_address_of_a_client_are_told_once() {
    Log::capture(Level::WARN, async |log| {
        let verifier = verifier().introspector(Store::default()).rate_limits(RateLimits::new());
        let address = "192.0.2.1".parse().unwrap();
        let with_address = Credentials::new("hunter2", TokenLocation::Bearer).from_client(address);
        assert!(verifier.verify(&with_address, None).await.is_err());
        assert_eq!(log.take_lines(), [""; 0]);
        for _ in 0..3 {
            assert_eq!(bearer(&verifier, "hunter2").await, Err(Error::InvalidToken));
        }
        let lines = log.take_lines();
        assert!(matches!(&lines[..], [line] if line.contains("VerifyLayer::client")), "{lines:#?}");
    });
}
