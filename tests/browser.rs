//! Tests the package's self-contained file in a real browser: options, providers that are functions, events, closing.
//! Tests that need an API and a service are in `tests/e2e`.
#![cfg(target_arch = "wasm32")]
#![allow(missing_docs, clippy::unwrap_used, reason = "the names of the tests describe them; a panic is a failure")]

use js_sys::{Array, Promise, Reflect};
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;
use wasm_bindgen_test::{wasm_bindgen_test, wasm_bindgen_test_configure};

wasm_bindgen_test_configure!(run_in_browser);

/// `cargo xtask build` builds this file.
#[wasm_bindgen(module = "/pkg/dist/index.js")]
extern "C" {
    #[wasm_bindgen(js_name = connect)]
    fn connect(options: JsValue) -> Promise;

    type Daypass;
    #[wasm_bindgen(method)]
    fn fetch(this: &Daypass, input: JsValue) -> Promise;
    #[wasm_bindgen(method)]
    fn authorization(this: &Daypass) -> Promise;
    #[wasm_bindgen(method)]
    fn peek(this: &Daypass) -> JsValue;
    #[wasm_bindgen(method)]
    fn describe(this: &Daypass) -> JsValue;
    #[wasm_bindgen(method)]
    fn refusal(this: &Daypass, response: JsValue) -> Promise;
    #[wasm_bindgen(method)]
    fn close(this: &Daypass);
    #[wasm_bindgen(method, catch)]
    fn can(this: &Daypass, scope: &str) -> Result<JsValue, JsValue>;
    #[wasm_bindgen(method, catch)]
    fn require(this: &Daypass, scope: &str) -> Result<(), JsValue>;
    #[wasm_bindgen(method, js_name = transformRequest, catch)]
    fn transform_request(this: &Daypass, url: &str) -> Result<JsValue, JsValue>;
}

#[wasm_bindgen(inline_js = "
    export const evaluate = (source) => (0, eval)(`(${source})`);
    export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));
    export const listen = (daypass) => {
        const events = [];
        for (const type of ['refreshing', 'refreshed', 'failed', 'expired', 'closed']) {
            daypass.addEventListener(type, ({ detail }) => events.push([type, detail]));
        }
        return events;
    };
")]
extern "C" {
    /// Evaluates a JavaScript expression.
    fn evaluate(source: &str) -> JsValue;
    fn sleep(milliseconds: u32) -> Promise;
    /// Records the names and details of all later events.
    fn listen(daypass: &JsValue) -> Array;
}

/// Connects with the options in a JavaScript expression, and records the events.
async fn open(options: &str) -> Result<(Daypass, Array), JsValue> {
    let daypass = JsFuture::from(connect(evaluate(options))).await?;
    let events = listen(&daypass);
    Ok((daypass.unchecked_into(), events))
}

fn get(value: &JsValue, name: &str) -> JsValue {
    Reflect::get(value, &name.into()).unwrap()
}

fn code(error: &JsValue) -> String {
    get(error, "code").as_string().unwrap_or_default()
}

fn message(error: &JsValue) -> String {
    get(error, "message").as_string().unwrap_or_default()
}

fn names(events: &Array) -> Vec<String> {
    events.iter().map(|event| event.unchecked_into::<Array>().get(0).as_string().unwrap()).collect()
}

async fn error_of(options: &str) -> JsValue {
    match open(options).await {
        Ok(_) => panic!("connected with {options}"),
        Err(error) => error,
    }
}

/// Returns the source of a provider whose tokens live for `seconds`, by the visitor's clock because they are opaque.
fn provider(seconds: u32) -> String {
    format!(
        "async () => {{ globalThis.calls = (globalThis.calls ?? 0) + 1; \
         return {{ authorization: `Bearer t${{globalThis.calls}}`, \
         expiresAt: Math.floor(Date.now() / 1000) + {seconds} }}; }}"
    )
}

