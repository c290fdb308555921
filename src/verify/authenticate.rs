//! Whether a text is a token of ours: from memory, by its signature, or by a look-up.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;

use super::cache::Fingerprint;
use super::clock::Moment;
use super::token::Token;
use super::{Cache, Introspector, Unavailable, Verifier};
use crate::api::duration;
use crate::jwt::{Claims, JwtType, MAX_JWT_BYTES, UnverifiedJwt};
use crate::{Error, Grant, OpaqueToken, TokenKind};

/// How long a verified signature is taken for granted, if its key is withdrawn meanwhile without a word in the feed.
const SIGNED_FRESH: Duration = Duration::from_secs(300);
/// How long what a look-up says is taken for granted: as long as a feed says what was revoked, and without one.
const STORED_FRESH: Duration = Duration::from_secs(60);
const STORED_FRESH_ALONE: Duration = Duration::from_secs(10);

impl Verifier {
    /// The token behind a text, whoever presents it, and whether or not it lives.
    pub(super) async fn authenticate(&self, text: &[u8], client: Option<IpAddr>) -> Result<Arc<Token>, Error> {
        match self.find_cached(text, Moment::now()) {
            Some(token) => Ok(token),
            None => self.find_uncached(text, client).await,
        }
    }

    /// The same, if it was seen before.
    pub(super) fn find_cached(&self, text: &[u8], now: Moment) -> Option<Arc<Token>> {
        let cache = self.cache.as_deref()?;
        // Before anything is spent on it.
        let remembered = if text.len() > MAX_JWT_BYTES { None } else { cache.get(cache.fingerprint(text), now) };
        #[cfg(feature = "metrics")]
        self.metrics.count_cache(remembered.is_some());
        remembered
    }

    /// The same, by its signature or by a look-up.
    pub(super) async fn find_uncached(&self, text: &[u8], client: Option<IpAddr>) -> Result<Arc<Token>, Error> {
        if text.len() > MAX_JWT_BYTES {
            return Err(Error::InvalidToken);
        }
        let admitted = self.rate_limits.as_ref().map(|limits| limits.admit(client, Moment::now())).transpose()?;
        let memory = self.cache.as_deref().map(|cache| (cache, cache.fingerprint(text)));
        let found = self.find(text, memory).instrument(tracing::debug_span!("verify")).await;
        // Else it counts as a stranger when it is dropped, here or because the client hung up.
        if let Some(admitted) = admitted
            && !matches!(found, Ok(None))
        {
            admitted.clear();
        }
        found.map_err(unavailable)?.ok_or(Error::InvalidToken)
    }

    async fn find(
        &self,
        text: &[u8],
        memory: Option<(&Cache, Fingerprint)>,
    ) -> Result<Option<Arc<Token>>, Unavailable> {
        let Ok(text) = str::from_utf8(text) else { return Ok(None) };
        if text.contains('.') {
            let token = self.signed(text).await?;
            return Ok(token.map(|token| match memory {
                Some((cache, fingerprint)) => cache.insert(fingerprint, token),
                None => Arc::new(token),
            }));
        }
        let (Ok(token), Some(lookup)) = (text.parse::<OpaqueToken>(), &self.introspector) else { return Ok(None) };
        match memory {
            Some((cache, fingerprint)) => self.stored_once(&token, &**lookup, cache, fingerprint).await,
            None => Ok(self.stored(&token, &**lookup).await?.map(Arc::new)),
        }
    }

    /// Looks a token up, or waits for whoever does so already.
    async fn stored_once(
        &self,
        token: &OpaqueToken,
        lookup: &dyn Introspector,
        cache: &Cache,
        fingerprint: Fingerprint,
    ) -> Result<Option<Arc<Token>>, Unavailable> {
        let now = Moment::now();
        if cache.is_unknown(fingerprint, now) {
            return Ok(None);
        }
        let place = match cache.get_or_place(fingerprint, now).await {
            Ok(token) => return Ok(Some(token)),
            Err(place) => place,
        };
        // Whoever had the place before may have found nothing, or got no answer.
        if cache.is_unknown(fingerprint, now) {
            return Ok(None);
        }
        if cache.has_failed(fingerprint, Moment::now()) {
            return Err(Unavailable("its look-up has just failed".into()));
        }
        let token = self.stored(token, lookup).await.inspect_err(|_| cache.set_failed(fingerprint))?;
        if token.is_none() {
            cache.set_unknown(fingerprint, now);
        }
        Ok(token.map(|token| cache.fill(place, token)))
    }

