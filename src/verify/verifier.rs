//! The decision: [`Verifier`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::Instrument;

use super::clock::Clock;
use super::token::Token;
use super::{
    Access, Cache, Carrier, Credential, Decision, Dpop, Keys, Lookup, MAX_LEEWAY, Observer, Presented, Revocations,
    Unavailable,
};
use crate::signed::{DocumentType, MAX_DOCUMENT, UnverifiedDocument};
use crate::wire::{Claims, duration};
use crate::{Catalog, Denied, Need, ScopeSet, TokenKind, TokenText};

/// How long a verified signature is taken for granted, if its key is withdrawn meanwhile without a word in the feed.
const SIGNED_FRESH: Duration = Duration::from_secs(300);
/// How long a look-up is taken for granted: as long as a feed says what was revoked, and without one.
const STORED_FRESH: Duration = Duration::from_secs(60);
const STORED_FRESH_ALONE: Duration = Duration::from_secs(10);

/// Decides whether a request may pass.
///
/// Opaque tokens are found through a [`Lookup`], signed ones verified with [`Keys`]; without either, tokens of that form
/// are not valid.
#[derive(Clone)]
pub struct Verifier {
    issuer: String,
    audience: String,
    keys: Option<Arc<dyn Keys>>,
    lookup: Option<Arc<dyn Lookup>>,
    cache: Option<Arc<Cache>>,
    revocations: Option<Arc<Revocations>>,
    dpop: Option<Arc<Dpop>>,
    catalog: Option<Arc<Catalog>>,
    observer: Option<Observer>,
    leeway: u64,
    clock: Clock,
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
            catalog: None,
            observer: None,
            leeway: 10,
            clock: Clock::default(),
        }
    }

    /// Where the keys of signed tokens come from.
    #[must_use]
    pub fn keys(self, keys: impl Keys + 'static) -> Verifier {
        Verifier { keys: Some(Arc::new(keys)), ..self }
    }

    /// Where opaque tokens are looked up.
    #[must_use]
    pub fn lookup(self, lookup: impl Lookup + 'static) -> Verifier {
        Verifier { lookup: Some(Arc::new(lookup)), ..self }
    }

    /// Remembers the tokens that were verified. Without a feed of revocations, one that was looked up is asked for again
    /// after 10 seconds, with one after 60: until then only the feed can end it.
    #[must_use]
    pub fn cache(self, cache: Cache) -> Verifier {
        Verifier { cache: Some(Arc::new(cache)), ..self }
    }

    /// Refuses what a feed says is revoked, and everything while the feed is not heard.
    #[must_use]
    pub fn revocations(self, revocations: impl Into<Arc<Revocations>>) -> Verifier {
        Verifier { revocations: Some(revocations.into()), ..self }
    }

    /// Accepts tokens that are bound to a key, with a proof (RFC 9449). Without this they are refused.
    #[must_use]
    pub fn dpop(self, dpop: Dpop) -> Verifier {
        Verifier { dpop: Some(Arc::new(dpop)), ..self }
    }

    /// The product's scopes: older names in tokens mean today's, and a publishable token can do what may be published and
    /// no more, whatever whoever looked it up says.
    #[must_use]
    pub fn catalog(self, catalog: Catalog) -> Verifier {
        Verifier { catalog: Some(Arc::new(catalog)), ..self }
    }

    /// Hands each decision to a function, which must be quick: it runs before the answer.
    #[must_use]
    pub fn on_decision(self, observe: impl Fn(&Decision<'_>) + Send + Sync + 'static) -> Verifier {
        Verifier { observer: Some(Observer::new(observe)), ..self }
    }

    /// Seconds of clock difference to forgive in signed tokens: 10 unless set, never more than [`MAX_LEEWAY`].
    #[must_use]
    pub fn leeway(self, seconds: u64) -> Verifier {
        Verifier { leeway: seconds.min(MAX_LEEWAY), ..self }
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
        let (access, verdict) = self.decide(presented, need).await;
        if let Some(observer) = &self.observer {
            let denied = verdict.as_ref().err();
            observer.observe(&Decision { access: access.as_ref(), denied, need, presented: Some(presented) });
        }
        match (access, verdict) {
            (Some(access), Ok(())) => {
                tracing::debug!(kind = access.kind().as_str(), id = access.id(), "admitted");
                Ok(access)
            }
            (access, verdict) => {
                let denied = verdict.err().unwrap_or(Denied::InvalidToken);
                tracing::debug!(code = denied.code(), id = access.as_ref().map(Access::id), "denied");
                Err(denied)
            }
        }
    }

    /// The nonce for a sender's next proof, where it sends proofs and nonces are asked for (RFC 9449, section 8.2).
    #[must_use]
    pub fn next_nonce(&self, presented: &Presented<'_>) -> Option<String> {
        let sends_proofs = presented.credential().is_ok_and(|credential| credential.carrier == Carrier::Dpop);
        self.dpop.as_ref().filter(|_| sends_proofs)?.nonce(self.clock.now())
    }

    /// The token, if it is genuine, and whether it may pass.
    async fn decide(&self, presented: &Presented<'_>, need: Option<&Need<'_>>) -> (Option<Access>, Result<(), Denied>) {
        let credential = match presented.credential() {
            Ok(credential) => credential,
            Err(denied) => return (None, Err(denied)),
        };
        match self.genuine(credential.text).await {
            Ok(token) => {
                let access = Access::new(token, self.observer.clone());
                let verdict = self.admit(&access, credential, presented);
                let verdict = verdict.and_then(|()| need.map_or(Ok(()), |need| access.meets(need)));
                (Some(access), verdict)
            }
            Err(denied) => (None, Err(denied)),
        }
    }

    /// Lets the token pass, or says exactly why not. Where it came from counts before its life: a page that may not use
    /// the token learns nothing of it.
    fn admit(&self, access: &Access, credential: Credential<'_>, presented: &Presented<'_>) -> Result<(), Denied> {
        let token = access.token();
        let now = self.clock.now();
        token.check_carrier(credential.carrier)?;
        token.check_origin(presented.origin)?;
        token.check_life(self.is_revoked(token)?, now)?;
        Dpop::check(self.dpop.as_deref(), token, credential, &presented.proof, now)
    }

    /// Whether the token was revoked, as far as is known; refuses when that is not known well enough.
    pub(super) fn is_revoked(&self, token: &Token) -> Result<bool, Denied> {
        let by_feed = match &self.revocations {
            Some(revocations) => revocations.revoke(token, Instant::now()).map_err(unavailable)?,
            None => false,
        };
        Ok(token.is_revoked || by_feed)
    }

    /// The token behind a text, whoever presents it, and whether or not it lives.
    pub(super) async fn genuine(&self, text: &str) -> Result<Arc<Token>, Denied> {
        // Before anything is spent on it.
        if text.len() > MAX_DOCUMENT {
            return Err(Denied::InvalidToken);
        }
        let seen = self.cache.as_ref().map(|cache| (cache, cache.fingerprint(text)));
        if let Some(token) = seen.and_then(|(cache, fingerprint)| cache.get(fingerprint, Instant::now())) {
            return Ok(token);
        }
        // Boxed: the quick way stays small.
        let found = Box::pin(async {
            if text.contains('.') {
                let token = self.signed(text).await?;
                return Ok(token.map(|token| match seen {
                    Some((cache, fingerprint)) => cache.insert(fingerprint, token),
                    None => Arc::new(token),
                }));
            }
            let (Ok(token), Some(lookup)) = (text.parse::<TokenText>(), &self.lookup) else { return Ok(None) };
            let Some((cache, fingerprint)) = seen else {
                return Ok(self.stored(&token, &**lookup).await?.map(Arc::new));
            };
            let now = Instant::now();
            if cache.is_unknown(fingerprint, now) {
                return Ok(None);
            }
            match cache.get_or_place(fingerprint, now).await {
                Ok(token) => Ok(Some(token)),
                Err(place) => {
                    let token = self.stored(&token, &**lookup).await?;
                    if token.is_none() {
                        cache.set_unknown(fingerprint, now);
                    }
                    Ok(token.map(|token| cache.fill(place, token)))
                }
            }
        });
        match found.instrument(tracing::debug_span!("verify")).await {
            Ok(Some(token)) => Ok(token),
            Ok(None) => Err(Denied::InvalidToken),
            Err(cause) => Err(unavailable(cause)),
        }
    }

    async fn stored(&self, token: &TokenText, lookup: &dyn Lookup) -> Result<Option<Token>, Unavailable> {
        // Before it is asked for: what it says may be as old as the question.
        let fresh = if self.revocations.is_some() { STORED_FRESH } else { STORED_FRESH_ALONE };
        let fresh_until = Instant::now() + fresh;
        let record = lookup.find(token).await?.filter(|record| record.kind == token.kind());
        Ok(record.map(|mut record| {
            for grant in &mut record.grants {
                self.bound(record.kind, &mut grant.scopes);
            }
            Token::stored(record, fresh_until)
        }))
    }

    async fn signed(&self, text: &str) -> Result<Option<Token>, Unavailable> {
        let (Some(document), Some(keys)) = (UnverifiedDocument::parse(text), &self.keys) else { return Ok(None) };
        let fresh_until = Instant::now() + SIGNED_FRESH;
        let Some(key) = keys.find(document.header).await? else { return Ok(None) };
        let verified = document
            .signature()
            .filter(|signature| key.verifies(document.signing_input.as_bytes(), signature))
            .and_then(|_| document.unverified_payload());
        let claims = verified.and_then(|payload| serde_json::from_slice::<Claims>(&payload).ok());
        let Some(mut claims) = claims.filter(|claims| is_of(key.document, claims) && self.is_addressee(claims)) else {
            return Ok(None);
        };
        let is_revoked = match &self.lookup {
            Some(lookup) => lookup.is_revoked(&claims).await?,
            None => false,
        };
        for grant in &mut claims.grants {
            self.bound(claims.kind, &mut grant.scopes);
        }
        Ok(Some(Token::signed(claims, is_revoked, key.key, self.leeway, fresh_until)))
    }

    /// The scopes by today's names, and of a publishable token those that may be published.
    fn bound(&self, kind: TokenKind, scopes: &mut ScopeSet) {
        let Some(catalog) = &self.catalog else { return };
        *scopes = catalog.todays_names(scopes);
        if kind == TokenKind::Publishable {
            *scopes = scopes.intersection(&catalog.publishable());
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
fn is_of(document: DocumentType, claims: &Claims) -> bool {
    let has_kind = match document {
        DocumentType::AccessToken => matches!(claims.kind, TokenKind::Temporary | TokenKind::OauthAccess),
        DocumentType::Bundle => claims.kind == TokenKind::Bundle,
    };
    has_kind && claims.exp <= claims.iat.saturating_add(duration::MOST)
}

fn unavailable(Unavailable(cause): Unavailable) -> Denied {
    tracing::warn!(cause, "a token could not be checked");
    Denied::Unavailable
}