#[wasm_bindgen_test]
async fn an_invalid_option_is_named() {
    let cases = [
        ("undefined", "object"),
        ("({ provider: '/token' })", "`api`"),
        ("({ api: 'ftp://x.example', provider: '/token' })", "`api`"),
        ("({ api: 7, provider: '/token' })", "`api`"),
        ("({ api: 'http://x.example', service: 'http://:0', provider: '/token' })", "`service`"),
        ("({ api: 'http://x.example' })", "a way in is missing"),
        ("({ api: 'http://x.example', provider: '/token', bundle: 'b' })", "more than one way in"),
        ("({ api: 'http://x.example', bundle: 'b' })", "`service`"),
        ("({ api: 'http://x.example', service: 'http://s.example', bundle: 7 })", "`bundle`"),
        ("({ api: 'http://x.example', provider: 7 })", "`provider`"),
        ("({ api: 'http://x.example', provider: '/token', scopes: 'floor:readPrivate' })", "`scopes`"),
        ("({ api: 'http://x.example', provider: '/token', scopes: ['floor'] })", "`scopes`"),
        ("({ api: 'http://x.example', provider: '/token', durationSeconds: 'long' })", "`durationSeconds`"),
        ("({ api: 'http://x.example', provider: '/token', durationSeconds: 1.5 })", "`durationSeconds`"),
        ("({ api: 'http://x.example', provider: '/token', durationSeconds: 86401 })", "`durationSeconds`"),
        ("({ api: 'http://x.example', temporaryToken: 'Bearer x' })", "`temporaryToken`"),
        ("({ api: 'http://x.example', temporaryToken: { authorization: 'x', expiresAt: 4e9 } })", "`temporaryToken`"),
        (
            "({ api: 'http://x.example', temporaryToken: { authorization: 'Bearer x', expiresAt: Date.now() } })",
            "`temporaryToken`",
        ),
        (
            "({ api: 'http://x.example', provider: '/token', temporaryToken: { authorization: 'x', expiresAt: 4e9 } })",
            "`temporaryToken`",
        ),
        (
            "({ api: 'http://x.example', provider: '/token', dpop: true, \
             temporaryToken: { authorization: 'Bearer x', expiresAt: 4e9 } })",
            "`temporaryToken`",
        ),
        ("({ api: 'http://user:password@x.example', provider: '/token' })", "`api`"),
        ("({ api: 'http://x.example', host: 'https://www.example.com/' })", "`host`"),
        ("({ api: 'http://x.example', publishableToken: 7 })", "`publishableToken`"),
    ];
    for (options, expected) in cases {
        let error = error_of(options).await;
        assert_eq!(code(&error), "invalid_options", "{options}");
        assert!(message(&error).contains(expected), "{options}: {}", message(&error));
    }
}

#[wasm_bindgen_test]
async fn a_mistyped_publishable_token_is_rejected_before_a_request_is_sent() {
    for token in [
        "",
        "x",
        "dp_pub_",
        "dp_pub_00000000000000000000000000000000000000",
        "dp_pub_0000000000000000000000000000000000000!",
    ] {
        let options = format!("({{ api: 'http://x.example', publishableToken: '{token}' }})");
        assert_eq!(code(&error_of(&options).await), "token_malformed", "{token}");
    }
}

#[wasm_bindgen_test]
async fn a_malformed_bundle_is_reported() {
    for bundle in ["", "x", "dp_bun_short", "a.b", "a.b.c.d"] {
        let options = format!("({{ api: 'http://x.example', service: 'http://s.example', bundle: '{bundle}' }})");
        assert_eq!(code(&error_of(&options).await), "bundle_malformed", "{bundle}");
    }
}

#[wasm_bindgen_test]
async fn a_provider_is_called_once_for_any_number_of_callers() {
    evaluate("globalThis.calls = 0");
    let (connection, _) =
        open(&format!("({{ api: 'http://x.example', provider: {} }})", provider(3600))).await.unwrap();
    let calls: Array = (0..50).map(|_| connection.authorization()).collect();
    let answers: Array = JsFuture::from(Promise::all(&calls)).await.unwrap().unchecked_into();
    assert!(answers.iter().all(|answer| answer == "Bearer t1"));
    assert_eq!(evaluate("globalThis.calls"), 1);
    assert_eq!(connection.peek(), "Bearer t1");
    connection.close();
}

#[wasm_bindgen_test]
async fn a_token_is_refreshed_before_it_expires_and_events_report_it() {
    let (connection, events) =
        open(&format!("({{ api: 'http://x.example', provider: {} }})", provider(3))).await.unwrap();
    let first = connection.peek();
    // 85 % of at most 3 seconds, and some time for a slow machine.
    for _ in 0..60 {
        if connection.peek() != first {
            break;
        }
        JsFuture::from(sleep(100)).await.unwrap();
    }
    assert!(connection.peek() != first && !connection.peek().is_null());
    assert_eq!(names(&events)[..2], ["refreshing", "refreshed"]);
    connection.close();
    assert_eq!(names(&events).last().unwrap(), "closed");
}

