//! The decision: [`Verifier`].

use std::sync::Arc;

use super::clock::Clock;
use super::{Cache, Decision, Dpop, Introspector, KeySource, MAX_LEEWAY, Observer, RateLimits, Revocations};
use crate::Catalog;

/// Decides whether a request may pass.
///
/// Opaque tokens are found through a [`Introspector`], signed ones verified with [`Keys`]; without either, tokens of that form
/// are not valid. Clones share what they remember, until one of them is given other keys, look-ups, revocations, names or leeway.
#[derive(Clone)]
pub struct Verifier {
    pub(super) issuer: String,
    pub(super) audience: String,
    pub(super) keys: Option<Arc<dyn KeySource>>,
    pub(super) introspector: Option<Arc<dyn Introspector>>,
    pub(super) cache: Option<Arc<Cache>>,
    pub(super) revocations: Option<Arc<Revocations>>,
    pub(super) dpop: Option<Arc<Dpop>>,
    pub(super) rate_limits: Option<Arc<RateLimits>>,
    pub(super) catalog: Option<Arc<Catalog>>,
    pub(super) observer: Option<Observer>,
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
            introspector: None,
            cache: None,
            revocations: None,
            dpop: None,
            rate_limits: None,
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
    pub fn keys(self, keys: impl KeySource + 'static) -> Verifier {
        Verifier { keys: Some(Arc::new(keys)), ..self.forgetful() }
    }

    /// Where opaque tokens are looked up.
    #[must_use]
    pub fn introspector(self, introspector: impl Introspector + 'static) -> Verifier {
        Verifier { introspector: Some(Arc::new(introspector)), ..self.forgetful() }
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
    pub fn rate_limits(self, limits: RateLimits) -> Verifier {
        Verifier { rate_limits: Some(Arc::new(limits)), ..self }
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
}
