//! Whether a text is a token of ours: from the cache, by its signature, or by introspection.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use tracing::Instrument;

use super::cache::Fingerprint;
use super::clock::Moment;
use super::token::{AuthenticToken, Form};
use super::{
    Cache, Credential, Generation, Introspector, KeyLookup, Standing, Unavailable, Verifier, mistake, sealing,
};
use crate::api::duration;
use crate::jwt::{Claims, JwtType, MAX_JWT_BYTES, UnverifiedJwt};
use crate::{Catalog, Error, ForeignFormat, Grant, OpaqueToken, TokenKind};

/// How long a verified signature stays cached. A key may be withdrawn meanwhile without an entry in
/// the feed.
const JWT_FRESH: Duration = Duration::from_secs(300);
/// How long the result of an introspection stays cached while a feed reports revocations.
const INTROSPECTION_FRESH: Duration = Duration::from_secs(60);
/// How long it stays cached without a feed.
const INTROSPECTION_FRESH_WITHOUT_FEED: Duration = Duration::from_secs(10);

/// Why it cannot be told whether a text is a token.
enum Failure {
    /// A source did not answer.
    Source,
    /// Its key may be newer than what the source of keys knows.
    Key,
}

impl From<Unavailable> for Failure {
    fn from(_: Unavailable) -> Failure {
        Failure::Source
    }
}

/// Replaces aliases of scopes and resource types, and takes from a publishable token all scopes
/// that must not be published.
pub(super) fn apply_catalog(catalog: &Catalog, kind: TokenKind, grant: &mut Grant) {
    grant.scopes = catalog.canonical_scopes(&grant.scopes, &grant.resources);
    let limits = catalog.canonical_limits(&grant.resources);
    grant.resources.extend(limits);
    if kind == TokenKind::Publishable {
        grant.scopes = grant.scopes.intersection(&catalog.publishable());
    }
}

impl Verifier {
    /// Finds the authentic token behind a credential, active or not.
    pub(super) async fn authenticate(
        &self,
        credential: Credential<'_>,
        client: Option<IpAddr>,
    ) -> Result<Arc<AuthenticToken>, Error> {
        match self.authenticate_cached(credential, Moment::now()) {
            Some(token) => Ok(token),
            None => self.authenticate_uncached(credential, client).await,
        }
    }

    /// Returns the format of another system that a credential has, if the verifier knows it.
    #[inline]
    fn foreign_format(&self, credential: Credential<'_>) -> Option<ForeignFormat> {
        credential.foreign_format(&self.foreign_formats)
    }

    /// Returns the opaque token that a credential is, by its location and the formats that the verifier
    /// [knows](Verifier::foreign_tokens); `None` for other text, such as a JWT. Nothing is verified.
    #[must_use]
    pub fn opaque_token(&self, credential: Credential<'_>) -> Option<OpaqueToken> {
        let text = str::from_utf8(credential.text).ok()?;
        match self.foreign_format(credential) {
            None => text.parse().ok(),
            Some(format) => OpaqueToken::foreign(format, text).ok(),
        }
    }

    #[inline]
    fn fingerprint(&self, cache: &Cache, credential: Credential<'_>) -> Fingerprint {
        match self.foreign_format(credential) {
            None => cache.fingerprint(credential.text),
            Some(format) => cache.fingerprint_of(format, credential.text),
        }
    }

    /// Finds the token in the cache.
    #[inline]
    pub(super) fn authenticate_cached(&self, credential: Credential<'_>, now: Moment) -> Option<Arc<AuthenticToken>> {
        let cache = self.cache.as_deref()?;
        // A text that is too long is not worth its hash.
        let is_too_long = credential.text.len() > MAX_JWT_BYTES;
        let token = if is_too_long { None } else { cache.get(self.fingerprint(cache, credential), now) };
        let token = token.filter(|token| self.is_current(token) && self.has_latest_generation(token));
        #[cfg(feature = "metrics")]
        self.metrics.count_cache(token.is_some());
        token
    }

