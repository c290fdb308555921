//! `/sdk/`: the browser SDK, for pages that load it from the service.

use std::sync::Arc;

use aws_lc_rs::digest::{SHA384, digest};
use axum::extract::{Path, State};
use axum::http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_TYPE, VARY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use base64ct::{Base64, Encoding};
use daypass::ErrorCode::NotFound;
use daypass::{Error, ErrorBody};
use schemars::JsonSchema;
use serde::Serialize;

use super::super::openapi::{Operation, Tag};
use super::super::sdk_files::SdkFile;
use super::super::{NO_STORE, etag};

/// The version of the SDK in this binary. All parts of a release have the same version.
const VERSION: &str = env!("CARGO_PKG_VERSION");
/// A file never changes under its version.
const IMMUTABLE: &str = "public, max-age=31536000, immutable";
/// Lets any page load the files, but only as the type that they have.
///
/// A page may be cross-origin isolated (COEP).
const ANY_PAGE: [(HeaderName, &str); 2] =
    [(HeaderName::from_static("cross-origin-resource-policy"), "cross-origin"), (X_CONTENT_TYPE_OPTIONS, "nosniff")];

/// Returns the routes of `/sdk/` with these files, for a service at this URL.
pub(super) fn router<S: Clone + Send + Sync + 'static>(files: &[SdkFile], service: &str) -> Router<S> {
    let sdk = Sdk { index: index(files, service), files: files.iter().map(TaggedFile::from).collect() };
    Router::new().route("/sdk/", get(list)).route("/sdk/{version}/{file}", get(file)).with_state(Arc::new(sdk))
}

struct Sdk {
    files: Vec<TaggedFile>,
    index: Vec<u8>,
}

/// A file with the tags of its two forms.
struct TaggedFile {
    file: SdkFile,
    tag: HeaderValue,
    gzip_tag: HeaderValue,
}

impl From<&SdkFile> for TaggedFile {
    fn from(file: &SdkFile) -> TaggedFile {
        TaggedFile { file: *file, tag: etag::of(file.bytes), gzip_tag: etag::of(file.gzip) }
    }
}

/// The body of `GET /sdk/`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SdkIndex")]
struct Index {
    /// The version of the SDK: the service's.
    version: &'static str,
    /// The files.
    files: Vec<Entry>,
}

#[derive(Serialize, JsonSchema)]
#[schemars(rename = "SdkEntry")]
struct Entry {
    /// Where the file is.
    url: String,
    /// Its hash, for the attribute `integrity`.
    integrity: String,
    /// The `type` of its script element: `module` or `script`.
    r#type: &'static str,
    /// Its size.
    bytes: usize,
}

fn index(files: &[SdkFile], service: &str) -> Vec<u8> {
    let entry = |file: &SdkFile| Entry {
        url: format!("{}/sdk/{VERSION}/{}", service.trim_end_matches('/'), file.name),
        integrity: format!("sha384-{}", Base64::encode_string(digest(&SHA384, file.bytes).as_ref())),
        r#type: file.kind,
        bytes: file.bytes.len(),
    };
    let index = Index { version: VERSION, files: files.iter().map(entry).collect() };
    serde_json::to_vec(&index).expect("an index is JSON")
}

/// `GET /sdk/`: where the files are, and their integrity (Subresource Integrity, section 3.3).
async fn list(State(sdk): State<Arc<Sdk>>, request: HeaderMap) -> Response {
    if sdk.files.is_empty() {
        return not_built();
    }
    let fields = [(CONTENT_TYPE, "application/json"), (CACHE_CONTROL, "public, max-age=300")];
    etag::respond(&request, etag::of(&sdk.index), (ANY_PAGE, fields, sdk.index.clone()))
}

