//! The program over HTTP, with a token service that has a token for a page and one for a backend. `src/tests.rs` has what tokens
//! may do.
#![allow(missing_docs, clippy::unwrap_used, reason = "the names of the tests say what they hold; a panic is a failure")]

#[allow(dead_code, reason = "the tests of the service use more of it")]
#[path = "../../../service/tests/service/slow_clients.rs"]
mod slow_clients;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use axum::http::{HeaderMap, StatusCode};
use axum::routing::{get, post};
use axum::{Json, Router};
use daypass::api::{IntrospectionResponse, RevocationPage, TokenRecord};
use daypass::jwt::Jwks;
use daypass::{Grant, OpaqueToken, Scope, TokenKind};
use reqwest::Response;
use serde_json::{Value, json};
use tempfile::TempDir;

use slow_clients::{SlowClient, attack_with, with_few_descriptors};

const ORGANIZATION: &str = "org_northlight";
const SITE: &str = "https://northlight.example";

/// The tokens: name, kind, scopes.
const TOKENS: [(&str, TokenKind, &str); 3] = [
    ("page", TokenKind::Publishable, "floor:readPublic floor:queryPublic"),
    ("reader", TokenKind::Secret, "floor:readPublic floor:readPrivate"),
    ("writer", TokenKind::Secret, "floor:update"),
];

/// A token service that introspects the tokens above for the holder of `key`, and has no signing keys.
struct TokenService {
    url: String,
    key: OpaqueToken,
    tokens: HashMap<&'static str, OpaqueToken>,
}

impl TokenService {
    async fn start() -> TokenService {
        let key = token(TokenKind::Secret);
        let tokens: HashMap<_, _> = TOKENS.iter().map(|(name, kind, _)| (*name, token(*kind))).collect();
        let records = TOKENS.map(|row| (format!("token={}&record=true", tokens[row.0].expose_secret()), record(row)));
        let records = Arc::new(HashMap::from(records));
        let authorization = format!("Bearer {}", key.expose_secret());
        let introspect = async move |headers: HeaderMap, form: String| {
            if headers["authorization"] != *authorization {
                return Err(StatusCode::UNAUTHORIZED);
            }
            let record = records.get(&form).cloned();
            Ok(Json(IntrospectionResponse { active: record.is_some(), record, ..IntrospectionResponse::default() }))
        };
        let metadata = json!({
            "issuer": "https://tokens.example",
            "jwks_uri": "",
            "introspection_endpoint": "",
            "introspection_endpoint_auth_methods_supported": [],
        });
        let router = Router::new()
            .route("/.well-known/oauth-authorization-server", get(async move || Json(metadata)))
            .route("/.well-known/jwks.json", get(async || Json(Jwks { keys: Vec::new() })))
            .route("/introspect", post(introspect))
            // An empty feed, without streams.
            .route("/v2/revocation", get(async || Json(empty_feed())));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async { axum::serve(listener, router).await });
        TokenService { url, key, tokens }
    }
}

fn empty_feed() -> RevocationPage {
    RevocationPage {
        revocations: Vec::new(),
        latest: 0,
        epoch: "1".into(),
        deleted_up_to: 0,
        keys: Vec::new(),
        organization: None,
    }
}

fn token(kind: TokenKind) -> OpaqueToken {
    OpaqueToken::generate(kind, |bytes| aws_lc_rs::rand::fill(bytes).unwrap()).unwrap()
}

fn record((name, kind, scopes): (&str, TokenKind, &str)) -> TokenRecord {
    let scopes = scopes.split(' ').map(|scope| scope.parse::<Scope>().unwrap()).collect();
    TokenRecord {
        id: name.into(),
        serial: 1,
        root_serial: None,
        kind,
        name: name.into(),
        organization: ORGANIZATION.into(),
        grants: vec![Grant { tenant: ORGANIZATION.into(), scopes, resources: Vec::new() }],
        origins: vec!["northlight.example".parse().unwrap()],
        created_at: 0,
        expires_at: None,
        created_by: None,
        owner: None,
        revoked_at: None,
        suspended_at: None,
        last_used_at: None,
        version: 1,
        last_chars: "0000".into(),
    }
}

fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_floor-api"));
    command
        .args(["--audience", "floor-api", "--organization", ORGANIZATION])
        .args(["--listen", "127.0.0.1:0", "--embed-listen", "127.0.0.1:0"])
        .env_remove("DAYPASS_TOKEN")
        .env("RUST_LOG", "trace")
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// The running program, which ends with the test.
struct Product {
    process: Child,
    api: String,
    embed: String,
    service: TokenService,
    _files: TempDir,
}

impl Product {
    async fn start() -> Product {
        let service = TokenService::start().await;
        let key = service.key.clone();
        Product::behind(service, &key)
    }

    /// Starts it with few descriptors, and without a log.
    async fn start_small() -> Product {
        let service = TokenService::start().await;
        let key = service.key.clone();
        let mut command = with_few_descriptors(&program());
        command.env("RUST_LOG", "off").stdout(Stdio::piped()).stderr(Stdio::null());
        Product::run(command, service, &key)
    }

    fn behind(service: TokenService, key: &OpaqueToken) -> Product {
        Product::run(program(), service, key)
    }

    fn run(mut command: Command, service: TokenService, key: &OpaqueToken) -> Product {
        let files = tempfile::tempdir().unwrap();
        let [www, pkg] = ["www", "pkg"].map(|folder| files.path().join(folder));
        for (folder, name) in [(&www, "index.html"), (&www, "viewer.js"), (&pkg, "index.js"), (&pkg, "daypass_bg.wasm")]
        {
            std::fs::create_dir_all(folder).unwrap();
            std::fs::write(folder.join(name), name).unwrap();
        }
        std::fs::write(files.path().join("beside"), "not to be served").unwrap();

        command.args(["--service", &service.url]).arg("--embed-dir").arg(www).arg("--sdk-dir").arg(pkg);
        let mut process = command.env("DAYPASS_TOKEN", key.expose_secret()).spawn().unwrap();
        let mut line = String::new();
        BufReader::new(process.stdout.as_mut().unwrap()).read_line(&mut line).unwrap();
        let line: Value = serde_json::from_str(&line).unwrap();
        let url = |field: &str| line[field].as_str().unwrap().to_owned();
        Product { api: url("api"), embed: url("embed"), process, service, _files: files }
    }

    /// Sends a token as its holder does: from a page with a publishable one, from a backend with any other.
    async fn get(&self, path: &str, token: &str) -> (u16, Value) {
        let token = &self.service.tokens[token];
        let (client, url) = (reqwest::Client::new(), format!("{}{path}", self.api));
        let request = match token.kind() {
            TokenKind::Publishable => {
                client.get(format!("{url}?pubtoken={}", token.expose_secret())).header("Origin", SITE)
            }
            _ => client.get(url).bearer_auth(token.expose_secret()),
        };
        read(request.send().await.unwrap()).await
    }

    async fn embed(&self, path: &str) -> Response {
        reqwest::get(format!("{}{path}", self.embed)).await.unwrap()
    }
}

impl Drop for Product {
    fn drop(&mut self) {
        // The process may have ended already.
        self.process.kill().ok();
        self.process.wait().ok();
    }
}