    /// Authenticates the token by its signature or by introspection, and caches it.
    pub(super) async fn authenticate_uncached(
        &self,
        credential: Credential<'_>,
        client: Option<IpAddr>,
    ) -> Result<Arc<AuthenticToken>, Error> {
        if credential.text.len() > MAX_JWT_BYTES {
            return Err(Error::InvalidToken);
        }
        let attempt =
            self.rate_limits.as_ref().map(|limits| limits.begin_attempt(client, Moment::now())).transpose()?;
        let slot = self.cache.as_deref().map(|cache| (cache, self.fingerprint(cache, credential)));
        let result = self.authenticate_text(credential, slot).instrument(tracing::debug_span!("verify")).await;
        // SECURITY: an attempt that is dropped counts as an invalid token, also if the client
        // disconnects before this line, and also if its key could not be determined: otherwise a
        // client that invents keys would never have to wait.
        if let Some(attempt) = attempt
            && !matches!(result, Ok(None) | Err(Failure::Key))
        {
            attempt.discard();
        }
        result.map_err(|_| Error::Unavailable)?.ok_or(Error::InvalidToken)
    }

    async fn authenticate_text(
        &self,
        credential: Credential<'_>,
        slot: Option<(&Cache, Fingerprint)>,
    ) -> Result<Option<Arc<AuthenticToken>>, Failure> {
        let Ok(text) = str::from_utf8(credential.text) else { return Ok(None) };
        let issuer = self.issuer.get()?;
        let format = self.foreign_format(credential);
        if text.contains('.') && format.is_none() {
            let token = self.authenticate_jwt(text, issuer, slot).await?;
            // SECURITY: a generation is of records. Only a question tells whether the source revokes a JWT.
            let is_tracked = self.introspector.as_ref().is_some_and(|one| one.generation() != Generation::Untracked);
            return Ok(token.map(|token| match slot.filter(|_| !is_tracked) {
                Some((cache, fingerprint)) => cache.insert(fingerprint, token),
                None => Arc::new(token),
            }));
        }
        let Some(token) = self.opaque_token(credential) else { return Ok(None) };
        let Some(introspector) = &self.introspector else {
            self.tell_missing("opaque tokens", "introspector");
            return Ok(None);
        };
        match slot {
            Some((cache, fingerprint)) => {
                // Taken before the question, so that an answer is never older than its generation.
                let generation = introspector.generation();
                if generation == Generation::Untracked {
                    return Ok(self.introspect_once(&token, &**introspector, cache, fingerprint).await?);
                }
                let found = self.introspect(&token, &**introspector, generation).await?;
                Ok(found.map(|token| cache.insert(fingerprint, token)))
            }
            None => Ok(self.introspect(&token, &**introspector, Generation::Untracked).await?.map(Arc::new)),
        }
    }

    /// Introspects a token, or waits for the introspection of it that is under way.
    async fn introspect_once(
        &self,
        token: &OpaqueToken,
        introspector: &dyn Introspector,
        cache: &Cache,
        fingerprint: Fingerprint,
    ) -> Result<Option<Arc<AuthenticToken>>, Unavailable> {
        let now = Moment::now();
        if cache.is_unknown(fingerprint, now) {
            return Ok(None);
        }
        let is_usable = |token: &AuthenticToken| !now.has_reached(token.fresh_until) && self.is_current(token);
        let reservation = match cache.get_or_reserve(fingerprint, is_usable).await {
            Ok(token) => return Ok(Some(token)),
            Err(reservation) => reservation,
        };
        // The introspection before this one may have found no token, or failed.
        if cache.is_unknown(fingerprint, now) {
            return Ok(None);
        }
        if cache.has_failed(fingerprint, Moment::now()) {
            return Err(Unavailable("the last introspection of this token failed".into()));
        }
        let found = self.introspect(token, introspector, Generation::Untracked).await;
        let token = found.inspect_err(|_| cache.set_failed(fingerprint))?;
        if token.is_none() {
            cache.set_unknown(fingerprint, now);
        }
        Ok(token.map(|token| cache.fill(reservation, token)))
    }

