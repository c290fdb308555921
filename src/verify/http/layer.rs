//! The verifier in front of a service: [`VerifyLayer`].

use std::net::IpAddr;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::{self, HeaderValue};
use http::request::Parts;
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::cors::{Cors, is_preflight};
use super::future::{Readers, ResponseHeaders, VerifyFuture};
use super::open::OpenRoutes;
use super::resource::Resource;
use crate::Error;
use crate::verify::{Access, Credentials, OriginHeader, Verifier};

/// Lets requests with an active token through, puts their [`Access`] into the request's extensions,
/// and answers CORS.
#[derive(Clone)]
pub struct VerifyLayer {
    verifier: Arc<Verifier>,
    client: Option<FindClient>,
    allows_missing_token: bool,
    open: OpenRoutes,
    resource: Option<Arc<Resource>>,
    cors: Arc<Cors>,
}

/// Finds a client's address.
type FindClient = Arc<dyn Fn(&Parts) -> Option<IpAddr> + Send + Sync>;

/// Marks a request that the layer let through without a token.
#[derive(Clone)]
pub(super) struct MissingToken;

impl VerifyLayer {
    /// Makes a layer of this verifier.
    #[must_use]
    pub fn new(verifier: impl Into<Arc<Verifier>>) -> VerifyLayer {
        VerifyLayer {
            verifier: verifier.into(),
            client: None,
            allows_missing_token: false,
            open: OpenRoutes::default(),
            resource: None,
            cors: Arc::default(),
        }
    }

    /// Sets how a client's address is found, for [`RateLimits`](crate::verify::RateLimits): that of the
    /// connection or, behind proxies, the one that they saw: see [`client_address`](super::client_address).
    #[must_use]
    pub fn client(self, find: impl Fn(&Parts) -> Option<IpAddr> + Send + Sync + 'static) -> VerifyLayer {
        VerifyLayer { client: Some(Arc::new(find)), ..self }
    }

    /// Lets requests without any token through. An `Option<Access>` that a handler extracts is then
    /// `None`, and a handler that extracts an [`Access`] answers 401 `missing_token`. A request
    /// with a token that is not valid is still refused.
    ///
    /// Pages of every origin may read the response to a request without a token. No decision is
    /// made about it, so that the hook of [`Verifier::on_decision`] does not see it.
    #[must_use]
    pub fn allow_missing_token(self) -> VerifyLayer {
        VerifyLayer { allows_missing_token: true, ..self }
    }

    /// Leaves routes open, with all their methods: for them it is as if there were no layer. Each is written as the
    /// router has it, with the prefixes under which it is nested, such as `/health` or `/docs/{*path}`.
    ///
    /// Apply the layer with `Router::layer` behind the last route, so that the router has chosen the route before the
    /// layer. Then every other route needs a token, and so does a path without a route. With `route_layer` such a path
    /// is 404. Where no route is known, nothing is open: in front of the router, and in a service that is nested
    /// (`nest_service`).
    ///
    /// A handler of an open route that extracts an [`Access`] answers 500 `misconfigured`. Where a token is optional,
    /// use [`allow_missing_token`](VerifyLayer::allow_missing_token).
    ///
    /// ```
    /// # use axum::{Router, routing::get};
    /// # use daypass::verify::{Access, Verifier, http::VerifyLayer};
    /// # fn router(verifier: Verifier) -> Router {
    /// Router::new()
    ///     .route("/health", get(async || "ok"))
    ///     .route("/v2/floor", get(async |access: Access| access.id().to_owned()))
    ///     .layer(VerifyLayer::new(verifier).open(&["/health"]))
    /// # }
    /// ```
    ///
    /// # Panics
    /// If one does not begin with a slash, or has a parameter as older versions of axum wrote them (`:id`, `*path`).
    #[must_use]
    pub fn open(self, routes: &[&str]) -> VerifyLayer {
        VerifyLayer { open: self.open.with(routes), ..self }
    }

    /// Sets what pages of other origins may send and read.
    #[must_use]
    pub fn cors(self, cors: Cors) -> VerifyLayer {
        VerifyLayer { cors: Arc::new(cors), ..self }
    }

    /// Makes the API a protected resource (RFC 9728) with this URL as its identifier, such as
    /// `https://api.example.com/v2`. Challenges then name the URL of the API's metadata, and the layer
    /// serves the metadata there: the issuer as the authorization server, and the scopes of
    /// [`Verifier::catalog`].
    ///
    /// The path is `/.well-known/oauth-protected-resource`, followed by the resource's own path. The
    /// layer has to receive requests for it: apply the layer with `Router::layer`, outside of routers
    /// that are nested under a path.
    ///
    /// # Panics
    /// If it is no URL with a scheme and a host, or has a query or a fragment.
    #[must_use]
    pub fn resource(self, url: &str) -> VerifyLayer {
        VerifyLayer { resource: Some(Arc::new(Resource::new(url))), ..self }
    }
}

impl<S> Layer<S> for VerifyLayer {
    type Service = VerifyService<S>;

