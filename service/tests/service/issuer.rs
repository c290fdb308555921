//! The service's issuer: in its metadata, in its tokens, and in what it warns of.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use daypass::TokenKind;
use daypass::verify::{Credentials, TokenLocation, Verifier};
use serde_json::{Value, json};

use crate::running::{Daypass, daypass, expect_error, send};

const METADATA: &str = "/.well-known/oauth-authorization-server";

#[tokio::test]
async fn the_metadata_names_the_issuer_without_a_trailing_slash_and_what_is_there() {
    let daypass = Daypass::start_with(&["--issuer", "https://tokens.example/t/"]);
    let response = daypass.get(METADATA).send().await.expect("a response");
    let headers = response.headers().clone();
    for (name, value) in [
        ("content-type", "application/json"),
        ("cache-control", "public, max-age=300, must-revalidate"),
        ("access-control-allow-origin", "*"),
    ] {
        assert_eq!(headers[name], value);
    }
    let mut metadata: Value = response.json().await.expect("JSON");
    let expected = json!({
        "issuer": "https://tokens.example/t",
        "jwks_uri": "https://tokens.example/t/.well-known/jwks.json",
        "introspection_endpoint": "https://tokens.example/t/introspect",
        "introspection_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none", "Bearer"],
        "revocation_endpoint": "https://tokens.example/t/revoke",
        "revocation_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none", "Bearer"],
        "authorization_endpoint": "https://tokens.example/t/oauth/authorize",
        "token_endpoint": "https://tokens.example/t/oauth/token",
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post", "none"],
        "pushed_authorization_request_endpoint": "https://tokens.example/t/oauth/par",
        "require_pushed_authorization_requests": false,
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": [
            "authorization_code", "refresh_token", "client_credentials",
            "urn:ietf:params:oauth:grant-type:token-exchange",
        ],
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": true,
        "dpop_signing_alg_values_supported": ["ES256", "EdDSA", "Ed25519"],
        "prompt_values_supported": ["none", "login", "consent", "select_account"],
    });
    let scopes = metadata.as_object_mut().and_then(|metadata| metadata.remove("scopes_supported"));
    assert!(
        scopes.is_some_and(|scopes| scopes.as_array().is_some_and(|scopes| scopes.contains(&json!("floor:export"))))
    );
    assert_eq!(metadata, expected);
    let known = daypass.get(METADATA).header("if-none-match", &headers["etag"]).send().await.expect("a response");
    assert_eq!(known.status(), 304);
    expect_error(daypass.post(METADATA), 405, "method_not_allowed").await;
}

#[tokio::test]
async fn a_verifier_that_is_given_the_address_accepts_the_tokens_of_the_issuer() {
    let daypass = Daypass::start_with(&["--issuer", "https://tokens.example/", "--audience", "my-api"]);
    let token = daypass.create_temporary(&daypass.admin).await;
    let connect = || Verifier::connect(&daypass.url, "my-api", daypass.admin.parse().expect("a token"));
    for connect in [connect(), connect().issuer("https://tokens.example"), connect().issuer("https://tokens.example/")]
    {
        let verifier = connect.await.expect("the issuer that was expected");
        let access = verifier.verify(&Credentials::new(&token, TokenLocation::Bearer), None).await;
        assert_eq!(access.map(|access| access.kind()), Ok(TokenKind::Temporary));
        let access = verifier.verify(&Credentials::new(&daypass.admin, TokenLocation::Bearer), None).await;
        assert_eq!(access.map(|access| access.kind()), Ok(TokenKind::Secret));
    }
    let Err(mismatch) = connect().issuer(&daypass.url).await else { panic!("connected to another issuer") };
    let message = mismatch.to_string();
    assert!([&*daypass.url, "https://tokens.example"].iter().all(|name| message.contains(name)), "{message}");

    let (secret, id) = daypass.create_secret().await;
    let verifier = connect().await.expect("a verifier");
    daypass.revoke(&id).await;
    let access = verifier.verify(&Credentials::new(&secret, TokenLocation::Bearer), None).await;
    let error = access.map(|access| access.kind()).expect_err("it was revoked");
    assert_eq!(error, daypass::Error::TokenRevoked, "the holder is told what happened");
    assert_eq!(send(daypass.get("/health")).await.0, 200);
}

#[test]
fn a_start_warns_of_an_issuer_that_other_machines_cannot_use() {
    for (listen, issuer, expected) in [
        ("127.0.0.1:0", None, None),
        ("127.0.0.1:0", Some("http://localhost:8787"), None),
        ("0.0.0.0:0", Some("https://tokens.example"), None),
        ("0.0.0.0:0", None, Some("the issuer is a wildcard address")),
        ("0.0.0.0:0", Some("http://localhost:8787"), Some("the issuer is a loopback address")),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = daypass();
        command.args(["serve", "--json", "--listen", listen]).current_dir(folder.path());
        command.args(issuer.iter().flat_map(|issuer| ["--issuer", *issuer]));
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut line = String::new();
        BufReader::new(process.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let address =
            serde_json::from_str::<Value>(&line).expect("JSON")["listening"].as_str().expect("a URL").to_owned();
        wait_for(&address.replace("0.0.0.0", "127.0.0.1"));
        process.kill().expect("it runs");
        let output = process.wait_with_output().expect("its output");
        let log = String::from_utf8_lossy(&output.stderr);
        assert_eq!(log.contains("set --issuer"), expected.is_some(), "{listen} {issuer:?}: {log}");
        assert!(expected.is_none_or(|text| log.contains(text)), "{listen} {issuer:?}: {log}");
    }
}

/// Waits until a service answers: it has logged by then what it found at its start.
fn wait_for(url: &str) {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(url.trim_start_matches("http://")).expect("it listens");
    stream.write_all(b"GET /health HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").expect("a request");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("a response");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
}