    async fn introspect(
        &self,
        token: &OpaqueToken,
        introspector: &dyn Introspector,
        generation: Generation,
    ) -> Result<Option<AuthenticToken>, Unavailable> {
        let found = self.find(token, introspector, generation).await?;
        if self.has_latest_version(found.as_ref()) {
            return Ok(found);
        }
        // The token was edited while its record was on the way.
        let again = self.find(token, introspector, generation).await?;
        if self.has_latest_version(again.as_ref()) {
            return Ok(again);
        }
        self.outages.introspection.observe(Err(Unavailable("the record is older than the feed".into())))
    }

    /// Looks the record of a token up.
    async fn find(
        &self,
        token: &OpaqueToken,
        introspector: &dyn Introspector,
        generation: Generation,
    ) -> Result<Option<AuthenticToken>, Unavailable> {
        // Taken before the request: the response may be as old as that.
        let fresh_until = Moment::now() + self.introspection_fresh();
        let record = self.outages.introspection.observe(introspector.find(token).await)?;
        Ok(record.filter(|record| record.kind == token.kind()).map(|mut record| {
            for grant in &mut record.grants {
                self.apply_catalog(record.kind, grant);
            }
            AuthenticToken::from_record(record, generation, fresh_until)
        }))
    }

    /// Returns whether the feed tells of no later version of the token.
    fn has_latest_version(&self, token: Option<&AuthenticToken>) -> bool {
        let Some((revocations, token)) = self.revocations.as_ref().zip(token) else { return true };
        revocations.has_latest_version(token)
    }

    /// Returns whether what is cached of a token still holds, as far as its source tells.
    #[inline]
    fn has_latest_generation(&self, token: &AuthenticToken) -> bool {
        let latest = || self.introspector.as_ref().map(|introspector| introspector.generation());
        match token.form {
            Form::Jwt { .. } | Form::Opaque { generation: Generation::Untracked, .. } => true,
            Form::Opaque { generation: Generation::Unknown, .. } => false,
            Form::Opaque { generation: generation @ Generation::Number(_), .. } => latest() == Some(generation),
        }
    }

    /// Returns whether what is cached of a token still holds, as far as the feed tells.
    #[inline]
    fn is_current(&self, token: &AuthenticToken) -> bool {
        self.revocations.as_ref().is_none_or(|revocations| revocations.is_current(token))
    }

    async fn authenticate_jwt(
        &self,
        text: &str,
        issuer: &str,
        slot: Option<(&Cache, Fingerprint)>,
    ) -> Result<Option<AuthenticToken>, Failure> {
        let Some(jwt) = UnverifiedJwt::parse(text) else { return Ok(None) };
        let Some(keys) = &self.keys else {
            self.tell_missing("JWTs", "keys");
            return Ok(None);
        };
        let now = Moment::now();
        if slot.is_some_and(|(cache, fingerprint)| cache.is_unknown(fingerprint, now)) {
            return Ok(None);
        }
        let fresh_until = now + self.jwt_fresh();
        let key = match self.outages.keys.observe(keys.find(jwt.header()).await)? {
            KeyLookup::Known(key) => key,
            KeyLookup::Unknown => return Ok(None),
            KeyLookup::Undetermined => return Err(Failure::Key),
        };
        let Some(jwt) = jwt.verify(&key) else {
            // The most costly part of a forged token's refusal. It is not repeated for the same text.
            if let Some((cache, fingerprint)) = slot {
                cache.set_unknown(fingerprint, now);
            }
            return Ok(None);
        };
        let claims = jwt.claims::<Claims>();
        let claims = claims.filter(|claims| are_allowed(key.jwt_type, claims) && self.is_audience(claims, issuer));
        let Some(mut claims) = claims else { return Ok(None) };
        let standing = match &self.introspector {
            Some(introspector) => self.outages.revocation.observe(introspector.standing(&claims).await)?,
            None => Standing::Good,
        };
        for grant in &mut claims.grants {
            self.apply_catalog(claims.kind, grant);
        }
        let sealed = claims.sealed.take().map(|sealed| sealing::open(&self.sealing_keys, &sealed));
        Ok(Some(AuthenticToken::from_claims(claims, sealed, standing, Some(&key.key), self.leeway, fresh_until)))
    }

