//! What is known about the token and the bundle, and the token for other HTTP clients.

use daypass::browser::{Client, Options, Source};
use daypass::{ErrorCode, OpaqueToken, Scope, TokenKind};
use serde::Deserialize;
use wasm_bindgen_test::wasm_bindgen_test;

use super::space::Space;

#[derive(Debug, PartialEq, Deserialize)]
struct Parameters {
    floor: String,
    zoom: u8,
}

#[wasm_bindgen_test]
async fn a_jwt_says_what_it_allows() {
    let space = Space::new().await;
    let client = space.connect("token?jwt").await;
    for (scope, expected) in [("floor:readPrivate", true), ("site:update", true), ("floor:update", false)] {
        assert_eq!(client.can(&scope.parse::<Scope>().unwrap()), Some(expected), "{scope}");
    }
    let description = client.describe();
    assert_eq!(description.scopes.unwrap(), ["floor:readPrivate", "site:*"]);
    assert_eq!(description.origins.unwrap(), ["127.0.0.1"]);
    assert_eq!((description.subject.as_deref(), &*description.claims["plan"]), (Some("visitor-7"), "gold"));
}

#[wasm_bindgen_test]
async fn an_opaque_token_is_described_without_what_it_allows() {
    let space = Space::new().await;
    let client = space.connect("token").await;
    assert_eq!(client.can(&Scope::literal("floor:readPrivate")), None);
    let description = client.describe();
    assert_eq!((description.kind, &description.scopes), (TokenKind::Temporary, &None));
    assert_eq!((description.subject.as_deref(), description.claims.len()), (None, 0));
    let [lifetime, left, refresh] =
        [description.lifetime_seconds, description.seconds_left, description.refresh_in_seconds].map(Option::unwrap);
    assert!((3_590.0..=3_600.0).contains(&lifetime) && left <= lifetime, "{lifetime} {left}");
    assert!((2_600.0..=3_070.0).contains(&refresh), "{refresh}");
    assert!(!format!("{description:?}").contains("token-1"));
}

#[wasm_bindgen_test]
async fn refresh_replaces_the_token() {
    let space = Space::new().await;
    let client = space.connect("token").await;
    client.refresh().await.unwrap();
    assert_eq!((client.peek().as_deref(), space.seen().await.calls), (Some("Bearer token-2"), 2));

    // The token in use outlives a refresh that fails.
    space.set_provider("status=503").await;
    let error = client.refresh().await.unwrap_err();
    assert_eq!((error.code(), error.status()), (Some(ErrorCode::ProviderFailed), 503));
    assert!(client.get("floor").await.unwrap().ok());
    assert_eq!(client.peek().as_deref(), Some("Bearer token-2"));
}

#[wasm_bindgen_test]
async fn other_clients_get_the_url_and_the_headers_of_a_request() {
    let space = Space::new().await;
    let client = space.connect("token").await;
    let headers = vec![("Authorization", "Bearer token-1".to_owned())];
    let (url, elsewhere) = (space.url("api/floor"), "https://tiles.example/1.png");

    let waited = client.authorize("floor", "GET").await.unwrap();
    assert_eq!((waited.url, waited.headers), (url.clone(), headers.clone()));
    let given = client.transform_request("floor").unwrap();
    assert_eq!((given.url, given.headers), (url.clone(), headers.clone()));
    assert_eq!(client.headers("floor", "GET").await.unwrap(), headers);

    let foreign = client.authorize(elsewhere, "GET").await.unwrap();
    assert_eq!((&*foreign.url, foreign.headers.len()), (elsewhere, 0));
    assert_eq!(client.headers(elsewhere, "GET").await.unwrap_err().code(), Some(ErrorCode::ForeignUrl));

    assert!(client.unauthorized(None).await);
    assert_eq!(client.peek().as_deref(), Some("Bearer token-2"));
}

#[wasm_bindgen_test]
async fn the_parameters_of_a_bundle_are_read_into_a_type() {
    let space = Space::new().await;
    let bundle = OpaqueToken::generate(TokenKind::Bundle, |bytes| bytes.fill(7)).unwrap();
    let source = Source::Bundle(bundle.expose_secret().to_owned());
    let options = Options::new(space.url("api"), source).service(space.url(""));
    let client = Client::connect(options).await.unwrap();

    assert_eq!(client.parameters::<Parameters>().unwrap(), Parameters { floor: "second".into(), zoom: 3 });
    let error = client.parameters::<Vec<String>>().unwrap_err();
    assert_eq!(error.code(), None);
    assert!(error.message().contains("sequence"), "{error}");
    let description = client.describe();
    assert!((590.0..=600.0).contains(&description.lifetime_seconds.unwrap()), "{description:?}");
}

#[wasm_bindgen_test]
async fn without_a_bundle_there_are_no_parameters() {
    let client = Space::new().await.connect("token").await;
    assert_eq!(client.parameters::<Option<Parameters>>().unwrap(), None);
    assert!(client.parameters::<Parameters>().is_err());
}
