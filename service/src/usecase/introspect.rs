//! Introspection: what a token is, and whether a JWT was revoked. The responses are JSON.

use std::sync::Arc;
use std::time::Instant;

use daypass::api::{IntrospectionResponse, TokenRecord};
use daypass::jwt::Claims;
use daypass::verify::{Generation, Introspector, ResponseFuture, Standing, TokenHash, Unavailable};
use daypass::{Error, ForeignFormat, OpaqueToken, TokenKind};

use super::answers::{Answers, Form};
use super::clock::now;
use super::current_catalog::CatalogView;
use super::fresh_keys::KeysOf;
use super::jwt_issuer::JwtIssuer;
use super::token_uses::TokenUses;
use crate::domain::introspection::{self, Names};
use crate::domain::oauth::family::RefreshFacts;
use crate::domain::protocol;
use crate::domain::revocation::jwt_standing;
use crate::domain::token::is_active;
use crate::metrics;
use crate::store::{SharedStore, Store, TokenSelector};

/// Who asks, and by what an answer is found.
pub(crate) struct Introspection<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) catalog: &'a CatalogView,
    pub(crate) jwt_issuer: &'a JwtIssuer,
    pub(crate) uses: &'a TokenUses,
    pub(crate) answers: &'a Answers,
    /// The formats that a token may have beside Daypass's own.
    pub(crate) formats: &'a [ForeignFormat],
    /// The organization whose tokens the caller may introspect; those of all without one.
    pub(crate) organization: Option<&'a str>,
    /// A moment after the request arrived.
    pub(crate) since: Instant,
}

impl Introspection<'_> {
    /// Tells what a token is, opaque or a JWT of this service. Anything else is not active.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer.
    pub(crate) async fn tell(&self, token: &str) -> Result<Arc<[u8]>, Error> {
        self.describe(token).await.map(Told::counted)
    }

    /// Returns the record of a stored token, active or not, and nothing else.
    ///
    /// # Errors
    /// [`Error::Unavailable`] if the store does not answer.
    pub(crate) async fn record(&self, token: &str) -> Result<Arc<[u8]>, Error> {
        self.describe_record(token).await.map(Told::counted)
    }

    async fn describe(&self, token: &str) -> Result<Told, Error> {
        let claims = self.jwt_issuer.authenticate(KeysOf::Now, token).await?;
        if let Some(claims) = claims.filter(|claims| self.reaches(&claims.sub)) {
            let facts = self.store.jwt(claims.root_serial, &claims.jti).await?;
            let standing = jwt_standing(&claims, &facts);
            return Ok(introspection::of_jwt(claims, standing, &self.catalog.catalogs, now()).into());
        }
        let readings = protocol::readings(token, self.formats);
        if let Some(facts) = self.refresh_token(&readings).await? {
            let names = Names { issuer: &self.jwt_issuer.issuer, audience: &self.jwt_issuer.audience };
            return Ok(introspection::of_refresh_token(facts, &names, &self.catalog.catalogs, now()).into());
        }
        let Some(record) = self.find(&readings).await? else { return Ok(IntrospectionResponse::default().into()) };
        let now = now();
        let root = match record.root_serial {
            None => None,
            Some(root) => self.store.token(TokenSelector::Serial(root)).await?,
        };
        let is_active = is_active(&record, now);
        let form = if is_active { Form::Active } else { Form::Inactive };
        let json = self.answers.get_or_make(&record, self.catalog.version(), form, || {
            let client = if record.root_serial.is_some() { root.map(|root| root.id) } else { Some(record.id.clone()) };
            let names = Names { issuer: &self.jwt_issuer.issuer, audience: &self.jwt_issuer.audience };
            let record = TokenRecord::clone(&record);
            to_json(&introspection::of_record(record, client, &names, &self.catalog.catalogs, now))
        });
        Ok(Told { json, is_active })
    }

    async fn describe_record(&self, token: &str) -> Result<Told, Error> {
        let readings = protocol::readings(token, self.formats);
        if let Some(facts) = self.refresh_token(&readings).await? {
            let active = facts.is_active(now());
            let record = Some(facts.family);
            return Ok(IntrospectionResponse { active, record, ..IntrospectionResponse::default() }.into());
        }
        let Some(record) = self.find(&readings).await? else { return Ok(IntrospectionResponse::default().into()) };
        let active = is_active(&record, now());
        let form = if active { Form::RecordOfActive } else { Form::Record };
        let json = self.answers.get_or_make(&record, self.catalog.version(), form, || {
            let record = Some(TokenRecord::clone(&record));
            to_json(&IntrospectionResponse { active, record, ..IntrospectionResponse::default() })
        });
        Ok(Told { json, is_active: active })
    }

    fn reaches(&self, other: &str) -> bool {
        self.organization.is_none_or(|organization| organization == other)
    }

    /// Finds what the store knows of a refresh token, also of one that was used.
    async fn refresh_token(&self, readings: &[OpaqueToken]) -> Result<Option<RefreshFacts>, Error> {
        let Some(token) = readings.iter().find(|token| token.kind() == TokenKind::OauthRefresh) else {
            return Ok(None);
        };
        let facts = self.store.refresh_token(TokenHash::of(token)).await?;
        Ok(facts.filter(|facts| self.reaches(&facts.family.organization)))
    }

    /// Finds the record of a token that an API has received, so that it is in use if it is active.
    async fn find(&self, readings: &[OpaqueToken]) -> Result<Option<Arc<TokenRecord>>, Error> {
        for token in readings {
            let record = self.store.record(TokenHash::of(token), self.since).await?;
            if let Some(record) = record.filter(|record| self.reaches(&record.organization)) {
                if is_active(&record, now()) {
                    self.uses.note(record.serial);
                }
                return Ok(Some(record));
            }
        }
        Ok(None)
    }
}

/// What is told of a token.
struct Told {
    json: Arc<[u8]>,
    is_active: bool,
}

impl Told {
    fn counted(self) -> Arc<[u8]> {
        metrics::count_introspection(self.is_active);
        self.json
    }
}

impl From<IntrospectionResponse> for Told {
    fn from(response: IntrospectionResponse) -> Told {
        Told { json: to_json(&response), is_active: response.active }
    }
}

fn to_json(response: &IntrospectionResponse) -> Arc<[u8]> {
    serde_json::to_vec(response).expect("a response is JSON").into()
}

/// Answers the verifiers that guard the service's own paths from the store.
pub(crate) struct StoreIntrospector {
    pub(crate) store: SharedStore,
    /// Whether the tokens of a suspended organization are as good as before: for APIs that ask which tokens to refuse.
    pub(crate) overlooks_suspension: bool,
}

impl Introspector for StoreIntrospector {
    fn find<'a>(&'a self, token: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
        let record = self.store.record(TokenHash::of(token), Instant::now());
        Box::pin(async {
            let record = record.await.map_err(|error| Unavailable(error.to_string()))?;
            Ok(record.map(|record| {
                let suspended_at = record.suspended_at.filter(|_| !self.overlooks_suspension);
                TokenRecord { suspended_at, ..Arc::unwrap_or_clone(record) }
            }))
        })
    }

    fn standing<'a>(&'a self, claims: &'a Claims) -> ResponseFuture<'a, Standing> {
        Box::pin(async {
            let facts = self.store.jwt(claims.root_serial, &claims.jti).await;
            facts.map(|facts| jwt_standing(claims, &facts)).map_err(|error| Unavailable(error.to_string()))
        })
    }

    fn generation(&self) -> Generation {
        self.store.records_version().map_or(Generation::Unknown, Generation::Number)
    }
}
