//! The decision: [`Verifier`].

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use super::{Access, Carrier, Keys, Lookup, Presented, SeenOrigin, Unavailable};
use crate::signed::{DocumentType, UnverifiedDocument};
use crate::wire::{Claims, TokenRecord};
use crate::{Denied, Need, Origin, TokenKind, TokenText};

/// Security rule: no more than this many seconds of difference between two servers' clocks are forgiven.
pub const MAX_LEEWAY: u64 = 60;

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
    leeway: u64,
    clock: Arc<dyn Fn() -> u64 + Send + Sync>,
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
            leeway: 10,
            clock: Arc::new(unix_time),
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

    /// Seconds of clock difference to forgive in signed tokens: 10 unless set, never more than [`MAX_LEEWAY`].
    #[must_use]
    pub fn leeway(self, seconds: u64) -> Verifier {
        Verifier { leeway: seconds.min(MAX_LEEWAY), ..self }
    }

    /// The clock, in Unix seconds: the system's unless set.
    #[must_use]
    pub fn clock(self, clock: impl Fn() -> u64 + Send + Sync + 'static) -> Verifier {
        Verifier { clock: Arc::new(clock), ..self }
    }

    /// Decides. With no need, a genuine, living token that may be used from where it came is enough; what it may do is
    /// then asked of the [`Access`].
    ///
    /// # Errors
    /// The reason. What is not genuine is always [`Denied::InvalidToken`].
    pub async fn verify(&self, presented: &Presented<'_>, need: Option<&Need<'_>>) -> Result<Access, Denied> {
        let credential = presented.credential()?;
        let token = self.genuine(credential.text).await?;
        let access = token.admit(credential.carrier, presented.origin, (self.clock)())?;
        need.map_or(Ok(()), |need| access.meets(need))?;
        Ok(access)
    }

    /// The token behind a text, whoever presents it, and whether or not it lives.
    pub(super) async fn genuine(&self, text: &str) -> Result<Genuine, Denied> {
        let found = if text.contains('.') { self.signed(text).await } else { self.stored(text).await };
        match found {
            Ok(Some(token)) => Ok(token),
            Ok(None) => Err(Denied::InvalidToken),
            Err(Unavailable(cause)) => {
                tracing::warn!(cause, "a token could not be checked");
                Err(Denied::Unavailable)
            }
        }
    }

    async fn stored(&self, text: &str) -> Result<Option<Genuine>, Unavailable> {
        let (Ok(token), Some(lookup)) = (text.parse::<TokenText>(), &self.lookup) else { return Ok(None) };
        let record = lookup.find(&token).await?;
        Ok(record.filter(|record| record.kind == token.kind()).map(Genuine::from))
    }

    async fn signed(&self, text: &str) -> Result<Option<Genuine>, Unavailable> {
        let (Some(document), Some(keys)) = (UnverifiedDocument::parse(text), &self.keys) else { return Ok(None) };
        let Some(key) = keys.find(document.header).await? else { return Ok(None) };
        let verified = document
            .signature()
            .filter(|signature| key.verifies(document.signing_input.as_bytes(), signature))
            .and_then(|_| document.unverified_payload());
        let Some(payload) = verified else { return Ok(None) };
        let claims = serde_json::from_slice::<Claims>(&payload).ok().filter(|claims| match key.document {
            DocumentType::AccessToken => matches!(claims.kind, TokenKind::Temporary | TokenKind::OauthAccess),
            DocumentType::Bundle => claims.kind == TokenKind::Bundle,
        });
        let Some(claims) = claims.filter(|claims| self.is_addressee(claims)) else { return Ok(None) };
        let is_revoked = match &self.lookup {
            Some(lookup) => lookup.is_revoked(&claims).await?,
            None => false,
        };
        Ok(Some(Genuine::from_claims(claims, self.leeway, is_revoked)))
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

fn unix_time() -> u64 {
    // A clock before 1970 is no clock: at time 0 nothing that has a beginning is valid yet.
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

/// A token that is ours, whatever form it came in.
pub(super) struct Genuine {
    pub(super) access: Access,
    valid_from: u64,
    /// The first second in which it is no longer valid.
    valid_until: Option<u64>,
    pub(super) is_revoked: bool,
}

impl Genuine {
    fn from_claims(claims: Claims, leeway: u64, is_revoked: bool) -> Genuine {
        Genuine {
            valid_from: claims.nbf.unwrap_or(claims.iat).saturating_sub(leeway),
            valid_until: Some(claims.exp.saturating_add(leeway)),
            is_revoked,
            access: Access {
                kind: claims.kind,
                id: claims.jti,
                serial: claims.parent_serial,
                parent: Some(claims.client_id),
                organization: claims.sub,
                grants: claims.grants,
                origins: claims.origins,
                expires_at: Some(claims.exp),
            },
        }
    }

    /// Lets the token pass, or says exactly why not. Where it came from counts before its life: a page that may not use
    /// the token learns nothing of it.
    fn admit(self, carrier: Carrier, origin: SeenOrigin<'_>, now: u64) -> Result<Access, Denied> {
        self.check_carrier(carrier)?;
        self.check_origin(origin)?;
        if self.is_revoked {
            return Err(Denied::TokenRevoked);
        }
        if self.valid_until.is_some_and(|end| now >= end) {
            return Err(Denied::TokenExpired);
        }
        if now < self.valid_from {
            return Err(Denied::TokenNotYetValid);
        }
        Ok(self.access)
    }

    pub(super) fn check_carrier(&self, carrier: Carrier) -> Result<(), Denied> {
        let kind = self.access.kind;
        if carrier.carries(kind) {
            Ok(())
        } else if carrier == Carrier::Query {
            Err(Denied::SecretInQuery(kind))
        } else {
            Err(Denied::KindNotAccepted(kind))
        }
    }

    pub(super) fn check_origin(&self, seen: SeenOrigin<'_>) -> Result<(), Denied> {
        let Access { kind, origins, .. } = &self.access;
        let must_match = *kind == TokenKind::Publishable || !origins.is_empty();
        match seen {
            SeenOrigin::Odd => Err(Denied::InvalidRequest("The request has more than one Origin.".into())),
            // A browser sends an origin with every cross-origin request; a program outside one may leave it out.
            SeenOrigin::None if *kind == TokenKind::Publishable => Err(Denied::OriginRequired),
            SeenOrigin::None => Ok(()),
            SeenOrigin::One(_) if kind.is_backend_only() => Err(Denied::SecretInBrowser(*kind)),
            SeenOrigin::One(_) if !must_match => Ok(()),
            SeenOrigin::One(text) => match Origin::parse(text) {
                Ok(origin) if origins.iter().any(|pattern| pattern.matches(&origin)) => Ok(()),
                _ => Err(Denied::OriginNotAllowed(text.chars().filter(|c| !c.is_control()).take(260).collect())),
            },
        }
    }
}

impl From<TokenRecord> for Genuine {
    fn from(record: TokenRecord) -> Genuine {
        Genuine {
            // Also where the clock is far off, so that nothing that has ended is taken to be still alive.
            valid_from: record.created_at.saturating_sub(MAX_LEEWAY),
            valid_until: record.expires_at,
            is_revoked: record.revoked_at.is_some(),
            access: Access {
                kind: record.kind,
                id: record.id,
                serial: record.serial,
                parent: None,
                organization: record.organization,
                grants: record.grants,
                origins: record.origins,
                expires_at: record.expires_at,
            },
        }
    }
}