    fn layer(&self, inner: S) -> VerifyService<S> {
        VerifyService { inner, layer: Arc::new(self.clone()) }
    }
}

/// The service that [`VerifyLayer`] makes.
#[derive(Clone)]
pub struct VerifyService<S> {
    inner: S,
    /// Shared, since a router clones its services for each request.
    layer: Arc<VerifyLayer>,
}

impl<S, B, R> Service<Request<B>> for VerifyService<S>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send,
    B: Send + 'static,
    R: From<String> + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = VerifyFuture<S::Future, R, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (parts, body) = request.into_parts();
        if self.layer.open.contains(&parts) {
            let inner = self.inner.call(Request::from_parts(parts, body));
            return VerifyFuture::Open { inner };
        }
        if is_preflight(&parts) {
            return VerifyFuture::Ready {
                response: Some(self.layer.cors.preflight(&parts, !self.layer.allows_missing_token)),
            };
        }
        if let Some(resource) = self.layer.resource.as_ref().filter(|resource| resource.is_requested(&parts)) {
            return VerifyFuture::Ready { response: Some(resource.metadata(&self.layer.verifier)) };
        }
        let client = self.layer.client.as_ref().and_then(|find| find(&parts));
        let (verdict, mut headers) = self.layer.verify_cached(&parts, client);
        match verdict {
            Some(Ok(access)) => {
                VerifyFuture::Inner { inner: self.inner.call(with_access(access, parts, body)), headers }
            }
            Some(Err(error)) => VerifyFuture::Ready { response: Some(refuse(&error, headers)) },
            None => {
                // This service was polled ready, so it handles the request, and its clone the next one.
                let next = self.inner.clone();
                let mut inner = std::mem::replace(&mut self.inner, next);
                let verifier = Arc::clone(&self.layer.verifier);
                let response = async move {
                    let credentials = credentials(&verifier, &parts, client);
                    match verifier.verify_uncached(&credentials, None, &mut headers.rate).await {
                        Ok(access) => {
                            let mut response = inner.call(with_access(Some(access), parts, body)).await?;
                            headers.add_to(&mut response);
                            Ok(response)
                        }
                        Err(error) => Ok(refuse(&error, headers)),
                    }
                };
                VerifyFuture::Uncached { response: Box::pin(response) }
            }
        }
    }
}

/// The decision on a request: its access, or `None` if it may pass without a token.
type Verdict = Result<Option<Access>, Error>;

impl VerifyLayer {
    /// Decides on a request as far as that needs no waiting, and prepares the headers of the response.
    fn verify_cached(&self, parts: &Parts, client: Option<IpAddr>) -> (Option<Verdict>, ResponseHeaders) {
        let credentials = credentials(&self.verifier, parts, client);
        let nonce = self.verifier.next_nonce(&credentials).and_then(|nonce| HeaderValue::try_from(nonce).ok());
        let origin = match credentials.origin {
            OriginHeader::None => None,
            OriginHeader::One(_) | OriginHeader::Invalid => parts.headers.get(header::ORIGIN).cloned(),
        };
        // SECURITY: the handler of a request without a token may go by a cookie, which no token says pages may use.
        // Where a cookie may be the credential, or take the place of one that is missing, the error would tell a page
        // whether the visitor has it.
        let with_cookies = credentials.is_independent_of_cookies();
        let readers = origin.map(|origin| Readers { origin, cors: Arc::clone(&self.cors), with_cookies });
        let passes_without_token = self.allows_missing_token && credentials.is_missing();
        let has_proof_scheme = credentials.has_proof_scheme();
        let vary = self.verifier.page_rules.vary(&credentials);
        let resource = self.resource.clone();
        let mut headers = ResponseHeaders { readers, vary, has_proof_scheme, nonce, resource, rate: None };
        if passes_without_token {
            return (Some(Ok(None)), headers);
        }
        let verdict = self.verifier.verify_cached_with_status(&credentials, None, &mut headers.rate);
        (verdict.map(|verdict| verdict.map(Some)), headers)
    }
}

fn credentials<'a>(verifier: &Verifier, parts: &'a Parts, client: Option<IpAddr>) -> Credentials<'a> {
    let credentials = verifier.credentials(parts);
    client.map_or(credentials, |client| credentials.from_client(client))
}

fn with_access<B>(access: Option<Access>, mut parts: Parts, body: B) -> Request<B> {
    match access {
        Some(access) => drop(parts.extensions.insert(access)),
        None => drop(parts.extensions.insert(MissingToken)),
    }
    Request::from_parts(parts, body)
}

/// Makes the response to a refused request.
///
/// SECURITY: a page on an origin that the token does not allow may not read it. Every other error is readable by the
/// page, unless it sent cookies and a cookie may have decided.
fn refuse<R: From<String>>(error: &Error, headers: ResponseHeaders) -> Response<R> {
    let is_readable = !matches!(error, Error::OriginNotAllowed(_) | Error::OriginRequired(_));
    let mut response = error.response();
    ResponseHeaders { readers: headers.readers.filter(|_| is_readable), ..headers }.add_to(&mut response);
    response
}
