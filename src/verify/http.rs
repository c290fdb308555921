//! The verifier in front of a router: [`VerifyLayer`], CORS included; [`Access`] as an axum extractor; a [`Denied`] as an
//! answer.
//!
//! ```
//! # use axum::{Router, routing::get, extract::Path};
//! use daypass::verify::{Access, Verifier, http::VerifyLayer};
//! use daypass::{Denied, Scope};
//!
//! const READ: Scope = Scope::literal("floor:readPrivate");
//!
//! async fn floor(access: Access, Path(id): Path<String>) -> Result<String, Denied> {
//!     access.require(&READ).on("northlight").of(&id).check()?;
//!     Ok(format!("floor {id}"))
//! }
//!
//! # fn router(verifier: Verifier) -> Router {
//! Router::new().route("/v2/floor/{id}", get(floor)).layer(VerifyLayer::new(verifier))
//! # }
//! ```

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum_core::body::Body;
use axum_core::extract::FromRequestParts;
use axum_core::response::IntoResponse;
use http::header::{self, HeaderMap, HeaderName, HeaderValue};
use http::request::Parts;
use http::{Method, Request, Response, StatusCode};
use percent_encoding::percent_decode_str;
use tower_layer::Layer;
use tower_service::Service;

use super::{Access, Carrier, Credential, Presented, SeenOrigin, Verifier};
use crate::Denied;

/// The query parameters that have carried tokens in one system or another. Only publishable tokens are taken from them,
/// and they are all read, so that a secret in one is refused instead of overlooked.
const QUERY_NAMES: [&str; 5] = ["pubtoken", "bearer_token", "access_token", "accessTokenId", "embedToken"];
/// The schemes of `Authorization`.
const SCHEMES: [(&str, Carrier); 2] = [("Bearer", Carrier::Bearer), ("AL-Secret-Token", Carrier::AlSecretToken)];
/// Headers that are a token by themselves.
const HEADERS: [(HeaderName, Carrier); 2] = [
    (HeaderName::from_static("x-api-key"), Carrier::ApiKey),
    (HeaderName::from_static("x-api-token"), Carrier::ApiToken),
];

impl<'a> Presented<'a> {
    /// What an HTTP request presented.
    #[must_use]
    pub fn from_parts(parts: &'a Parts) -> Presented<'a> {
        let authorization = parts.headers.get_all(header::AUTHORIZATION).iter().filter_map(authorization);
        let headers = HEADERS.into_iter().flat_map(|(name, carrier)| {
            let values = parts.headers.get_all(name).iter();
            values.map(move |value| Credential { text: value.to_str().unwrap_or_default(), carrier })
        });
        let query = parts.uri.query().unwrap_or_default().split('&').filter_map(|pair| {
            let (name, text) = pair.split_once('=')?;
            is_query_name(name).then_some(Credential { text, carrier: Carrier::Query })
        });
        Presented {
            credentials: authorization.chain(headers).chain(query).collect(),
            origin: seen_origin(&parts.headers),
        }
    }
}

/// However a name is written, `pub%74oken` too, it is the name that a product reads. A value is taken as it stands: no
/// character of a token is ever encoded, so that an encoded one is no token.
fn is_query_name(name: &str) -> bool {
    QUERY_NAMES.iter().any(|known| percent_decode_str(name).eq(known.bytes()))
}

fn authorization(value: &HeaderValue) -> Option<Credential<'_>> {
    let value = value.to_str().ok()?;
    let (scheme, text) = value.split_once(' ').unwrap_or((value, ""));
    let (_, carrier) = SCHEMES.into_iter().find(|(known, _)| scheme.eq_ignore_ascii_case(known))?;
    Some(Credential { text: text.trim_start_matches(' '), carrier })
}

fn seen_origin(headers: &HeaderMap) -> SeenOrigin<'_> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    match (origins.next().map(HeaderValue::to_str), origins.next()) {
        (None, _) => SeenOrigin::None,
        (Some(Ok(origin)), None) => SeenOrigin::One(origin),
        _ => SeenOrigin::Odd,
    }
}

/// Lets only requests with a genuine, living token pass, hands their [`Access`] on, and answers CORS.
#[derive(Clone)]
pub struct VerifyLayer {
    verifier: Arc<Verifier>,
}