/// `GET /sdk/<version>/<file>`
async fn file(
    State(sdk): State<Arc<Sdk>>,
    Path((version, name)): Path<(String, String)>,
    request: HeaderMap,
) -> Response {
    if sdk.files.is_empty() {
        return not_built();
    }
    let file = sdk.files.iter().find(|tagged| version == VERSION && tagged.file.name == name);
    let Some(TaggedFile { file, tag, gzip_tag }) = file else { return unknown_file() };
    let fields =
        [(CONTENT_TYPE, "text/javascript; charset=utf-8"), (CACHE_CONTROL, IMMUTABLE), (VARY, "Accept-Encoding")];
    if accepts_gzip(&request) {
        let compressed = [(CONTENT_ENCODING, "gzip")];
        etag::respond(&request, gzip_tag.clone(), (ANY_PAGE, fields, compressed, file.gzip))
    } else {
        etag::respond(&request, tag.clone(), (ANY_PAGE, fields, file.bytes))
    }
}

/// Returns whether a client accepts gzip by name (RFC 9110, section 12.5.3).
fn accepts_gzip(request: &HeaderMap) -> bool {
    let accepted = request.get_all(ACCEPT_ENCODING).into_iter().filter_map(|value| value.to_str().ok());
    accepted.flat_map(|value| value.split(',')).any(|coding| {
        let (name, weight) = coding.split_once(';').unwrap_or((coding, "q=1"));
        let weight = weight.trim().strip_prefix("q=").and_then(|weight| weight.parse::<f32>().ok());
        name.trim().eq_ignore_ascii_case("gzip") && weight.is_some_and(|weight| weight > 0.0)
    })
}

fn not_built() -> Response {
    not_found(ErrorBody {
        message: "This service was built without the browser SDK.".into(),
        help: "Build it with `cargo xtask build`, which builds the npm package first, or use the package `daypass`."
            .into(),
        ..Error::NotFound.body()
    })
}

fn unknown_file() -> Response {
    not_found(ErrorBody {
        message: format!("This service has the browser SDK in version {VERSION}."),
        help: "Take the URL and the integrity from /sdk/.".into(),
        ..Error::NotFound.body()
    })
}

fn not_found(body: ErrorBody) -> Response {
    (StatusCode::NOT_FOUND, NO_STORE, Json(body)).into_response()
}

/// Describes the operations of this module.
pub(super) fn operations() -> Vec<Operation> {
    let of = |path, id, summary| Operation::new(Method::GET, path, id, summary, Tag::Service);
    vec![
        of("/sdk/", "listSdk", "List the files of the browser SDK")
            .answers::<Index>(200, "The files, with their hashes (Subresource Integrity).")
            .revalidated()
            .refuses(&[NotFound]),
        of("/sdk/{version}/{file}", "getSdkFile", "Get a file of the browser SDK")
            .answers_text(200, "text/javascript", "The file.")
            .revalidated(),
    ]
}

#[cfg(test)]
mod tests {
    use axum::body::{Body, to_bytes};
    use axum::http::Request;
    use serde_json::{Value, json};
    use tower::ServiceExt;

    use super::*;

    const FILES: [SdkFile; 2] = [
        SdkFile { name: "daypass.js", kind: "module", bytes: b"export {};", gzip: b"zipped" },
        SdkFile { name: "daypass.global.js", kind: "script", bytes: b"var daypass;", gzip: b"zipped too" },
    ];

