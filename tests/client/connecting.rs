//! Ways to a first token.

use std::cell::Cell;
use std::rc::Rc;

use daypass::api::TemporaryTokenResponse;
use daypass::browser::{Client, Error, Options, Provider, ProviderOptions, Source};
use daypass::{ErrorCode, Scope, ScopeSet};
use futures_util::join;
use gloo_net::http::Request;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::AbortController;

use super::space::Space;

fn token(text: &str, expires_at: u64) -> TemporaryTokenResponse {
    TemporaryTokenResponse { authorization: format!("Bearer {text}"), expires_at }
}

fn in_an_hour() -> u64 {
    (js_sys::Date::now() / 1000.0) as u64 + 3600
}

#[wasm_bindgen_test]
async fn a_provider_at_a_url_is_told_what_to_give() {
    let space = Space::new().await;
    let scopes = ScopeSet::from(vec![Scope::literal("floor:readPrivate")]);
    let provider = ProviderOptions::new(Provider::url(space.url("token"))).scopes(scopes.clone()).duration_seconds(600);
    let client = Client::connect(space.options_with(provider)).await.unwrap();

    assert_eq!(client.peek().as_deref(), Some("Bearer token-1"));
    let seen = space.seen().await;
    assert_eq!(seen.calls, 1);
    let question = seen.question.unwrap();
    assert_eq!((question.scopes, question.duration_seconds, question.dpop_jkt), (scopes, Some(600), None));
}

#[wasm_bindgen_test]
async fn a_provider_is_a_function() {
    let space = Space::new().await;
    let url = space.url("token");
    let provider = Provider::function(move |request, signal| {
        let url = url.clone();
        async move {
            assert_eq!(request.duration_seconds, Some(3_600));
            let asked = Request::post(&url).abort_signal(Some(&signal)).json(&request).unwrap();
            Ok(asked.send().await.unwrap().json().await.unwrap())
        }
    });
    let client = Client::connect(space.options_with(ProviderOptions::new(provider))).await.unwrap();

    assert!(client.get("floor").await.unwrap().ok());
    client.refresh().await.unwrap();
    assert_eq!(client.authorization().await.unwrap(), "Bearer token-2");
}

#[wasm_bindgen_test]
async fn what_a_function_fails_with_is_reported() {
    let space = Space::new().await;
    let calls = Rc::new(Cell::new(0));
    let failing = |status: Option<u16>| {
        let calls = calls.clone();
        Provider::function(move |_, _| {
            calls.set(calls.get() + 1);
            let error = match status {
                Some(status) => Error::from_backend(status, "no session"),
                None => Error::from(JsValue::from(js_sys::Error::new("no session"))),
            };
            async move { Err(error) }
        })
    };
    for (status, code) in [
        (None, ErrorCode::ProviderFailed),
        (Some(401), ErrorCode::ProviderUnauthorized),
        (Some(403), ErrorCode::ProviderForbidden),
        (Some(503), ErrorCode::ProviderFailed),
    ] {
        let options = space.options_with(ProviderOptions::new(failing(status))).timeout_seconds(0.0);
        let error = Client::connect(options).await.err().unwrap();
        assert_eq!((error.code(), error.status()), (Some(code), status.unwrap_or(0)));
        assert!(error.message().contains("no session"), "{error}");
    }
    assert_eq!(calls.get(), 4);
}

#[wasm_bindgen_test]
async fn a_first_token_saves_the_first_call() {
    let space = Space::new().await;
    let provider = || ProviderOptions::new(Provider::url(space.url("token")));
    let first = provider().first(token("given", in_an_hour()));
    let client = Client::connect(space.options_with(first)).await.unwrap();
    assert_eq!((client.peek().as_deref(), space.seen().await.calls), (Some("Bearer given"), 0));

    let expired = provider().first(token("old", 1));
    let client = Client::connect(space.options_with(expired)).await.unwrap();
    assert_eq!((client.peek().as_deref(), space.seen().await.calls), (Some("Bearer token-1"), 1));
}

#[wasm_bindgen_test]
async fn one_token_is_used_until_it_expires() {
    let space = Space::new().await;
    let connect = |token| Client::connect(Options::new(space.url("api"), Source::Temporary(token)));
    let client = connect(token("given", in_an_hour())).await.unwrap();
    assert_eq!(client.authorization().await.unwrap(), "Bearer given");
    // The API did not create it, and nobody replaces it.
    assert_eq!(client.get("floor").await.unwrap().status(), 401);
    assert_eq!(client.refresh().await.unwrap_err().code(), Some(ErrorCode::InvalidOptions));
    assert_eq!(space.seen().await.requests, ["floor"]);

    let error = connect(token("old", 1)).await.err().unwrap();
    assert_eq!(error.code(), Some(ErrorCode::TokenExpired));
}

#[wasm_bindgen_test]
async fn a_refusal_of_the_provider_has_its_status_and_its_help() {
    let cases = [
        (401, ErrorCode::ProviderUnauthorized, false),
        (403, ErrorCode::ProviderForbidden, false),
        (418, ErrorCode::ProviderFailed, false),
        (503, ErrorCode::ProviderFailed, true),
    ];
    let space = Space::new().await;
    for (status, code, is_retryable) in cases {
        space.set_provider(&format!("status={status}")).await;
        let error = Client::connect(space.options("token").timeout_seconds(0.0)).await.err().unwrap();
        assert_eq!((error.code(), error.status(), error.is_retryable()), (Some(code), status, is_retryable));
        assert_eq!(error.help(), "Sign in.", "{status}");
        assert!(error.message().contains("No session."), "{status}: {error}");
    }
    assert_eq!(space.seen().await.calls, 4);
}

#[wasm_bindgen_test]
async fn a_provider_that_does_not_answer_in_time_is_given_up() {
    let space = Space::new().await;
    space.set_provider("hang").await;
    let error = Client::connect(space.options("token").timeout_seconds(0.3)).await.err().unwrap();
    assert_eq!((error.code(), error.is_retryable()), (Some(ErrorCode::ProviderTimeout), true));
    space.wait_until("the end of the call", |seen| seen.aborted == 1).await;
}

#[wasm_bindgen_test]
async fn a_signal_ends_the_wait_for_the_first_token() {
    let space = Space::new().await;
    space.set_provider("hang").await;
    let controller = AbortController::new().unwrap();
    let connecting = Client::connect(space.options("token").signal(controller.signal()));
    let abort = async {
        space.wait_until("a call", |seen| seen.calls == 1).await;
        controller.abort();
    };
    let (connected, ()) = join!(connecting, abort);
    let error = connected.err().unwrap();
    // The browser's own error, an `AbortError`.
    assert_eq!((error.code(), JsValue::from(error).is_instance_of::<web_sys::DomException>()), (None, true));
    space.wait_until("the end of the call", |seen| seen.aborted == 1).await;
}
