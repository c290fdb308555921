//! Servers that do nothing else.

use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;

use anyhow::Result;
use aws_lc_rs::signature::Ed25519KeyPair;
use axum::Router;
use axum::body::Bytes;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::routing::post;
use base64ct::{Base64UrlUnpadded, Encoding};
use tokio::net::TcpListener;

const HEADERS: [(axum::http::HeaderName, &str); 2] = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-store")];

/// Serves a route that reads the request's body and answers with these bytes.
pub(super) fn bare_route(answer: String) -> Result<SocketAddr> {
    let answer = Bytes::from(answer);
    serve(Router::new().route("/", post(async move |_: Bytes| (HEADERS, answer.clone()))))
}

/// Serves a route that reads the request's body, signs these bytes and answers with as many bytes as a minted token's
/// response has.
pub(super) fn signing_route(input: String, answer: String) -> Result<SocketAddr> {
    let pair = Arc::new(key_pair()?);
    let sign = async move |_: Bytes| {
        let signature = Base64UrlUnpadded::encode_string(pair.sign(input.as_bytes()).as_ref());
        (HEADERS, format!("{}{signature}", &answer[signature.len()..]))
    };
    serve(Router::new().route("/", post(sign)))
}

/// Makes a key as the service has it.
pub(super) fn key_pair() -> Result<Ed25519KeyPair> {
    Ok(Ed25519KeyPair::generate()?)
}

/// Serves a router until the program ends, on a runtime like the service's on one processor.
fn serve(router: Router) -> Result<SocketAddr> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0"))?;
    let address = listener.local_addr()?;
    thread::spawn(move || runtime.block_on(async { tokio::spawn(axum::serve(listener, router).into_future()).await }));
    Ok(address)
}
