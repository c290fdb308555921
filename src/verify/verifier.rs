//! The decision: [`Verifier`].

use std::sync::Arc;

use super::clock::{Clock, Moment};
use super::token::Token;
use super::{Access, Cache, Decision, Dpop, Keys, Limits, Lookup, MAX_LEEWAY, Observer, Presented, Revocations};
use crate::{Catalog, Denied, Need};

/// Decides whether a request may pass.
///
/// Opaque tokens are found through a [`Lookup`], signed ones verified with [`Keys`]; without either, tokens of that form
/// are not valid. Clones share what they remember, until one of them is given other keys, look-ups, revocations, names or leeway.
#[derive(Clone)]
pub struct Verifier {
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) keys: Option<Arc<dyn Keys>>,
    pub(super) lookup: Option<Arc<dyn Lookup>>,
    pub(super) cache: Option<Arc<Cache>>,
    pub(super) revocations: Option<Arc<Revocations>>,
    dpop: Option<Arc<Dpop>>,
    pub(super) limits: Option<Arc<Limits>>,
    pub(super) catalog: Option<Arc<Catalog>>,
    observer: Option<Observer>,
    #[cfg(feature = "metrics")]
    pub(super) metrics: super::metrics::Metrics,
    pub(super) leeway: u64,
    pub(super) clock: Clock,
}

impl Verifier {
    /// A verifier for the tokens of this issuer (the token service's URL) and this audience (the product's name).
    #[must_use]
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Verifier {
        Verifier {
            issuer: issuer.into(),
            audience: audience.into(),
            keys: None,
            lookup: None,
            cache: None,
            revocations: None,
            dpop: None,
            limits: None,
            catalog: None,
            observer: None,
            #[cfg(feature = "metrics")]
            metrics: super::metrics::Metrics::register(),
            leeway: 10,
            clock: Clock::default(),
        }
    }

    /// Where the keys of signed tokens come from.
    #[must_use]
    pub fn keys(self, keys: impl Keys + 'static) -> Verifier {
        Verifier { keys: Some(Arc::new(keys)), ..self.forgetful() }
    }

    /// Where opaque tokens are looked up.
    #[must_use]
    pub fn lookup(self, lookup: impl Lookup + 'static) -> Verifier {
        Verifier { lookup: Some(Arc::new(lookup)), ..self.forgetful() }
    }

    /// Remembers the tokens that were verified. With a feed of revocations, one that was looked up is asked for again after 60
    /// seconds and a signature verified again after 300: until then only the feed can end it. Without a feed, whatever a
    /// look-up had a word in is asked for again after 10.
    #[must_use]
    pub fn cache(self, cache: Cache) -> Verifier {
        Verifier { cache: Some(Arc::new(cache)), ..self }
    }

    /// Refuses what a feed says is revoked, and everything while the feed is not heard.
    #[must_use]
    pub fn revocations(self, revocations: impl Into<Arc<Revocations>>) -> Verifier {
        Verifier { revocations: Some(revocations.into()), ..self.forgetful() }
    }

    /// Accepts tokens that are bound to a key, with a proof (RFC 9449). Without this they are refused.
    #[must_use]
    pub fn dpop(self, dpop: Dpop) -> Verifier {
        Verifier { dpop: Some(Arc::new(dpop)), ..self }
    }

    /// Refuses what comes too often. Without this nothing does.
    #[must_use]
    pub fn limits(self, limits: Limits) -> Verifier {
        Verifier { limits: Some(Arc::new(limits)), ..self }
    }

    /// The product's scopes: older names in tokens mean today's, and a publishable token can do what may be published and
    /// no more, whatever whoever looked it up says.
    #[must_use]
    pub fn catalog(self, catalog: Catalog) -> Verifier {
        Verifier { catalog: Some(Arc::new(catalog)), ..self.forgetful() }
    }

    /// With a cache of its own that is empty: what clones remember was found by what they know, and is bounded by how they are
    /// set.
    fn forgetful(self) -> Verifier {
        Verifier { cache: self.cache.map(|cache| Arc::new(cache.empty())), ..self }
    }

