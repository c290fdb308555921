//! Whether an authentic token may be used for this request: [`Verifier::verify`].
//!
//! The steps of a decision on a cached token are `#[inline]`, here and where they are defined: a tenth of its time would be
//! results that are passed on from one to the next.

use std::sync::Arc;

use super::clock::Moment;
use super::rate_limit::{Policy, RateStatus};
use super::token::AuthenticToken;
use super::{Access, Check, Credentials, Decision, Dpop, Page, TokenSummary, Verifier, mistake};
use crate::{Error, Requirement};

/// Evidence that a token passed every check.
///
/// SECURITY: only [`Verifier::evaluate`] makes one, and an [`Access`] cannot be made without one.
pub(super) struct Evaluation(());

impl Verifier {
    /// Verifies a request's credentials, and that the token meets `requirement`, if there is one.
    /// Without one, ask the [`Access`] what the token may do.
    ///
    /// # Errors
    /// Why the request is refused. A token that is not authentic is always [`Error::InvalidToken`].
    pub async fn verify(
        &self,
        credentials: &Credentials<'_>,
        requirement: Option<&Requirement<'_>>,
    ) -> Result<Access, Error> {
        match self.verify_cached(credentials, requirement) {
            Some(verdict) => verdict,
            None => self.verify_uncached(credentials, requirement, &mut None).await,
        }
    }

    /// Like [`verify`](Verifier::verify), but without waiting. Returns `None` if the token is not
    /// cached, so that it has to be authenticated first.
    #[inline]
    pub fn verify_cached(
        &self,
        credentials: &Credentials<'_>,
        requirement: Option<&Requirement<'_>>,
    ) -> Option<Result<Access, Error>> {
        self.verify_cached_with_status(credentials, requirement, &mut None)
    }

    /// Like [`verify_cached`](Verifier::verify_cached). Also sets what the client may know of its rate.
    pub(super) fn verify_cached_with_status(
        &self,
        credentials: &Credentials<'_>,
        requirement: Option<&Requirement<'_>>,
        rate: &mut Option<RateStatus>,
    ) -> Option<Result<Access, Error>> {
        let now = Moment::now();
        let token = match credentials.credential() {
            Ok(credential) => Ok(self.authenticate_cached(credential, now)?),
            Err(error) => Err(error),
        };
        Some(self.decide(token, now, credentials, requirement, rate))
    }

    /// Like [`verify`](Verifier::verify), for a token that is not cached.
    pub(super) async fn verify_uncached(
        &self,
        credentials: &Credentials<'_>,
        requirement: Option<&Requirement<'_>>,
        rate: &mut Option<RateStatus>,
    ) -> Result<Access, Error> {
        let token = match credentials.credential() {
            // Boxed, so that the future of a cached token stays small.
            Ok(credential) => Box::pin(self.authenticate_uncached(credential, credentials.client)).await,
            Err(error) => Err(error),
        };
        self.decide(token, Moment::now(), credentials, requirement, rate)
    }

    /// Returns the nonce for the next proof of a client that sends proofs, if nonces are required
    /// (RFC 9449, section 8.2).
    #[must_use]
    pub fn next_nonce(&self, credentials: &Credentials<'_>) -> Option<String> {
        self.dpop.as_ref().filter(|_| credentials.has_proof_scheme())?.nonce(self.clock.now())
    }

    /// Decides on a request and reports the decision.
    #[inline]
    fn decide(
        &self,
        token: Result<Arc<AuthenticToken>, Error>,
        at: Moment,
        credentials: &Credentials<'_>,
        requirement: Option<&Requirement<'_>>,
        rate: &mut Option<RateStatus>,
    ) -> Result<Access, Error> {
        let verdict = match &token {
            Ok(token) => self.evaluate(token, at, credentials, requirement, rate),
            Err(error) => {
                *rate = self.rate_limits.as_ref().and_then(|limits| limits.attempt_status(error));
                Err(error.clone())
            }
        };
        self.report(token.as_deref().ok(), verdict.as_ref().err(), credentials, requirement);
        let evaluation = verdict?;
        Ok(Access::new(token?, self.observer.clone(), evaluation))
    }

    /// Runs every check on an authentic token.
    #[inline]
    fn evaluate(
        &self,
        token: &AuthenticToken,
        at: Moment,
        credentials: &Credentials<'_>,
        requirement: Option<&Requirement<'_>>,
        rate: &mut Option<RateStatus>,
    ) -> Result<Evaluation, Error> {
        let credential = credentials.credential()?;
        let now = self.clock.at(at);
        let withdrawn = self.check_withdrawn(token, at)?;
        let find_page = || token.page(credentials, &self.page_rules);
        token.check_in_order(credential.location, find_page, withdrawn, now, |check, outcome| {
            if outcome.is_err() && check == Check::Life {
                tell_clock_behind(token, now.saturating_add(self.leeway));
            }
            outcome
        })?;
        Dpop::check(self.dpop.as_deref(), token, credential, &credentials.proof, now)
            .inspect_err(|error| *rate = RateStatus::refused(Policy::Proofs, None, error))?;
        if let Some(limits) = &self.rate_limits {
            limits.check(token, credentials.client, rate)?;
        }
        requirement.map_or(Ok(()), |requirement| token.check_requirement(requirement))?;
        Ok(Evaluation(()))
    }

    /// Checks that neither the token's source nor the feed has revoked or suspended it. The inner
    /// result is to be raised after the checks of location and origin.
    ///
    /// # Errors
    /// [`Error::InvalidToken`] for a token that a revoked key signed, or of an organization that the feed does
    /// not cover: it is not authentic here, and nothing else is told about it.
    #[inline]
    pub(super) fn check_withdrawn(&self, token: &AuthenticToken, at: Moment) -> Result<Result<(), Error>, Error> {
        match self.revocations.as_ref().map_or(Ok(()), |revocations| revocations.check(token, at)) {
            Err(Error::InvalidToken) => Err(Error::InvalidToken),
            Ok(()) => Ok(token.check_standing()),
            withdrawn => Ok(withdrawn),
        }
    }

    /// Counts and logs a decision, and hands it to the hook.
    #[inline]
    fn report(
        &self,
        token: Option<&AuthenticToken>,
        error: Option<&Error>,
        credentials: &Credentials<'_>,
        requirement: Option<&Requirement<'_>>,
    ) {
        #[cfg(feature = "metrics")]
        self.metrics.count_decision(error);
        // SECURITY: a caller with a proof by another key, or a token by a revoked one, is not the
        // token's holder.
        let token = token.filter(|_| error != Some(&Error::InvalidToken));
        tracing::debug!(
            id = token.map(|token| &*token.id),
            error = error.map(|error| error.code().as_str()),
            "decided"
        );
        if let Some(observer) = &self.observer {
            let page = match token {
                Some(token) => token.page(credentials, &self.page_rules),
                None => Page::of_origin(credentials.origin),
            };
            let (token, page) = (token.map(TokenSummary::of), page.ok().flatten());
            observer.observe(&Decision { token, error, requirement, credentials: Some(credentials), page });
        }
    }
}

/// Tells that the clock here is behind, if it says that the token will be issued in the future.
fn tell_clock_behind(token: &AuthenticToken, latest: u64) {
    if token.issued_at > latest {
        let seconds = token.issued_at - latest;
        mistake::tell(
            "tokens are refused that the token service issued after the time here: the clock of this machine is behind",
            &format!("set both machines' clocks by NTP; the difference is {seconds} s or more"),
        );
    }
}
