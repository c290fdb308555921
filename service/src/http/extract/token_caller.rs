//! The holder of a token that makes a request: [`TokenCaller`].

use std::time::{Duration, Instant};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use daypass::verify::{Access, Credentials, Verifier};
use daypass::{Error, ErrorCode, OpaqueToken, Scope, TokenKind};

use super::super::SharedApp;
use super::super::rates::guard;
use super::super::request_id::note_caller;
use super::ClientAddress;
use crate::domain::audit::actor::Actor;
use crate::store::acting;
use crate::usecase::parent::Parent;

/// Only grants for every tenant meet a requirement for this one: no organization can have this id.
const EVERY_TENANT: &str = "*";

/// What happens within this time counts as simultaneous: an acknowledgement takes about as long to reach anyone.
const SAME_MOMENT: Duration = Duration::from_millis(1);

/// The holder of an authentic, active, stored token.
pub(crate) struct TokenCaller {
    /// What the token may do.
    pub(crate) access: Access,
    /// The token, by which the store finds it again.
    pub(crate) token: OpaqueToken,
    /// A moment after the request's headers arrived and before the caller was verified.
    verified_since: Instant,
}

impl TokenCaller {
    /// Verifies the credentials of a request.
    pub(crate) async fn authenticate(
        app: &SharedApp,
        verifier: &Verifier,
        credentials: Credentials<'_>,
    ) -> Result<TokenCaller, Error> {
        let verified_since = Instant::now();
        let access = verifier.verify(&credentials, None).await?;
        // SECURITY: JWTs are for products. None of them opens anything here.
        let token = verifier.opaque_token(credentials.credential()?).ok_or(Error::KindNotAccepted(access.kind()))?;
        note_caller(&access);
        acting::authenticated(actor(&access));
        // The serial number of a bundle reference is another one than its root's, and its use is its redemption.
        if access.kind() != TokenKind::Bundle {
            app.uses.note(access.root_serial());
        }
        Ok(TokenCaller { access, token, verified_since })
    }

    /// Requires a token of one of these kinds.
    pub(crate) fn require_kind(&self, kinds: &[TokenKind]) -> Result<(), Error> {
        let kind = self.access.kind();
        if kinds.contains(&kind) { Ok(()) } else { Err(Error::KindNotAccepted(kind)) }
    }

    /// Requires a scope in the caller's own organization.
    pub(crate) fn require_scope(&self, scope: &Scope) -> Result<(), Error> {
        self.access.require(scope).tenant(self.access.organization()).check()
    }

    /// Requires a secret token with a scope in the caller's own organization.
    pub(crate) fn require_secret(&self, scope: &Scope) -> Result<(), Error> {
        self.require_kind(&[TokenKind::Secret])?;
        self.require_scope(scope)
    }

    /// Requires a secret token with a scope for the whole service, as operators have.
    pub(crate) fn require_operator(&self, scope: &Scope) -> Result<(), Error> {
        self.require_kind(&[TokenKind::Secret])?;
        self.access.require(scope).tenant(EVERY_TENANT).check()
    }

    /// Requires a secret token with a scope in this organization. To a caller without it, one that exists is like one that
    /// does not.
    pub(crate) fn require_in(&self, organization: &str, scope: &Scope) -> Result<(), Error> {
        self.require_secret(scope)?;
        self.access.require(scope).tenant(organization).check().map_err(|_| {
            acting::refused(ErrorCode::NotFound);
            Error::NotFound
        })
    }

    /// Returns the organization within which the caller has a scope that it has; `None` if it has it for all.
    pub(crate) fn reach(&self, scope: &Scope) -> Option<&str> {
        let has_all = self.access.require(scope).tenant(EVERY_TENANT).check().is_ok();
        (!has_all).then(|| self.access.organization())
    }

    /// Returns a moment as of which the rest of the request may be answered: when the caller was verified, so that the
    /// store is not asked twice, or now if the body took longer than that.
    pub(crate) fn since(&self) -> Instant {
        if self.verified_since.elapsed() < SAME_MOMENT { self.verified_since } else { Instant::now() }
    }

    /// Returns the caller's token as a parent to mint from.
    pub(crate) fn parent(&self) -> Parent<'_> {
        Parent::new(&self.access, &self.token)
    }
}

/// Returns the credentials of a request, with the address of its client.
pub(crate) fn credentials<'a>(app: &SharedApp, verifier: &Verifier, parts: &'a Parts) -> Credentials<'a> {
    let credentials = verifier.credentials(parts);
    match ClientAddress::of(parts, app) {
        Ok(ClientAddress(address)) => credentials.from_client(address),
        Err(_) => credentials,
    }
}

/// Returns the holder of a token as the audit trail names it.
pub(crate) fn actor(access: &Access) -> Actor {
    let (id, organization) = (access.id().to_owned(), access.organization().to_owned());
    Actor::Token { id, serial: access.root_serial(), organization }
}

impl FromRequestParts<SharedApp> for TokenCaller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<TokenCaller, Error> {
        let view = app.catalog.view();
        let verifier = guard(&view, parts);
        TokenCaller::authenticate(app, verifier, credentials(app, verifier, parts)).await
    }
}

/// A [`TokenCaller`] whose organization may be suspended: an API that must hear which tokens to refuse, and when that ends.
pub(in crate::http) struct Follower(pub(in crate::http) TokenCaller);

impl FromRequestParts<SharedApp> for Follower {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, app: &SharedApp) -> Result<Follower, Error> {
        let verifier = &app.catalog.view().api_verifier;
        TokenCaller::authenticate(app, verifier, credentials(app, verifier, parts)).await.map(Follower)
    }
}