    async fn stored(&self, token: &OpaqueToken, lookup: &dyn Introspector) -> Result<Option<Token>, Unavailable> {
        // Before it is asked for: what it says may be as old as the question.
        let fresh_until = Moment::now() + self.stored_fresh();
        let record = lookup.find(token).await?.filter(|record| record.kind == token.kind());
        Ok(record.map(|mut record| {
            for grant in &mut record.grants {
                self.bound(record.kind, grant);
            }
            Token::stored(record, fresh_until)
        }))
    }

    async fn signed(&self, text: &str) -> Result<Option<Token>, Unavailable> {
        let (Some(document), Some(keys)) = (UnverifiedJwt::parse(text), &self.keys) else { return Ok(None) };
        let fresh_until = Moment::now() + self.signed_fresh();
        let Some(key) = keys.find(document.header()).await? else { return Ok(None) };
        let claims = document.verify(&key).and_then(|jwt| jwt.claims::<Claims>());
        let Some(mut claims) = claims.filter(|claims| is_of(key.document, claims) && self.is_addressee(claims)) else {
            return Ok(None);
        };
        let is_revoked = match &self.introspector {
            Some(lookup) => lookup.is_revoked(&claims).await?,
            None => false,
        };
        for grant in &mut claims.grants {
            self.bound(claims.kind, grant);
        }
        Ok(Some(Token::signed(claims, is_revoked, key.key, self.leeway, fresh_until)))
    }

    /// How long what a look-up says of a stored token is taken for granted.
    fn stored_fresh(&self) -> Duration {
        if self.revocations.is_some() { STORED_FRESH } else { STORED_FRESH_ALONE }
    }

    /// The same for a signature that was verified. Without a feed, it is the look-up that knows of revocations.
    fn signed_fresh(&self) -> Duration {
        if self.introspector.is_some() && self.revocations.is_none() { STORED_FRESH_ALONE } else { SIGNED_FRESH }
    }

    /// The scopes and limits by today's names, and of a publishable token those that may be published.
    fn bound(&self, kind: TokenKind, grant: &mut Grant) {
        let Some(catalog) = &self.catalog else { return };
        grant.scopes = catalog.canonical_scopes(&grant.scopes, &grant.resources);
        let todays = catalog.canonical_limits(&grant.resources);
        grant.resources.extend(todays);
        if kind == TokenKind::Publishable {
            grant.scopes = grant.scopes.intersection(&catalog.publishable());
        }
    }

    /// Whether a well-signed token is for this verifier. The holder is not told why it is not; the operator is, whose
    /// setting may be the wrong one.
    fn is_addressee(&self, claims: &Claims) -> bool {
        let is_addressee = claims.iss == self.issuer && claims.aud == self.audience;
        if !is_addressee {
            tracing::warn!(
                issuer = claims.iss,
                expected_issuer = self.issuer,
                audience = claims.aud,
                expected_audience = self.audience,
                "a well-signed token is for another verifier"
            );
        }
        is_addressee
    }
}

/// Whether a document of this type may claim this. A life of more than a day was never given: the feed of revocations need
/// not remember for longer.
fn is_of(document: JwtType, claims: &Claims) -> bool {
    let has_kind = match document {
        JwtType::AccessToken => matches!(claims.kind, TokenKind::Temporary | TokenKind::OauthAccess),
        JwtType::Bundle => claims.kind == TokenKind::Bundle,
    };
    let has_names = [&claims.sub, &claims.jti, &claims.client_id].into_iter().all(|name| !name.is_empty());
    has_kind && has_names && claims.exp <= claims.iat.saturating_add(duration::MOST)
}

fn unavailable(Unavailable(cause): Unavailable) -> Error {
    tracing::warn!(cause, "a token could not be checked");
    Error::Unavailable
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::{ResponseFuture, Revocations};

    struct Nobody;

    impl Introspector for Nobody {
        fn find<'a>(&'a self, _: &'a OpaqueToken) -> ResponseFuture<'a, Option<crate::api::TokenRecord>> {
            Box::pin(std::future::ready(Ok(None)))
        }
    }

    #[test]
    fn what_only_a_look_up_knows_is_asked_for_sooner() {
        let alone = || Verifier::new("https://tokens.example", "product");
        let with_lookup = || alone().introspector(Nobody);
        let feed = || Revocations::new();
        let cases = [
            (alone(), 10, 300),
            (with_lookup(), 10, 10),
            (alone().revocations(feed()), 60, 300),
            (with_lookup().revocations(feed()), 60, 300),
        ];
        for (at, (verifier, stored, signed)) in cases.into_iter().enumerate() {
            assert_eq!(verifier.stored_fresh(), Duration::from_secs(stored), "{at}");
            assert_eq!(verifier.signed_fresh(), Duration::from_secs(signed), "{at}");
        }
    }
}
