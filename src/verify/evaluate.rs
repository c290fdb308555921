//! Whether an authentic token may be used for this request: [`Verifier::verify`].

use std::sync::Arc;

use super::clock::Moment;
use super::token::Token;
use super::{Access, Credentials, Decision, Dpop, Verifier};
use crate::{Error, Requirement};

impl Verifier {
    /// Decides. With no need, a genuine, living token that may be used from where it came is enough; what it may do is
    /// then asked of the [`Access`].
    ///
    /// # Errors
    /// The reason. What is not genuine is always [`Error::InvalidToken`].
    pub async fn verify(
        &self,
        credentials: &Credentials<'_>,
        requirement: Option<&Requirement<'_>>,
    ) -> Result<Access, Error> {
        match self.verify_cached(credentials, requirement) {
            Some(verdict) => verdict,
            None => self.verify_uncached(credentials, requirement).await,
        }
    }

    /// The same where the token is not remembered.
    pub(super) async fn verify_uncached(
        &self,
        credentials: &Credentials<'_>,
        requirement: Option<&Requirement<'_>>,
    ) -> Result<Access, Error> {
        let found = match credentials.credential() {
            // Boxed, so that what is remembered is quick to hand out.
            Ok(credential) => Box::pin(self.find_uncached(credential.text, credentials.client)).await,
            Err(error) => Err(error),
        };
        self.decide(found, Moment::now(), credentials, requirement)
    }

    /// The same at once, where nothing has to be waited for: the token is remembered, or there is not exactly one.
    pub fn verify_cached(
        &self,
        credentials: &Credentials<'_>,
        requirement: Option<&Requirement<'_>>,
    ) -> Option<Result<Access, Error>> {
        let now = Moment::now();
        let known = match credentials.credential() {
            Ok(credential) => Ok(self.find_cached(credential.text, now)?),
            Err(error) => Err(error),
        };
        Some(self.decide(known, now, credentials, requirement))
    }

    /// The nonce for a sender's next proof, where it sends proofs and nonces are asked for (RFC 9449, section 8.2).
    #[must_use]
    pub fn next_nonce(&self, credentials: &Credentials<'_>) -> Option<String> {
        self.dpop.as_ref().filter(|_| credentials.sends_proofs())?.nonce(self.clock.now())
    }

    /// Decides on a token, or on there being none, and says so to whoever wants to know.
    fn decide(
        &self,
        known: Result<Arc<Token>, Error>,
        at: Moment,
        credentials: &Credentials<'_>,
        requirement: Option<&Requirement<'_>>,
    ) -> Result<Access, Error> {
        let access = known.map(|token| Access::new(token, self.observer.clone()));
        let verdict = match &access {
            Ok(access) => self
                .admit(access, credentials, at)
                .and_then(|()| requirement.map_or(Ok(()), |requirement| access.meets(requirement))),
            Err(error) => Err(error.clone()),
        };
        let error = verdict.as_ref().err();
        #[cfg(feature = "metrics")]
        self.metrics.count_decision(error);
        // Whoever has another key than the token's, or one that was revoked, is not who the token says.
        let access = access.ok().filter(|_| error != Some(&Error::InvalidToken));
        let id = access.as_ref().map(Access::id);
        tracing::debug!(id, error = error.map(|error| error.code().as_str()), "decided");
        if let Some(observer) = &self.observer {
            observer.observe(&Decision { access: access.as_ref(), error, requirement, credentials: Some(credentials) });
        }
        verdict.and(access.ok_or(Error::InvalidToken))
    }

    /// Lets the token pass, or says exactly why not. Where it came from counts before its life: a page that may not use
    /// the token learns nothing of it.
    fn admit(&self, access: &Access, credentials: &Credentials<'_>, at: Moment) -> Result<(), Error> {
        let (token, credential) = (access.token(), credentials.credential()?);
        let now = self.clock.at(at);
        let revoked = self.check_revoked(token, at)?;
        token.check_carrier(credential.location)?;
        token.check_origin(credentials.origin)?;
        revoked?;
        token.check_life(now)?;
        Dpop::check(self.dpop.as_deref(), token, credential, &credentials.proof, now)?;
        self.rate_limits.as_ref().map_or(Ok(()), |limits| limits.count(token))
    }

    /// Whether the token was revoked, by whoever knew it or by the feed, which comes on top.
    ///
    /// # Errors
    /// [`Error::InvalidToken`] for what a revoked key signed: it is not genuine, and nothing else is said of it.
    pub(super) fn check_revoked(&self, token: &Token, at: Moment) -> Result<Result<(), Error>, Error> {
        match self.revocations.as_ref().map_or(Ok(()), |revocations| revocations.check(token, at)) {
            Err(Error::InvalidToken) => Err(Error::InvalidToken),
            Ok(()) if token.is_revoked => Ok(Err(Error::TokenRevoked)),
            revoked => Ok(revoked),
        }
    }
}
