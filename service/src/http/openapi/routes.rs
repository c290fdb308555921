//! `GET /openapi.json`, and the page `GET /docs/api`.

use std::sync::{Arc, LazyLock};

use axum::Router;
use axum::extract::State;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::response::Response;
use axum::routing::get;
use serde_json::Value;

use super::super::routes::{HTML, respond};
use super::super::{SharedApp, backend_routes, browser_routes, etag};
use super::{Operation, Tag, page};

const PATH: &str = "/openapi.json";
const PAGE: &str = "/docs/api";

/// Describes the operations of this module.
pub(crate) fn operations() -> Vec<Operation> {
    vec![
        Operation::new(Method::GET, PATH, "getDocument", "Get this document", Tag::Service)
            .answers::<Value>(200, "The document (OpenAPI 3.1).")
            .revalidated(),
        Operation::new(Method::GET, PAGE, "getDocumentPage", "Read this document", Tag::Service)
            .answers_text(200, "text/html", "The document as a page.")
            .revalidated(),
    ]
}

/// The document in its two forms.
struct Texts {
    json: String,
    tag: HeaderValue,
    html: String,
}

impl Texts {
    fn new(document: &Value) -> Texts {
        let json = document.to_string();
        Texts { tag: etag::of(json.as_bytes()), json, html: page::render(document) }
    }
}

/// What makes the texts when they are first asked for.
type LazyTexts = Arc<LazyLock<Texts, Box<dyn FnOnce() -> Texts + Send>>>;

/// Returns the routes of a document, which is made when it is first asked for.
///
/// Any page may read the document, as editors and clients of APIs in the browser do: it needs no token, is public and is
/// the same for everyone.
pub(crate) fn router(document: impl FnOnce() -> Value + Send + 'static) -> Router<SharedApp> {
    let texts: LazyTexts = Arc::new(LazyLock::new(Box::new(move || Texts::new(&document()))));
    let for_browsers = Router::new().route(PATH, get(json)).with_state(Arc::clone(&texts));
    let for_people = Router::new().route(PAGE, get(html)).with_state(texts);
    browser_routes(for_browsers).merge(backend_routes(for_people))
}

/// `GET /openapi.json`
async fn json(State(texts): State<LazyTexts>, request: HeaderMap) -> Response {
    let fields = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "no-cache")];
    etag::respond(&request, texts.tag.clone(), (fields, texts.json.clone()))
}

/// `GET /docs/api`
async fn html(State(texts): State<LazyTexts>, request: HeaderMap) -> Response {
    respond(&request, HTML, texts.html.clone())
}
