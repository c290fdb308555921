//! The response of the layer's service: [`VerifyFuture`].

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use http::Response;
use http::header::{self, HeaderValue};
use pin_project_lite::pin_project;

use super::cors::Cors;
use super::resource::Resource;
use super::response::{DPOP_NONCE, challenge_with_dpop};
use crate::verify::rate_limit::RateStatus;

/// The headers that the layer adds to a response.
#[derive(Default)]
pub struct ResponseHeaders {
    /// The pages that may read the response.
    pub(super) readers: Option<Readers>,
    /// The headers of the request that the decision looked at.
    pub(super) vary: &'static str,
    pub(super) has_proof_scheme: bool,
    /// The nonce for the next proof.
    pub(super) nonce: Option<HeaderValue>,
    /// What the challenges are for.
    pub(super) resource: Option<Arc<Resource>>,
    /// How far the limit is used that counted the request.
    pub(super) rate: Option<RateStatus>,
}

/// The pages that may read a response.
pub(super) struct Readers {
    pub(super) origin: HeaderValue,
    pub(super) cors: Arc<Cors>,
    /// Whether they may also if the request had cookies.
    pub(super) with_cookies: bool,
}

impl ResponseHeaders {
    pub(super) fn add_to<R>(self, response: &mut Response<R>) {
        let headers = response.headers_mut();
        if self.has_proof_scheme {
            challenge_with_dpop(headers);
        }
        if let Some(resource) = self.resource {
            resource.add_to_challenges(headers);
        }
        headers.append(header::VARY, HeaderValue::from_static(self.vary));
        headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
        if let Some(Readers { origin, cors, with_cookies }) = self.readers {
            cors.allow(headers, origin, with_cookies);
        }
        if let Some(nonce) = self.nonce {
            headers.insert(DPOP_NONCE, nonce);
        }
        if let Some(rate) = self.rate {
            rate.add_to(headers);
        }
    }
}

pin_project! {
    /// The future response. It allocates nothing for a cached token.
    #[project = VerifyFutureProjection]
    pub enum VerifyFuture<F, R, E> {
        #[doc(hidden)]
        Ready { response: Option<Response<R>> },
        #[doc(hidden)]
        Inner { #[pin] inner: F, headers: ResponseHeaders },
        #[doc(hidden)]
        Open { #[pin] inner: F },
        #[doc(hidden)]
        Uncached { response: Pin<Box<dyn Future<Output = Result<Response<R>, E>> + Send>> },
    }
}

impl<F, R, E> Future for VerifyFuture<F, R, E>
where
    F: Future<Output = Result<Response<R>, E>>,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.project() {
            VerifyFutureProjection::Ready { response } => {
                Poll::Ready(Ok(response.take().expect("a future is not polled after it was ready")))
            }
            VerifyFutureProjection::Inner { inner, headers } => {
                let mut response = ready!(inner.poll(context))?;
                std::mem::take(headers).add_to(&mut response);
                Poll::Ready(Ok(response))
            }
            VerifyFutureProjection::Open { inner } => inner.poll(context),
            VerifyFutureProjection::Uncached { response } => response.as_mut().poll(context),
        }
    }
}
