//! The settings of a verifier: [`Verifier`].

use std::sync::Arc;

#[cfg(feature = "remote")]
use super::UseReports;
use super::clock::Clock;
use super::credentials::page::PageRules;
#[cfg(feature = "axum")]
use super::http::Locations;
use super::outage::Outage;
use super::{
    Cache, Decision, Dpop, Introspector, Issuer, KeySource, MAX_LEEWAY, Observer, RateLimits, Revocations, SealingKey,
};
use crate::{Catalog, ForeignFormat};

/// The leeway of JWTs, in seconds, unless another is set.
const DEFAULT_LEEWAY: u64 = 10;

/// Decides whether a request's credentials authorize it.
///
/// Opaque tokens are found through an [`Introspector`], JWTs verified with keys of a [`KeySource`].
/// Without one of these, all tokens of that form are invalid. Clones share their cache until one of
/// them gets other keys, another introspector, other revocations, another catalogue or another
/// leeway.
#[derive(Clone)]
pub struct Verifier {
    pub(super) issuer: Issuer,
    pub(super) audience: String,
    pub(super) keys: Option<Arc<dyn KeySource>>,
    pub(super) introspector: Option<Arc<dyn Introspector>>,
    pub(super) cache: Option<Arc<Cache>>,
    pub(super) revocations: Option<Arc<Revocations>>,
    pub(super) dpop: Option<Arc<Dpop>>,
    pub(super) rate_limits: Option<Arc<RateLimits>>,
    pub(super) catalog: Option<Arc<Catalog>>,
    pub(super) foreign_formats: Vec<ForeignFormat>,
    /// The locations that [`Verifier::credentials`] reads.
    #[cfg(feature = "axum")]
    pub(super) locations: Locations,
    pub(super) sealing_keys: Vec<Arc<SealingKey>>,
    pub(super) observer: Option<Observer>,
    #[cfg(feature = "metrics")]
    pub(super) metrics: super::metrics::Metrics,
    pub(super) outages: Arc<Outages>,
    pub(super) page_rules: PageRules,
    pub(super) leeway: u64,
    pub(super) clock: Clock,
}

/// The parts that may fail.
pub(super) struct Outages {
    pub(super) keys: Outage,
    pub(super) introspection: Outage,
    /// Whether a JWT was revoked, as the introspector knows it.
    pub(super) revocation: Outage,
}

impl Verifier {
    /// Makes a verifier of the tokens of this issuer (the token service's URL, with or without a
    /// trailing slash) for this audience (the product's name).
    #[must_use]
    pub fn new(issuer: impl AsRef<str>, audience: impl Into<String>) -> Verifier {
        Verifier::with_issuer(Issuer::new(issuer.as_ref()), audience)
    }

    pub(super) fn with_issuer(issuer: Issuer, audience: impl Into<String>) -> Verifier {
        Verifier {
            issuer,
            audience: audience.into(),
            keys: None,
            introspector: None,
            cache: None,
            revocations: None,
            dpop: None,
            rate_limits: None,
            catalog: None,
            foreign_formats: vec![],
            #[cfg(feature = "axum")]
            locations: Locations::ALL,
            sealing_keys: vec![],
            observer: None,
            #[cfg(feature = "metrics")]
            metrics: super::metrics::Metrics::register(),
            outages: Arc::new(Outages {
                keys: Outage::new("keys"),
                introspection: Outage::new("introspection"),
                revocation: Outage::new("revocation"),
            }),
            page_rules: PageRules::default(),
            leeway: DEFAULT_LEEWAY,
            clock: Clock::default(),
        }
    }

    /// Sets where the public keys of JWTs come from.
    #[must_use]
    pub fn keys(self, keys: impl KeySource + 'static) -> Verifier {
        Verifier { keys: Some(Arc::new(keys)), ..self.with_empty_cache() }
    }

    /// Sets where opaque tokens are looked up.
    #[must_use]
    pub fn introspector(self, introspector: impl Introspector + 'static) -> Verifier {
        Verifier { introspector: Some(Arc::new(introspector)), ..self.with_empty_cache() }
    }

    /// Caches authentic tokens. With a feed of revocations, an opaque token is introspected again
    /// after 60 seconds and a signature verified again after 300: until then only the feed can
    /// revoke it. Without a feed, every token that the introspector was asked about is
    /// authenticated again after 10 seconds.
    #[must_use]
    pub fn cache(self, cache: Cache) -> Verifier {
        Verifier { cache: Some(Arc::new(cache)), ..self }
    }