    /// Hands each decision to a function, which must be quick: it runs before the answer.
    #[must_use]
    pub fn on_decision(self, observe: impl Fn(&Decision<'_>) + Send + Sync + 'static) -> Verifier {
        Verifier { observer: Some(Observer::new(observe)), ..self }
    }

    /// Seconds of clock difference to forgive in signed tokens: 10 unless set, never more than [`MAX_LEEWAY`].
    #[must_use]
    pub fn leeway(self, seconds: u64) -> Verifier {
        Verifier { leeway: seconds.min(MAX_LEEWAY), ..self.forgetful() }
    }

    /// The clock, in Unix seconds: the system's unless set. Where it goes back, time stands still.
    #[must_use]
    pub fn clock(self, clock: impl Fn() -> u64 + Send + Sync + 'static) -> Verifier {
        Verifier { clock: Clock::new(clock), ..self }
    }

    /// Decides. With no need, a genuine, living token that may be used from where it came is enough; what it may do is
    /// then asked of the [`Access`].
    ///
    /// # Errors
    /// The reason. What is not genuine is always [`Denied::InvalidToken`].
    pub async fn verify(&self, presented: &Presented<'_>, need: Option<&Need<'_>>) -> Result<Access, Denied> {
        match self.verify_remembered(presented, need) {
            Some(verdict) => verdict,
            None => self.verify_anew(presented, need).await,
        }
    }

    /// The same where the token is not remembered.
    pub(super) async fn verify_anew(
        &self,
        presented: &Presented<'_>,
        need: Option<&Need<'_>>,
    ) -> Result<Access, Denied> {
        let found = match presented.credential() {
            // Boxed, so that what is remembered is quick to hand out.
            Ok(credential) => Box::pin(self.found(credential.text, presented.client)).await,
            Err(denied) => Err(denied),
        };
        self.decide(found, Moment::now(), presented, need)
    }

    /// The same at once, where nothing has to be waited for: the token is remembered, or there is not exactly one.
    pub fn verify_remembered(
        &self,
        presented: &Presented<'_>,
        need: Option<&Need<'_>>,
    ) -> Option<Result<Access, Denied>> {
        let now = Moment::now();
        let known = match presented.credential() {
            Ok(credential) => Ok(self.remembered(credential.text, now)?),
            Err(denied) => Err(denied),
        };
        Some(self.decide(known, now, presented, need))
    }

    /// The nonce for a sender's next proof, where it sends proofs and nonces are asked for (RFC 9449, section 8.2).
    #[must_use]
    pub fn next_nonce(&self, presented: &Presented<'_>) -> Option<String> {
        self.dpop.as_ref().filter(|_| presented.sends_proofs())?.nonce(self.clock.now())
    }

    /// Decides on a token, or on there being none, and says so to whoever wants to know.
    fn decide(
        &self,
        known: Result<Arc<Token>, Denied>,
        at: Moment,
        presented: &Presented<'_>,
        need: Option<&Need<'_>>,
    ) -> Result<Access, Denied> {
        let access = known.map(|token| Access::new(token, self.observer.clone()));
        let verdict = match &access {
            Ok(access) => {
                self.admit(access, presented, at).and_then(|()| need.map_or(Ok(()), |need| access.meets(need)))
            }
            Err(denied) => Err(denied.clone()),
        };
        let denied = verdict.as_ref().err();
        #[cfg(feature = "metrics")]
        self.metrics.count_decision(denied);
        // Whoever has another key than the token's, or one that was revoked, is not who the token says.
        let access = access.ok().filter(|_| denied != Some(&Denied::InvalidToken));
        let id = access.as_ref().map(Access::id);
        tracing::debug!(id, denied = denied.map(Denied::code), "decided");
        if let Some(observer) = &self.observer {
            observer.observe(&Decision { access: access.as_ref(), denied, need, presented: Some(presented) });
        }
        verdict.and(access.ok_or(Denied::InvalidToken))
    }

    /// Lets the token pass, or says exactly why not. Where it came from counts before its life: a page that may not use
    /// the token learns nothing of it.
    fn admit(&self, access: &Access, presented: &Presented<'_>, at: Moment) -> Result<(), Denied> {
        let (token, credential) = (access.token(), presented.credential()?);
        let now = self.clock.at(at);
        let revoked = self.check_revoked(token, at)?;
        token.check_carrier(credential.carrier)?;
        token.check_origin(presented.origin)?;
        revoked?;
        token.check_life(now)?;
        Dpop::check(self.dpop.as_deref(), token, credential, &presented.proof, now)?;
        self.limits.as_ref().map_or(Ok(()), |limits| limits.count(token))
    }

    /// Whether the token was revoked, by whoever knew it or by the feed, which comes on top.
    ///
    /// # Errors
    /// [`Denied::InvalidToken`] for what a revoked key signed: it is not genuine, and nothing else is said of it.
    pub(super) fn check_revoked(&self, token: &Token, at: Moment) -> Result<Result<(), Denied>, Denied> {
        match self.revocations.as_ref().map_or(Ok(()), |revocations| revocations.check(token, at)) {
            Err(Denied::InvalidToken) => Err(Denied::InvalidToken),
            Ok(()) if token.is_revoked => Ok(Err(Denied::TokenRevoked)),
            revoked => Ok(revoked),
        }
    }
}
