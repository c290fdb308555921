//! Options that are wrong: each is named before anything is sent.

use daypass::api::TemporaryTokenResponse;
use daypass::browser::{Client, Options, Provider, ProviderOptions, Source};
use daypass::{ErrorCode, OpaqueToken, TokenKind};
use wasm_bindgen_test::wasm_bindgen_test;

use super::space::Space;

async fn assert_refused(options: Options, code: ErrorCode, words: &str) {
    let error = Client::connect(options).await.err().unwrap();
    assert_eq!(error.code(), Some(code), "{words}: {error}");
    assert!(error.message().contains(words), "{words}: {error}");
    assert_eq!((error.status(), error.is_retryable(), error.help().is_empty()), (0, false, false), "{words}");
}

#[wasm_bindgen_test]
async fn a_wrong_option_is_named() {
    let space = Space::new().await;
    let provider = || ProviderOptions::new(Provider::url(space.url("token")));
    let with = |options| space.options_with(options);
    let first = |authorization: &str, expires_at| {
        let authorization = authorization.to_owned();
        with(provider().first(TemporaryTokenResponse { authorization, expires_at }))
    };
    let bundle = Source::Bundle("dp_bun_x".into());
    let cases = [
        (Options::new("ftp://api.example", Source::Provider(provider())), "`api`"),
        (Options::new("https://user:password@api.example", Source::Provider(provider())), "`api`"),
        (with(provider()).service("http://:0"), "`service`"),
        (with(ProviderOptions::new(Provider::url("ftp://backend.example"))), "`provider`"),
        (first("x", 4_102_444_800), "not `Bearer …`"),
        (with(provider().duration_seconds(0)), "`durationSeconds`"),
        (with(provider().duration_seconds(86_401)), "`durationSeconds`"),
        (first("no scheme", 4_102_444_800), "`temporaryToken`"),
        (first("Bearer x\ny", 4_102_444_800), "`temporaryToken`"),
        (first("Bearer x", 4_102_444_800_000), "`temporaryToken`"),
        (Options::new(space.url("api"), bundle), "`service`"),
    ];
    for (options, words) in cases {
        assert_refused(options, ErrorCode::InvalidOptions, words).await;
    }
    assert_eq!(space.seen().await.calls, 0);
}

#[wasm_bindgen_test]
async fn a_publishable_token_is_checked_before_it_is_sent() {
    let options = |text: &str| Options::new("http://api.example", Source::Publishable(text.into()));
    let generate = |kind| OpaqueToken::generate(kind, |bytes| bytes.fill(9)).unwrap();
    let secret = generate(TokenKind::Secret);
    assert_refused(options(secret.expose_secret()), ErrorCode::InvalidOptions, "kind secret").await;
    let publishable = generate(TokenKind::Publishable);
    let misspelled = publishable.expose_secret().replace("dp_pub_", "dp_pub_0");
    assert_refused(options(&misspelled), ErrorCode::TokenMalformed, "").await;
    let client = Client::connect(options(publishable.expose_secret())).await.unwrap();
    assert_eq!(client.describe().kind, TokenKind::Publishable);
}

#[wasm_bindgen_test]
fn a_page_of_its_own_has_no_host_page() {
    let error = Provider::host(["https://host.example"]).err().unwrap();
    assert_eq!(error.code(), Some(ErrorCode::InvalidOptions));
    assert!(!error.message().is_empty());
}