impl VerifyLayer {
    /// A layer around this verifier.
    #[must_use]
    pub fn new(verifier: impl Into<Arc<Verifier>>) -> VerifyLayer {
        VerifyLayer { verifier: verifier.into() }
    }
}

impl<S> Layer<S> for VerifyLayer {
    type Service = Verified<S>;

    fn layer(&self, inner: S) -> Verified<S> {
        Verified { inner, verifier: Arc::clone(&self.verifier) }
    }
}

/// The service that [`VerifyLayer`] makes.
#[derive(Clone)]
pub struct Verified<S> {
    inner: S,
    verifier: Arc<Verifier>,
}

impl<S, B, R> Service<Request<B>> for Verified<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: From<String> + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (mut parts, body) = request.into_parts();
        if is_preflight(&parts) {
            return Box::pin(async move { Ok(preflight(&parts)) });
        }
        // The service that was polled ready is the one to call; the clone waits for the next request.
        let next = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, next);
        let verifier = Arc::clone(&self.verifier);
        Box::pin(async move {
            let origin = parts.headers.get(header::ORIGIN).cloned();
            let verdict = verifier.verify(&Presented::from_parts(&parts), None).await;
            // The page may read every answer but the one that says that its origin is the wrong one.
            let readable = !matches!(verdict, Err(Denied::OriginNotAllowed(_) | Denied::OriginRequired));
            let mut response = match verdict {
                Ok(access) => {
                    parts.extensions.insert(access);
                    inner.call(Request::from_parts(parts, body)).await?
                }
                Err(denied) => denied.response(),
            };
            add_headers(response.headers_mut(), origin.filter(|_| readable));
            Ok(response)
        })
    }
}

fn is_preflight(parts: &Parts) -> bool {
    parts.method == Method::OPTIONS
        && parts.headers.contains_key(header::ORIGIN)
        && parts.headers.contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

/// A preflight carries no token, so that it can only say what may be asked; the request itself is then judged.
fn preflight<R: From<String>>(parts: &Parts) -> Response<R> {
    let mut response = Response::new(R::from(String::new()));
    *response.status_mut() = StatusCode::NO_CONTENT;
    let headers = response.headers_mut();
    for name in [header::ORIGIN, header::ACCESS_CONTROL_REQUEST_METHOD, header::ACCESS_CONTROL_REQUEST_HEADERS] {
        headers.append(header::VARY, name.into());
    }
    let allow = [
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, parts.headers.get(header::ORIGIN).cloned()),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, parts.headers.get(header::ACCESS_CONTROL_REQUEST_HEADERS).cloned()),
        (header::ACCESS_CONTROL_ALLOW_METHODS, Some(HeaderValue::from_static("GET, HEAD, POST, PUT, PATCH, DELETE"))),
        (header::ACCESS_CONTROL_MAX_AGE, Some(HeaderValue::from_static("600"))),
    ];
    headers.extend(allow.into_iter().filter_map(|(name, value)| Some((name, value?))));
    response
}

fn add_headers(headers: &mut HeaderMap, readable_from: Option<HeaderValue>) {
    headers.append(header::VARY, HeaderValue::from_static("Origin"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    if let Some(origin) = readable_from {
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        let readable = HeaderValue::from_static("WWW-Authenticate, Retry-After, Date");
        headers.insert(header::ACCESS_CONTROL_EXPOSE_HEADERS, readable);
    }
}

impl Denied {
    /// The HTTP answer to the refused request.
    #[must_use]
    pub fn response<R: From<String>>(&self) -> Response<R> {
        let body = serde_json::to_string(&self.refusal()).expect("a refusal is JSON");
        let mut response = Response::new(R::from(body));
        *response.status_mut() = StatusCode::from_u16(self.status()).expect("the table has valid statuses");
        let headers = response.headers_mut();
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        let challenge = self.www_authenticate().and_then(|text| HeaderValue::try_from(text).ok());
        headers.extend(challenge.map(|challenge| (header::WWW_AUTHENTICATE, challenge)));
        response
    }
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response<Body> {
        self.response()
    }
}

impl<S: Sync> FromRequestParts<S> for Access {
    type Rejection = Denied;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Access, Denied> {
        // Without the layer nothing was verified, so that nothing passes.
        parts.extensions.get::<Access>().cloned().ok_or(Denied::Unavailable)
    }
}