#[wasm_bindgen_test]
async fn a_failure_of_the_provider_is_reported_with_its_message() {
    let cases = [
        ("() => { throw new Error('no session'); }", "provider_failed", "no session"),
        ("async () => { throw new Error('no session'); }", "provider_failed", "no session"),
        ("async () => 'text'", "provider_failed", "not {authorization"),
        ("async () => null", "provider_failed", "not {authorization"),
        ("async () => ({ authorization: 'Bearer x', expiresAt: 'soon' })", "provider_failed", "not {authorization"),
        ("async () => ({ authorization: 'x', expiresAt: 4102444800 })", "provider_failed", "not `Bearer"),
        ("async () => ({ authorization: 'Bearer x\\nY: z', expiresAt: 4102444800 })", "provider_failed", "not `Bearer"),
        ("async () => ({ authorization: 'Bearer x', expiresAt: 1 })", "provider_stale", "expired"),
        (
            "async () => ({ authorization: 'Bearer x', expiresAt: Date.now() + 3600000 })",
            "provider_failed",
            "not in seconds",
        ),
        ("async () => { throw Object.assign(new Error(), { status: 403 }); }", "provider_forbidden", "no more"),
    ];
    for (callback, expected, words) in cases {
        let error = error_of(&format!("({{ api: 'http://x.example', provider: {callback} }})")).await;
        assert_eq!(code(&error), expected, "{callback}");
        assert!(message(&error).contains(words), "{callback}: {}", message(&error));
    }
}

#[wasm_bindgen_test]
async fn an_expired_first_token_is_rejected_before_a_request_is_sent() {
    let error =
        error_of("({ api: 'http://x.example', temporaryToken: { authorization: 'Bearer x', expiresAt: 1 } })").await;
    assert_eq!(code(&error), "token_expired");

    let soon = "({ api: 'http://x.example', \
                temporaryToken: { authorization: 'Bearer x', expiresAt: Math.floor(Date.now() / 1000) + 2 } })";
    let (connection, events) = open(soon).await.unwrap();
    assert_eq!(connection.peek(), "Bearer x");
    JsFuture::from(sleep(2_200)).await.unwrap();
    assert!(connection.peek().is_null());
    assert_eq!(names(&events), ["expired"]);
    let error = JsFuture::from(connection.authorization()).await.unwrap_err();
    assert_eq!(code(&error), "token_expired");
}

#[wasm_bindgen_test]
async fn the_same_token_again_is_reported_as_stale() {
    let token = "({ authorization: 'Bearer same', expiresAt: Math.floor(Date.now() / 1000) + 3 })";
    let (connection, events) =
        open(&format!("({{ api: 'http://x.example', provider: async () => {token} }})")).await.unwrap();
    JsFuture::from(sleep(2_800)).await.unwrap();
    let failed = events.iter().find(|event| event.unchecked_ref::<Array>().get(0) == "failed").unwrap();
    assert_eq!(code(&get(&failed.unchecked_into::<Array>().get(1), "error")), "provider_stale");
    connection.close();
}

#[wasm_bindgen_test]
async fn values_that_are_no_error_response_contain_no_error() {
    let (connection, _) =
        open(&format!("({{ api: 'http://x.example', provider: {} }})", provider(3600))).await.unwrap();
    for value in [
        "null",
        "({})",
        "new Response('{}', { status: 403 })",
        "new Response('<', { status: 403 })",
        "new Response('{}')",
    ] {
        assert!(JsFuture::from(connection.refusal(evaluate(value))).await.unwrap().is_null(), "{value}");
    }
    let unknown = "new Response(JSON.stringify({ error: 'bad_name', message: 'No.' }), { status: 422 })";
    assert!(JsFuture::from(connection.refusal(evaluate(unknown))).await.unwrap().is_null());
    let slow = "new Response(JSON.stringify({ error: 'too_slow', message: 'Late.' }), { status: 408 })";
    let error = JsFuture::from(connection.refusal(evaluate(slow))).await.unwrap();
    assert_eq!(
        (code(&error), get(&error, "status").as_f64(), get(&error, "retryable")),
        ("too_slow".into(), Some(408.0), true.into())
    );
    assert!(!get(&error, "help").as_string().unwrap().is_empty(), "an API may send none");
    connection.close();
}

#[wasm_bindgen_test]
async fn a_late_response_after_close_is_ignored() {
    evaluate(
        "globalThis.late = new Promise((resolve) => { globalThis.answer = () => \
         resolve({ authorization: 'Bearer late', expiresAt: 4102444800 }); })",
    );
    let first = "({ authorization: 'Bearer first', expiresAt: Math.floor(Date.now() / 1000) + 2 })";
    let options = format!("({{ api: 'http://x.example', provider: () => globalThis.late, temporaryToken: {first} }})");
    let (connection, events) = open(&options).await.unwrap();
    JsFuture::from(sleep(1_900)).await.unwrap();
    assert!(names(&events).contains(&"refreshing".to_owned()));
    connection.close();
    evaluate("globalThis.answer()");
    JsFuture::from(sleep(50)).await.unwrap();
    assert!(connection.peek().is_null());
    assert_eq!(code(&JsFuture::from(connection.authorization()).await.unwrap_err()), "closed");
    assert_eq!(names(&events).last().unwrap(), "closed");
}