    fn introspection_fresh(&self) -> Duration {
        if self.revocations.is_some() { INTROSPECTION_FRESH } else { INTROSPECTION_FRESH_WITHOUT_FEED }
    }

    /// Returns how long a JWT stays cached. Without a feed only the introspector knows whether it
    /// was revoked.
    fn jwt_fresh(&self) -> Duration {
        if self.introspector.is_some() && self.revocations.is_none() {
            INTROSPECTION_FRESH_WITHOUT_FEED
        } else {
            JWT_FRESH
        }
    }

    fn apply_catalog(&self, kind: TokenKind, grant: &mut Grant) {
        if let Some(catalog) = &self.catalog {
            apply_catalog(catalog, kind, grant);
        }
    }

    /// Tells that the verifier has no source for tokens of a form, so that it refuses all of them.
    fn tell_missing(&self, tokens: &str, source: &str) {
        let audience = &self.audience;
        mistake::tell(
            format!("all {tokens} are refused, the verifier for {audience} has no source of them: `{source}`"),
            "give it one with the method of this name, or make it with `Verifier::connect`, which gives it all",
        );
    }

    /// Returns whether the claims name this issuer and this verifier's audience. If not, the log tells
    /// the operator, whose setting may be wrong; the caller is not told.
    fn is_audience(&self, claims: &Claims, issuer: &str) -> bool {
        let (is_issuer, is_audience) = (claims.iss == issuer, claims.aud == self.audience);
        if !is_issuer {
            mistake::tell(
                format!("tokens of the issuer {} are refused, the issuer expected here is {issuer}", claims.iss),
                "give the verifier the issuer that the token service has (`daypass serve --issuer`)",
            );
        } else if !is_audience {
            mistake::tell(
                format!("tokens for the audience {} are refused, the audience here is {}", claims.aud, self.audience),
                "give the verifier the audience that the token service has (`daypass serve --audience`)",
            );
        }
        is_issuer && is_audience
    }
}

/// Returns whether a JWT of this type may have these claims.
///
/// SECURITY: no JWT lives longer than a day. A retired key is accepted, and the entries of the feed are
/// kept, for not much longer.
fn are_allowed(jwt_type: JwtType, claims: &Claims) -> bool {
    let has_kind = match jwt_type {
        JwtType::AccessToken => matches!(claims.kind, TokenKind::Temporary | TokenKind::OauthAccess),
        JwtType::Bundle => claims.kind == TokenKind::Bundle,
    };
    let has_names = [&claims.sub, &claims.jti, &claims.client_id].into_iter().all(|name| !name.is_empty());
    has_kind && has_names && claims.exp <= claims.iat.saturating_add(duration::MOST)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::{ResponseFuture, Revocations};

    struct EmptyStore;

    impl Introspector for EmptyStore {
        fn find<'a>(&'a self, _: &'a OpaqueToken) -> ResponseFuture<'a, Option<crate::api::TokenRecord>> {
            Box::pin(std::future::ready(Ok(None)))
        }
    }

    #[test]
    fn without_a_feed_the_introspector_is_asked_more_often() {
        let alone = || Verifier::new("https://tokens.example", "product");
        let with_introspector = || alone().introspector(EmptyStore);
        let feed = || Revocations::new();
        let cases = [
            (alone(), 10, 300),
            (with_introspector(), 10, 10),
            (alone().revocations(feed()), 60, 300),
            (with_introspector().revocations(feed()), 60, 300),
        ];
        for (case, (verifier, opaque, jwt)) in cases.into_iter().enumerate() {
            assert_eq!(verifier.introspection_fresh(), Duration::from_secs(opaque), "{case}");
            assert_eq!(verifier.jwt_fresh(), Duration::from_secs(jwt), "{case}");
        }
    }
}