async fn read(response: Response) -> (u16, Value) {
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn every_token_is_refused_while_the_service_refuses_introspection() {
    let product = Product::behind(TokenService::start().await, &token(TokenKind::Secret));
    let (status, body) = product.get("/v2/floor/ground", "reader").await;
    assert_eq!((status, &body["error"]), (503, &json!("unavailable")));
}

#[tokio::test]
async fn the_embed_is_readable_from_any_site_with_the_right_types() {
    let product = Product::start().await;
    let config = json!({ "service": product.service.url, "api": product.api });
    let cases = [
        ("/", "text/html", "index.html"),
        ("/viewer.js", "text/javascript", "viewer.js"),
        ("/daypass/index.js", "text/javascript", "index.js"),
        ("/daypass/daypass_bg.wasm", "application/wasm", "daypass_bg.wasm"),
        ("/config.json", "application/json", &config.to_string()),
    ];
    for (path, mime, content) in cases {
        let response = product.embed(path).await;
        let header = |name| response.headers()[name].to_str().unwrap();
        assert_eq!((response.status().as_u16(), header("content-type")), (200, mime), "{path}");
        assert_eq!((header("access-control-allow-origin"), header("cache-control")), ("*", "no-cache"), "{path}");
        let text = response.text().await.unwrap();
        if mime == "application/json" {
            assert_eq!(serde_json::from_str::<Value>(&text).unwrap(), config);
        } else {
            assert_eq!(text, content, "{path}");
        }
    }
    for path in ["/beside", "/%2e%2e/beside", "/..%2fbeside", "/daypass/..%2f..%2fbeside", "/daypass/", "/v2/floor"] {
        assert_eq!(product.embed(path).await.status(), 404, "{path}");
    }
}

#[tokio::test]
async fn only_pages_of_the_token_s_origins_may_frame_the_embed() {
    let product = Product::start().await;
    let page = product.service.tokens["page"].expose_secret();
    // A browser requests a frame without an `Origin`.
    let response = product.embed(&format!("/frame?pubtoken={page}&floor=ground")).await;
    let header = |name| response.headers()[name].to_str().unwrap();
    assert_eq!((response.status().as_u16(), header("content-type")), (200, "text/html; charset=utf-8"));
    let policy = "frame-ancestors http://northlight.example:* https://northlight.example:*";
    assert_eq!((header("content-security-policy"), header("cache-control")), (policy, "no-cache"));
    assert!(response.text().await.unwrap().contains("frame.js"));

    let secret = product.service.tokens["reader"].expose_secret();
    let unknown = token(TokenKind::Publishable);
    for (query, status, error) in [
        (String::new(), 401, "missing_token"),
        (format!("?pubtoken={}", unknown.expose_secret()), 401, "invalid_token"),
        (format!("?pubtoken={secret}"), 400, "secret_in_query"),
    ] {
        let (seen, body) = read(product.embed(&format!("/frame{query}")).await).await;
        assert_eq!((seen, &body["error"]), (status, &json!(error)));
    }
    // The page is no static file, which would lack the header.
    for path in ["/frame.html", "/frame/"] {
        assert_eq!(product.embed(path).await.status(), 404, "{path}");
    }
}

#[test]
fn it_does_not_start_without_a_valid_token_and_does_not_print_one() {
    let complete = token(TokenKind::Secret);
    let truncated = &complete.expose_secret()[..40];
    for (value, expected) in [(None, "DAYPASS_TOKEN is missing"), (Some(truncated), "the token is too short")] {
        let mut command = program();
        command.args(["--service", "http://127.0.0.1:1", "--embed-dir", ".", "--sdk-dir", "."]);
        command.envs(value.map(|value| ("DAYPASS_TOKEN", value)));
        let output = command.output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success() && output.stdout.is_empty());
        assert!(stderr.contains(expected), "{expected}");
        assert!(!stderr.contains(&truncated[7..]));
    }
}

#[tokio::test]
async fn it_exits_with_0_when_terminated_and_has_logged_no_token() {
    let mut product = Product::start().await;
    for name in product.service.tokens.keys() {
        product.get("/v2/floor/first", name).await;
    }
    let kill = Command::new("kill").arg(product.process.id().to_string()).status().unwrap();
    assert!(kill.success());
    assert_eq!(product.process.wait().unwrap().code(), Some(0));
    let mut log = String::new();
    product.process.stderr.take().unwrap().read_to_string(&mut log).unwrap();
    for token in product.service.tokens.values().chain([&product.service.key]) {
        assert!(!log.contains(&token.expose_secret()[7..]));
    }
}

#[tokio::test]
async fn slow_clients_of_each_kind_keep_nobody_else_waiting() {
    let product = Product::start_small().await;
    let token = &product.service.tokens["reader"];
    let address = product.api.trim_start_matches("http://").parse().unwrap();
    let head = format!(
        "PUT /v2/floor/ground/name HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nAuthorization: Bearer {}\r\n",
        product.service.tokens["writer"].expose_secret()
    );
    let kinds = [
        SlowClient::never_reading("/v2/floor"),
        SlowClient::headers(),
        SlowClient::body(&head),
        SlowClient::idle(),
        SlowClient::keep_alive("/v2/floor"),
    ];
    attack_with(address, &kinds, |client| {
        client.get(format!("{}/v2/floor/ground", product.api)).bearer_auth(token.expose_secret())
    })
    .await;
}
