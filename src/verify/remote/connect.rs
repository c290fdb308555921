//! A verifier with everything that it needs from one service: [`Verifier::connect`].

use std::pin::Pin;

use futures_util::future::try_join;
use tokio::time::timeout;

use super::issuer::IssuerSource;
use super::{IssuerMismatch, RemoteIntrospector, RemoteKeys, TIMEOUT};
use crate::OpaqueToken;
use crate::verify::{Cache, Issuer, Revocations, Verifier};

/// How much memory the cache of tokens takes, in bytes.
const CACHE: usize = 16 << 20;

impl Verifier {
    /// Connects to the token service at this address: its issuer, its keys, introspection with a cache
    /// of 16 MiB, and its revocation feed. `.await` the result. `token` is a secret token with the
    /// scope `token:introspect`.
    ///
    /// The address is where the service is found; the issuer is its name in tokens, which it tells
    /// (RFC 8414). [`Connect::issuer`] says which one it must be.
    ///
    /// Waits up to 5 seconds for the service. If it does not respond, requests are refused with 503
    /// until it does.
    ///
    /// # Errors
    /// [`IssuerMismatch`] if the service is another issuer than the one that was set.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub fn connect(address: &str, audience: impl Into<String>, token: OpaqueToken) -> Connect {
        Connect { address: address.to_owned(), audience: audience.into(), token, issuer: None }
    }
}

/// A connection to a token service that is yet to be made: `.await` it.
#[must_use = "nothing is connected until it is awaited"]
pub struct Connect {
    address: String,
    audience: String,
    token: OpaqueToken,
    issuer: Option<String>,
}

impl Connect {
    /// Expects this issuer, with or without a trailing slash. Without it, the verifier accepts the
    /// tokens of the issuer that the service says it is when it first answers.
    pub fn issuer(self, issuer: impl Into<String>) -> Connect {
        Connect { issuer: Some(issuer.into()), ..self }
    }

    async fn make(self) -> Result<Verifier, IssuerMismatch> {
        let Connect { address, audience, token, issuer: expected } = self;
        let keys = RemoteKeys::new(&address);
        let revocations = Revocations::new().prefetch(keys.clone()).follow(&address, token.clone());
        let issuer = Issuer::default();
        let source = IssuerSource::new(&address, expected.as_deref());
        let learned =
            async { timeout(TIMEOUT, source.learn(&issuer)).await.map_or(Ok(false), |told| told.map(|()| true)) };
        let (is_learned, is_ready) = try_join(learned, async { Ok(revocations.ready(TIMEOUT).await) }).await?;
        if !is_ready {
            tracing::warn!(address, "no revocations from the token service yet, answering 503 until they arrive");
        }
        if !is_learned {
            tracing::warn!(address, "no issuer from the token service yet, answering 503 until it arrives");
            tokio::spawn(source.learn_later(issuer.clone()));
        }
        Ok(Verifier::with_issuer(issuer, audience)
            .keys(keys)
            .introspector(RemoteIntrospector::new(&address, token))
            .cache(Cache::new(CACHE))
            .revocations(revocations))
    }
}

impl IntoFuture for Connect {
    type Output = Result<Verifier, IssuerMismatch>;
    type IntoFuture = Pin<Box<dyn Future<Output = Self::Output> + Send>>;

    fn into_future(self) -> Self::IntoFuture {
        Box::pin(self.make())
    }
}