    /// Refuses the tokens that a feed revokes, and every token while the feed is stale.
    #[must_use]
    pub fn revocations(self, revocations: impl Into<Arc<Revocations>>) -> Verifier {
        Verifier { revocations: Some(revocations.into()), ..self.with_empty_cache() }
    }

    /// Accepts tokens that are bound to a key, with a proof (RFC 9449). Without this they are refused.
    #[must_use]
    pub fn dpop(self, dpop: Dpop) -> Verifier {
        Verifier { dpop: Some(Arc::new(dpop)), ..self }
    }

    /// Refuses requests that come too often. Without rate limits, no request is refused for its rate.
    #[must_use]
    pub fn rate_limits(self, limits: impl Into<Arc<RateLimits>>) -> Verifier {
        Verifier { rate_limits: Some(limits.into()), ..self }
    }

    /// Sets the product's scopes: aliases in tokens mean the scopes that they stand for, and a
    /// publishable token can do nothing but what may be published, whatever its record says.
    #[must_use]
    pub fn catalog(self, catalog: Catalog) -> Verifier {
        Verifier { catalog: Some(Arc::new(catalog)), ..self.with_empty_cache() }
    }

    /// Accepts tokens in these formats too, of the systems that Daypass replaces, where each has them: none unless set. The
    /// credentials are those that [`Verifier::credentials`] reads; a layer does.
    #[must_use]
    pub fn foreign_tokens(self, formats: &[ForeignFormat]) -> Verifier {
        Verifier { foreign_formats: formats.to_vec(), ..self.with_empty_cache() }
    }

    /// Adds a key that opens the sealed parameters of bundles: [`Access::sealed`](super::Access::sealed). The service's key
    /// changes without a gap if verifiers get the new one first.
    #[must_use]
    pub fn sealing_key(mut self, key: SealingKey) -> Verifier {
        self.sealing_keys.push(Arc::new(key));
        self.with_empty_cache()
    }

    /// Replaces the cache by an empty one, since the tokens in it depend on the settings by which
    /// they were authenticated.
    fn with_empty_cache(self) -> Verifier {
        Verifier { cache: self.cache.map(|cache| Arc::new(cache.to_empty())), ..self }
    }

    /// Calls a function with each decision. It must be quick: it runs before the response.
    #[must_use]
    pub fn on_decision(self, observe: impl Fn(&Decision<'_>) + Send + Sync + 'static) -> Verifier {
        Verifier { observer: Some(self.observer.unwrap_or_default().with_hook(observe)), ..self }
    }

    /// Reports how tokens are used to the service. Without this, nothing is reported.
    #[cfg(feature = "remote")]
    #[must_use]
    pub fn use_reports(self, reports: Arc<UseReports>) -> Verifier {
        Verifier { observer: Some(self.observer.unwrap_or_default().with_reports(reports)), ..self }
    }

    /// Adds a public URL of the API, as browsers show it: `https://www.example.com/api`. Its origin is then that of pages
    /// which share it with the API, as behind one proxy: a browser sends no `Origin` with their GET requests, and
    /// `Sec-Fetch-Site: same-origin` instead. Add each, if the API has several; the header `Host` then says which one a
    /// request is for.
    ///
    /// ```
    /// # use daypass::verify::Verifier;
    /// let verifier = Verifier::new("https://tokens.example.com", "floor-api")
    ///     .public_url("https://www.example.com/api")
    ///     .public_url("https://api.example.com");
    /// ```
    ///
    /// # Panics
    /// If it is no URL as a browser shows it: with a scheme and a host in lower case, without a default port.
    #[must_use]
    pub fn public_url(mut self, url: &str) -> Verifier {
        self.page_rules.add_public_url(url);
        self
    }

    /// Goes by `Origin` alone across origins. Otherwise a publishable token also counts on a GET or HEAD without `Origin`
    /// if its `Referer` is a page that may use it: browsers send no `Origin` for images, videos, scripts, links and
    /// backgrounds.
    #[must_use]
    pub fn ignore_referer(mut self) -> Verifier {
        self.page_rules.ignores_referer = true;
        self
    }

    /// Sets how many seconds of clock difference are tolerated in JWTs: 10 unless set, at most
    /// [`MAX_LEEWAY`].
    #[must_use]
    pub fn leeway(self, seconds: u64) -> Verifier {
        Verifier { leeway: seconds.min(MAX_LEEWAY), ..self.with_empty_cache() }
    }

    /// Sets the clock, in Unix seconds: the system's unless set. If it goes back, time stands still
    /// until it has caught up.
    #[must_use]
    pub fn clock(self, clock: impl Fn() -> u64 + Send + Sync + 'static) -> Verifier {
        Verifier { clock: Clock::new(clock), ..self }
    }
}