    /// The status, the headers and the body.
    async fn get(files: &[SdkFile], path: &str, headers: &[(&'static str, &str)]) -> (u16, HeaderMap, Vec<u8>) {
        let router = router::<()>(files, "https://tokens.example/").with_state(());
        let mut request = Request::get(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let response = router.oneshot(request.body(Body::empty()).expect("a request")).await.expect("an answer");
        let (parts, body) = response.into_parts();
        (parts.status.as_u16(), parts.headers, to_bytes(body, 10_000).await.expect("a body").to_vec())
    }

    fn of(version: &str, name: &str) -> String {
        format!("/sdk/{version}/{name}")
    }

    #[tokio::test]
    async fn a_file_is_for_any_page_and_never_changes() {
        for SdkFile { name, bytes, .. } in FILES {
            let (status, headers, body) = get(&FILES, &of(VERSION, name), &[]).await;
            assert_eq!((status, &*body), (200, bytes), "{name}");
            for (header, value) in [
                ("content-type", "text/javascript; charset=utf-8"),
                ("cache-control", "public, max-age=31536000, immutable"),
                ("cross-origin-resource-policy", "cross-origin"),
                ("x-content-type-options", "nosniff"),
                ("vary", "Accept-Encoding"),
            ] {
                assert_eq!(headers[header], value, "{name}");
            }
            assert!(!headers.contains_key("content-encoding"), "{name}");
        }
    }

    #[tokio::test]
    async fn each_form_of_a_file_has_its_own_tag() {
        let path = of(VERSION, "daypass.js");
        let (_, plain, _) = get(&FILES, &path, &[]).await;
        let plain = plain["etag"].to_str().expect("text");
        for (accepts, is_zipped) in [
            ("gzip, deflate, br", true),
            ("br;q=1, GZIP; q=0.5", true),
            ("gzip;q=0", false),
            ("gzip;q=0.000, br", false),
            ("br", false),
            ("identity", false),
        ] {
            let (status, headers, body) = get(&FILES, &path, &[("accept-encoding", accepts)]).await;
            assert_eq!((status, body == b"zipped"), (200, is_zipped), "{accepts}");
            assert_eq!(headers.get("content-encoding").is_some_and(|coding| coding == "gzip"), is_zipped, "{accepts}");
            let tag = headers["etag"].to_str().expect("text");
            assert_eq!(tag != plain, is_zipped, "{accepts}");

            let known = [("accept-encoding", accepts), ("if-none-match", tag)];
            let (status, headers, body) = get(&FILES, &path, &known).await;
            assert_eq!((status, body.len(), &headers["vary"]), (304, 0, &HeaderValue::from_static("Accept-Encoding")));
            assert!(!headers.contains_key("content-encoding") && !headers.contains_key("content-type"), "{accepts}");
        }
    }

    #[tokio::test]
    async fn the_index_has_what_a_script_element_needs() {
        let (status, headers, body) = get(&FILES, "/sdk/", &[]).await;
        assert_eq!((status, &headers["cache-control"]), (200, &HeaderValue::from_static("public, max-age=300")));
        let expected = json!({"version": VERSION, "files": [
            {
                "url": format!("https://tokens.example/sdk/{VERSION}/daypass.js"),
                // printf 'export {};' | openssl dgst -sha384 -binary | base64
                "integrity": "sha384-OURA3k5hJ74BsGlX4ksLSFQSEcbEi1C7beG3lEqFBTVv+fXU25n0GbzRVMFK1W0P",
                "type": "module",
                "bytes": 10,
            },
            {
                "url": format!("https://tokens.example/sdk/{VERSION}/daypass.global.js"),
                "integrity": "sha384-puzrBEaeFRSsO5comloVDjZaPsel7erXjybeR/4oTxfmcnP+fJSswkMzHXs7Kq2l",
                "type": "script",
                "bytes": 12,
            },
        ]});
        assert_eq!(serde_json::from_slice::<Value>(&body).expect("JSON"), expected);
        let tag = headers["etag"].to_str().expect("text");
        assert_eq!(get(&FILES, "/sdk/", &[("if-none-match", tag)]).await.0, 304);
    }

    #[tokio::test]
    async fn a_missing_file_says_why() {
        let here = of(VERSION, "daypass.js");
        for (files, path, says) in [
            (&FILES[..], of("9.9.9", "daypass.js"), "has the browser SDK in version"),
            (&FILES, of(VERSION, "inline.js"), "has the browser SDK in version"),
            (&[], here, "was built without the browser SDK"),
            (&[], "/sdk/".to_owned(), "was built without the browser SDK"),
        ] {
            let (status, headers, body) = get(files, &path, &[]).await;
            let refusal: Value = serde_json::from_slice(&body).expect("JSON");
            assert_eq!((status, &refusal["error"], &refusal["status"]), (404, &json!("not_found"), &json!(404)));
            assert!(refusal["message"].as_str().is_some_and(|message| message.contains(says)), "{path}: {refusal}");
            assert_eq!(headers["cache-control"], "no-store", "{path}: it may be there tomorrow");
        }
    }
}
