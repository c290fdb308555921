//! The verifier in front of a service: [`VerifyLayer`].

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::header::{self, HeaderValue};
use http::{Request, Response};
use tower_layer::Layer;
use tower_service::Service;

use super::answer::DPOP_NONCE;
use super::cors::{add_headers, is_preflight, preflight};
use crate::Denied;
use crate::verify::{Presented, Verifier};

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
            let presented = Presented::from_parts(&parts);
            let nonce = verifier.next_nonce(&presented);
            let verdict = verifier.verify(&presented, None).await;
            // The page may read every answer but the one that says that its origin is the wrong one.
            let readable = !matches!(verdict, Err(Denied::OriginNotAllowed(_) | Denied::OriginRequired));
            let mut response = match verdict {
                Ok(access) => {
                    parts.extensions.insert(access);
                    inner.call(Request::from_parts(parts, body)).await?
                }
                Err(denied) => denied.response(),
            };
            let headers = response.headers_mut();
            add_headers(headers, origin.filter(|_| readable));
            if let Some(nonce) = nonce.and_then(|nonce| HeaderValue::try_from(nonce).ok()) {
                headers.insert(DPOP_NONCE, nonce);
            }
            Ok(response)
        })
    }
}
