//! Requests with the credential: `get`, `send` and `fetch`.

use daypass::ErrorCode;
use daypass::browser::{Client, Error};
use futures_util::future::join_all;
use gloo_net::http::{Method, RequestBuilder};
use serde::Deserialize;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::wasm_bindgen_test;
use web_sys::{Request, RequestInit};

use super::space::Space;

#[derive(Debug, PartialEq, Deserialize)]
struct Floor {
    name: String,
    /// The number of the newest token.
    token: u32,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Echo {
    method: String,
    own: Option<String>,
    body: String,
}

impl Echo {
    fn new(method: &str, own: Option<&str>, body: &str) -> Echo {
        Echo { method: method.into(), own: own.map(str::to_owned), body: body.into() }
    }
}

#[wasm_bindgen_test]
async fn get_sends_the_token() {
    let space = Space::new().await;
    let client = space.connect("token").await;
    for path in ["floor", "/floor", &space.url("api/floor")] {
        let floor: Floor = client.get(path).await.unwrap().json().await.unwrap();
        assert_eq!(floor, Floor { name: "Ground floor".into(), token: 1 }, "{path}");
    }
}

#[wasm_bindgen_test]
async fn send_takes_a_request_of_gloo_net() {
    let space = Space::new().await;
    let client = space.connect("token").await;
    let request = RequestBuilder::new(&space.url("api/echo")).method(Method::PUT).header("x-own", "kept");
    let echo: Echo = client.send(request.body("new name").unwrap()).await.unwrap().json().await.unwrap();
    assert_eq!(echo, Echo::new("PUT", Some("kept"), "new name"));
}

#[wasm_bindgen_test]
async fn request_begins_a_request_to_a_path_below_the_base() {
    let space = Space::new().await;
    let client = space.connect("token").await;
    let request = client.request(Method::POST, "/echo").unwrap().body("new").unwrap();
    let response = client.send(request).await.unwrap();
    let echo: Echo = response.json().await.unwrap();
    assert_eq!(echo, Echo::new("POST", None, "new"));
    let error = client.request(Method::POST, "/../echo").unwrap_err();
    assert_eq!(error.code(), Some(ErrorCode::ForeignUrl));
    let error: Error = response.text().await.unwrap_err().into();
    assert_eq!(error.code(), None);
    assert!(!error.message().is_empty());
}

#[wasm_bindgen_test]
async fn fetch_takes_what_the_browser_takes() {
    let space = Space::new().await;
    let client = space.connect("token").await;
    let init = RequestInit::new();
    init.set_method("POST");
    init.set_body(&"text".into());
    let request = Request::new_with_str_and_init(&space.url("api/echo"), &init).unwrap();
    for (input, init) in [(JsValue::from("echo"), JsValue::from(init)), (request.into(), JsValue::UNDEFINED)] {
        let response = client.fetch(&input, &init).await.unwrap();
        let text = JsFuture::from(response.text().unwrap()).await.unwrap().as_string().unwrap();
        assert_eq!(serde_json::from_str::<Echo>(&text).unwrap(), Echo::new("POST", None, "text"));
    }
}

#[wasm_bindgen_test]
async fn a_401_brings_a_new_token_and_one_replay() {
    let space = Space::new().await;
    let client = space.connect("token").await;
    space.retire_tokens().await;
    let request = RequestBuilder::new(&space.url("api/echo")).method(Method::POST).body("sent twice").unwrap();
    let echo: Echo = client.send(request).await.unwrap().json().await.unwrap();
    assert_eq!(echo, Echo::new("POST", None, "sent twice"));
    let seen = space.seen().await;
    assert_eq!((seen.calls, seen.requests), (2, vec!["echo".to_owned(), "echo".to_owned()]));
}

#[wasm_bindgen_test]
async fn a_second_401_is_the_response() {
    let space = Space::new().await;
    let client = space.connect("token").await;
    assert_eq!(client.get("never").await.unwrap().status(), 401);
    let seen = space.seen().await;
    assert_eq!((seen.calls, seen.requests), (2, vec!["never".to_owned(), "never".to_owned()]));

    // The API rejects what the provider gives: another one at once would not help.
    assert_eq!(client.get("never").await.unwrap().status(), 401);
    let seen = space.seen().await;
    assert_eq!((seen.calls, seen.requests.len()), (2, 3));
}

#[wasm_bindgen_test]
async fn requests_that_are_rejected_together_share_one_refresh() {
    let space = Space::new().await;
    let client = space.connect("token").await;
    space.retire_tokens().await;
    let responses = join_all((0..10).map(|_| client.get("floor"))).await;
    assert!(responses.iter().all(|response| response.as_ref().unwrap().ok()));
    let seen = space.seen().await;
    assert_eq!((seen.calls, seen.requests.len()), (2, 20));
}

#[wasm_bindgen_test]
async fn a_request_waits_as_long_as_the_api_says() {
    let space = Space::new().await;
    let client = space.connect("token").await;
    let start = js_sys::Date::now();
    assert_eq!(client.get("busy").await.unwrap().status(), 200);
    assert!(js_sys::Date::now() - start >= 1_000.0);

    let space = Space::new().await;
    let impatient = Client::connect(space.options("token").max_retry_after_seconds(0.0)).await.unwrap();
    assert_eq!(impatient.get("busy").await.unwrap().status(), 429);
    assert_eq!(space.seen().await.requests, ["busy"]);
}

#[wasm_bindgen_test]
async fn a_redirect_within_the_api_keeps_the_token() {
    let space = Space::new().await;
    let client = space.connect("token").await;
    let response = client.get("moved").await.unwrap();
    assert_eq!((response.status(), response.url()), (200, space.url("api/floor")));
    assert_eq!(space.seen().await.requests, ["moved", "floor"]);
}

#[wasm_bindgen_test]
async fn the_token_stays_below_the_base() {
    let space = Space::new().await;
    let client = space.connect("token").await;
    for url in ["https://elsewhere.example/floor", "//elsewhere.example/floor", "../token"] {
        let error = client.get(url).await.unwrap_err();
        assert_eq!((error.code(), error.is_retryable()), (Some(ErrorCode::ForeignUrl), false), "{url}");
    }
    let seen = space.seen().await;
    assert_eq!((seen.calls, seen.requests.len()), (1, 0));
}

#[wasm_bindgen_test]
async fn a_refusal_of_the_api_is_read_from_the_response() {
    let space = Space::new().await;
    let client = space.connect("token").await;
    let response = client.fetch(&"refused".into(), &JsValue::UNDEFINED).await.unwrap();
    let error = client.refusal(&response).await.unwrap();
    assert_eq!((error.code(), error.status()), (Some(ErrorCode::InsufficientScope), 403));
    assert_eq!((&*error.message(), &*error.help()), ("Too little.", "Ask for floor:update."));
    assert!(JsFuture::from(response.text().unwrap()).await.is_ok(), "the body stays readable");

    let response = client.fetch(&"floor".into(), &JsValue::UNDEFINED).await.unwrap();
    assert!(client.refusal(&response).await.is_none());
}

#[wasm_bindgen_test]
async fn no_readable_response_is_a_failure_of_the_network() {
    let space = Space::new().await;
    let client = space.connect("token").await;
    let error = client.get("reset").await.unwrap_err();
    assert_eq!((error.code(), error.is_retryable()), (Some(ErrorCode::NetworkFailed), true));
    assert!(!error.help().is_empty() && !error.message().contains("token-1"), "{error}");
}