#[wasm_bindgen_test]
async fn a_request_to_another_origin_is_refused() {
    let (connection, _) =
        open(&format!("({{ api: 'http://x.example/base/', provider: {} }})", provider(3600))).await.unwrap();
    for url in [
        "'https://x.example/'",
        "'//y.example/'",
        "new URL('http://x.example:81/')",
        "new Request('http://y.example/')",
        "7",
    ] {
        let error = JsFuture::from(connection.fetch(evaluate(url))).await.unwrap_err();
        assert_eq!(code(&error), "foreign_url", "{url}");
    }
    connection.close();
}

#[wasm_bindgen_test]
async fn describe_returns_facts_about_the_token_without_the_token() {
    let (connection, _) = open(&format!("({{ api: 'http://x.example', provider: {} }})", provider(100))).await.unwrap();
    let description = connection.describe();
    assert_eq!(get(&description, "kind"), "temporary");
    assert!(get(&description, "scopes").is_null());
    let left = get(&description, "secondsLeft").as_f64().unwrap();
    let refresh = get(&description, "refreshInSeconds").as_f64().unwrap();
    assert!((98.0..=100.0).contains(&left) && (70.0..=86.0).contains(&refresh), "{left} {refresh}");
    let text = js_sys::JSON::stringify(&description).unwrap();
    assert!(!String::from(text).contains("Bearer"));
    connection.close();
}

/// Returns the source of options with an unsigned JWT. The browser reads its claims for display only; the API decides.
fn options_with_claims(claims: &str) -> String {
    format!(
        "({{ api: 'http://x.example/base/', temporaryToken: {{ expiresAt: 4102444800, authorization: 'Bearer e30.' \
         + btoa(JSON.stringify({claims})).replace(/=+$/, '') + '.c2ln' }} }})"
    )
}

#[wasm_bindgen_test]
async fn the_scopes_of_a_jwt_are_known_without_a_request() {
    let claims = "{ iat: 1000000000, origins: ['*.shop.example'], \
                  grants: [{ tenant: 't', scopes: ['floor:*', { resource: 'site', action: 'read' }] }] }";
    let (connection, _) = open(&options_with_claims(claims)).await.unwrap();
    for (scope, expected) in
        [("floor:readPrivate", true), ("floor:read:f1", true), ("site:read", true), ("site:write", false), ("*", false)]
    {
        assert_eq!(connection.can(scope).unwrap(), expected, "{scope}");
        let required = connection.require(scope);
        assert_eq!(required.is_ok(), expected, "{scope}");
        assert!(
            required.err().is_none_or(|error| code(&error) == "insufficient_scope" && message(&error).contains(scope))
        );
    }
    assert_eq!(code(&connection.can("floor").unwrap_err()), "invalid_options");
    let description = connection.describe();
    assert_eq!(get(&get(&description, "origins"), "0"), "*.shop.example");
    assert_eq!(get(&get(&description, "scopes"), "length"), 2);
    connection.close();

    // An unknown scope is not refused.
    let (opaque, _) = open(&format!("({{ api: 'http://x.example', provider: {} }})", provider(3600))).await.unwrap();
    assert!(opaque.can("floor:readPrivate").unwrap().is_null() && opaque.require("floor:readPrivate").is_ok());
    opaque.close();
}

#[wasm_bindgen_test]
async fn other_clients_get_the_url_and_the_headers_of_a_request() {
    let (connection, _) = open(&options_with_claims("{}")).await.unwrap();
    let given = connection.transform_request("floor/1?a=b").unwrap();
    assert_eq!(get(&given, "url"), "http://x.example/base/floor/1?a=b");
    assert!(get(&get(&given, "headers"), "Authorization").as_string().unwrap().starts_with("Bearer "));
    for own in ["ws://x.example/live", "http://x.example/base/1"] {
        let given = connection.transform_request(own).unwrap();
        assert_eq!(get(&given, "url"), own);
        assert!(!get(&get(&given, "headers"), "Authorization").is_undefined(), "{own}");
    }
    for other in ["wss://x.example/live", "https://x.example/", "blob:http://x.example/1", "http://x.example:81/"] {
        assert!(
            get(&get(&connection.transform_request(other).unwrap(), "headers"), "Authorization").is_undefined(),
            "{other}"
        );
    }
    let foreign = connection.transform_request("https://tiles.example/1.png").unwrap();
    assert_eq!(get(&foreign, "url"), "https://tiles.example/1.png");
    assert!(get(&get(&foreign, "headers"), "Authorization").is_undefined());
    connection.close();
    // A request without the token could only fail.
    assert_eq!(code(&connection.transform_request("floor/1").unwrap_err()), "closed");
}
