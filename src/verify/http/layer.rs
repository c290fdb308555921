//! The verifier in front of a service: [`VerifyLayer`].

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::header::{self, HeaderValue};
use http::request::Parts;
use http::{Request, Response};
use pin_project_lite::pin_project;
use tower_layer::Layer;
use tower_service::Service;

use super::cors::{add_headers, is_preflight, preflight};
use super::response::{DPOP_NONCE, challenge_for_proofs};
use crate::Error;
use crate::verify::{Access, Credentials, OriginHeader, Verifier};

/// Lets only requests with a genuine, living token pass, hands their [`Access`] on, and answers CORS.
#[derive(Clone)]
pub struct VerifyLayer {
    verifier: Arc<Verifier>,
    client: Option<FindClient>,
}

/// Finds a client's address.
type FindClient = Arc<dyn Fn(&Parts) -> Option<IpAddr> + Send + Sync>;

impl VerifyLayer {
    /// A layer around this verifier.
    #[must_use]
    pub fn new(verifier: impl Into<Arc<Verifier>>) -> VerifyLayer {
        VerifyLayer { verifier: verifier.into(), client: None }
    }

    /// How a client's address is found, for [`RateLimits`](crate::verify::RateLimits): from the connection or, behind a proxy that
    /// is known, from the header that this proxy sets.
    #[must_use]
    pub fn client(self, find: impl Fn(&Parts) -> Option<IpAddr> + Send + Sync + 'static) -> VerifyLayer {
        VerifyLayer { client: Some(Arc::new(find)), ..self }
    }
}

impl<S> Layer<S> for VerifyLayer {
    type Service = Verified<S>;

    fn layer(&self, inner: S) -> Verified<S> {
        Verified { inner, layer: self.clone() }
    }
}

/// The service that [`VerifyLayer`] makes.
#[derive(Clone)]
pub struct Verified<S> {
    inner: S,
    layer: VerifyLayer,
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
    type Future = Answer<S::Future, R, S::Error>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let (parts, body) = request.into_parts();
        if is_preflight(&parts) {
            return Answer::Ready { response: Some(preflight(&parts)) };
        }
        let client = self.layer.client.as_ref().and_then(|find| find(&parts));
        let (verdict, told) = self.layer.remembered(&parts, client);
        match verdict {
            Some(Ok(access)) => Answer::Passed { inner: self.inner.call(with(access, parts, body)), told },
            Some(Err(error)) => Answer::Ready { response: Some(refusal(&error, told)) },
            None => {
                // The service that was polled ready is the one to call; the clone waits for the next request.
                let next = self.inner.clone();
                let mut inner = std::mem::replace(&mut self.inner, next);
                let verifier = Arc::clone(&self.layer.verifier);
                let later = async move {
                    match verifier.verify_uncached(&credentials(&parts, client), None).await {
                        Ok(access) => {
                            let mut response = inner.call(with(access, parts, body)).await?;
                            told.tell(&mut response);
                            Ok(response)
                        }
                        Err(error) => Ok(refusal(&error, told)),
                    }
                };
                Answer::Later { answer: Box::pin(later) }
            }
        }
    }
}

impl VerifyLayer {
    /// What can be decided at once, and what is told to whoever asked.
    fn remembered(&self, parts: &Parts, client: Option<IpAddr>) -> (Option<Result<Access, Error>>, Told) {
        let credentials = credentials(parts, client);
        let nonce = self.verifier.next_nonce(&credentials).and_then(|nonce| HeaderValue::try_from(nonce).ok());
        let origin = match credentials.origin {
            OriginHeader::None => None,
            OriginHeader::One(_) | OriginHeader::Odd => parts.headers.get(header::ORIGIN).cloned(),
        };
        let told = Told { origin, sends_proofs: credentials.sends_proofs(), nonce };
        (self.verifier.verify_cached(&credentials, None), told)
    }
}

fn credentials(parts: &Parts, client: Option<IpAddr>) -> Credentials<'_> {
    let credentials = Credentials::from_parts(parts);
    client.map_or(credentials, |client| credentials.from_client(client))
}

fn with<B>(access: Access, mut parts: Parts, body: B) -> Request<B> {
    parts.extensions.insert(access);
    Request::from_parts(parts, body)
}

/// The page may read every refusal but the one that says that its origin is the wrong one.
fn refusal<R: From<String>>(error: &Error, told: Told) -> Response<R> {
    let is_readable = !matches!(error, Error::OriginNotAllowed(_) | Error::OriginRequired);
    let mut response = error.response();
    Told { origin: told.origin.filter(|_| is_readable), ..told }.tell(&mut response);
    response
}

/// What is told beside the answer: to which page it is open, and the nonce for the next proof.
#[derive(Default)]
pub struct Told {
    origin: Option<HeaderValue>,
    sends_proofs: bool,
    nonce: Option<HeaderValue>,
}

impl Told {
    fn tell<R>(self, response: &mut Response<R>) {
        let headers = response.headers_mut();
        if self.sends_proofs {
            challenge_for_proofs(headers);
        }
        add_headers(headers, self.origin);
        if let Some(nonce) = self.nonce {
            headers.insert(DPOP_NONCE, nonce);
        }
    }
}

pin_project! {
    /// The answer to come. Where the token is remembered nothing is allocated for it.
    #[project = AnswerProjection]
    pub enum Answer<F, R, E> {
        #[doc(hidden)]
        Ready { response: Option<Response<R>> },
        #[doc(hidden)]
        Passed { #[pin] inner: F, told: Told },
        #[doc(hidden)]
        Later { answer: Pin<Box<dyn Future<Output = Result<Response<R>, E>> + Send>> },
    }
}

impl<F, R, E> Future for Answer<F, R, E>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            AnswerProjection::Ready { response } => {
                Poll::Ready(Ok(response.take().expect("an answer is asked for once")))
            }
            AnswerProjection::Passed { inner, told } => {
                let mut response = ready!(inner.poll(context))?;
                std::mem::take(told).tell(&mut response);
                Poll::Ready(Ok(response))
            }
            AnswerProjection::Later { answer } => answer.as_mut().poll(context),
        }
    }
}
