//! The console's own files: the style sheet, the scripts, and the WebAssembly of the origin field.

use axum::Router;
use axum::http::HeaderMap;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::response::Response;
use axum::routing::get;

use crate::http::page::ISOLATED;
use crate::http::{SharedApp, etag};

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = concat!(include_str!("../../pages/colors.css"), include_str!("../../pages/console.css"));

/// A file: its path, its type, and its bytes.
type File = (&'static str, &'static str, &'static [u8]);

/// Whether the WebAssembly was built before this binary. Without it, the page says after the form what it would say before.
pub(super) const HAS_WASM: bool = !WASM.is_empty();

/// The WebAssembly, with the script that starts it, and the script that uses both.
#[cfg(not(origins))]
const WASM: &[File] = &[];

/// The WebAssembly, with the script that starts it, and the script that uses both.
#[cfg(origins)]
const WASM: &[File] = &[
    ("/pages/origins.js", SCRIPT, include_bytes!("../../pages/origins.js")),
    ("/pages/origins-wasm.js", SCRIPT, include_bytes!(concat!(env!("OUT_DIR"), "/origins-wasm.js"))),
    (
        "/pages/origins-wasm_bg.wasm",
        "application/wasm",
        include_bytes!(concat!(env!("OUT_DIR"), "/origins-wasm_bg.wasm")),
    ),
];

const FILES: &[File] = &[
    ("/pages/console.css", "text/css; charset=utf-8", STYLE.as_bytes()),
    ("/pages/console.js", SCRIPT, include_bytes!("../../pages/console.js")),
];

/// Returns the routes of the files.
pub(super) fn router() -> Router<SharedApp> {
    FILES.iter().chain(WASM).fold(Router::new(), |router, &(path, content_type, bytes)| {
        router.route(path, get(async move |request: HeaderMap| respond(&request, content_type, bytes)))
    })
}

fn respond(request: &HeaderMap, content_type: &'static str, bytes: &'static [u8]) -> Response {
    let fields = [(CONTENT_TYPE, content_type), (CACHE_CONTROL, "no-cache")];
    etag::respond(request, etag::of(bytes), (fields, ISOLATED, bytes))
}
