//! What a verified token may do: [`Access`].

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::evaluate::Evaluation;
use super::token::AuthenticToken;
use super::{Decision, Observer, SealedError, TokenSummary};
use crate::{Error, Grant, OriginPattern, Parameters, Requirement, Scope, ScopeSet, TokenKind};

/// An active token on a request that may use it: the result of
/// [`Verifier::verify`](super::Verifier::verify).
///
/// SECURITY: only verification makes one, and only after every check: revocation, location, origin,
/// life, proof, rate limit and, if one was given, the requirement.
///
/// ```
/// # use daypass::{Error, Scope, verify::Access};
/// # fn read(access: &Access) -> Result<(), Error> {
/// access.require(&Scope::literal("floor:readPrivate")).tenant("northlight").resource("floor-1").check()
/// # }
/// ```
#[derive(Clone)]
pub struct Access {
    token: Arc<AuthenticToken>,
    observer: Option<Observer>,
}

impl Access {
    /// Makes an access from a token that passed `_evaluation`.
    pub(super) fn new(token: Arc<AuthenticToken>, observer: Option<Observer>, _evaluation: Evaluation) -> Access {
        Access { token, observer }
    }

    #[cfg(feature = "axum")]
    pub(super) fn token(&self) -> &AuthenticToken {
        &self.token
    }

    /// Returns the token's kind.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        self.token.kind
    }

    /// Returns the token's id: of an opaque token its record's, of a JWT its `jti`.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.token.id
    }

    /// Returns the id of the opaque token that a JWT was minted from.
    #[must_use]
    pub fn parent(&self) -> Option<&str> {
        self.token.parent.as_deref()
    }

    /// Returns the serial number of the opaque token at the root of the chain: this one, or the one
    /// that it was minted from.
    #[must_use]
    pub fn root_serial(&self) -> u64 {
        self.token.root_serial
    }

    /// Returns the organization that the token belongs to.
    #[must_use]
    pub fn organization(&self) -> &str {
        &self.token.organization
    }

    /// Returns what the token may do.
    #[must_use]
    pub fn grants(&self) -> &[Grant] {
        &self.token.grants
    }

    /// Returns all its scopes, whatever the tenant: to show them, not to decide by them.
    #[must_use]
    pub fn scopes(&self) -> ScopeSet {
        self.grants().iter().flat_map(|grant| grant.scopes.iter().cloned()).collect()
    }

    /// Returns the origins that may use it. Empty means any, except for a publishable token.
    #[must_use]
    pub fn origins(&self) -> &[OriginPattern] {
        &self.token.origins
    }

    /// Returns the visitor whom a temporary token is for, as the customer's backend named them.
    ///
    /// SECURITY: it is unique within the customer at most, so use it together with [`organization`](Access::organization).
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        self.token.rare.as_ref()?.subject.as_deref()
    }

    /// Returns what the customer's backend says of the visitor of a temporary token. It authorizes nothing: what the token may do
    /// is in its grants.
    #[must_use]
    pub fn claims(&self) -> &BTreeMap<String, String> {
        static NONE: BTreeMap<String, String> = BTreeMap::new();
        self.token.rare.as_ref().map_or(&NONE, |rare| &rare.claims)
    }

    /// Returns the sealed parameters of a bundle, which no page can read; `None` if the token has none.
    ///
    /// # Errors
    /// When the verifier lacks the key that they are sealed with, or they are not what the service writes. With `?` in a
    /// handler this becomes [`Error::Misconfigured`], and the log has the cause.
    pub fn sealed(&self) -> Result<Option<&Parameters>, SealedError> {
        match self.token.rare.as_ref().and_then(|rare| rare.sealed.as_ref()) {
            None => Ok(None),
            Some(Ok(parameters)) => Ok(Some(parameters)),
            Some(Err(cause)) => Err(*cause),
        }
    }

    /// Returns when it expires, in Unix seconds. Returns `None` if it never does.
    #[must_use]
    pub fn expires_at(&self) -> Option<u64> {
        self.token.expires_at()
    }

    /// Checks that the token has the scope for whatever tenant and resource.
    pub(super) fn check_scope(&self, scope: &Scope) -> Result<(), Error> {
        let verdict = self.token.check_scope(scope);
        // That it passed is no decision yet: the tenant is not known.
        if let Err(error) = &verdict {
            self.report(Some(error), None);
        }
        verdict
    }

    fn report(&self, error: Option<&Error>, requirement: Option<&Requirement<'_>>) {
        if let Some(observer) = &self.observer {
            let token = Some(TokenSummary::of(&self.token));
            observer.observe(&Decision { token, error, requirement, credentials: None, page: None });
        }
    }

    /// Begins a requirement of this scope; see the example above.
    pub fn require<'a>(&'a self, scope: &'a Scope) -> ScopeCheck<'a> {
        ScopeCheck { access: self, scope }
    }
}

/// Shows the token's summary, grants and life, and never its text.
impl fmt::Debug for Access {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Access")
            .field("kind", &self.kind())
            .field("id", &self.id())
            .field("parent", &self.parent())
            .field("organization", &self.organization())
            .field("grants", &self.grants())
            .field("origins", &self.origins())
            .field("expires_at", &self.expires_at())
            .finish_non_exhaustive()
    }
}

/// A required scope that still lacks its tenant.
#[must_use = "a requirement is only checked by `check`"]
pub struct ScopeCheck<'a> {
    access: &'a Access,
    scope: &'a Scope,
}

impl<'a> ScopeCheck<'a> {
    /// Names the tenant. No requirement exists without one, so that a forgotten tenant never means
    /// "any".
    pub fn tenant(self, tenant: &'a str) -> AccessCheck<'a> {
        AccessCheck { access: self.access, requirement: Requirement::new(self.scope, tenant) }
    }
}

/// A requirement on a token: a scope, its tenant, and resources.
#[must_use = "a requirement is only checked by `check`"]
pub struct AccessCheck<'a> {
    access: &'a Access,
    requirement: Requirement<'a>,
}

impl<'a> AccessCheck<'a> {
    /// Adds a resource of the scope's own type. The token must reach every named resource.
    pub fn resource(self, id: &'a str) -> AccessCheck<'a> {
        AccessCheck { requirement: self.requirement.resource(id), ..self }
    }

    /// Adds a resource of another type, such as the site of a floor. The token must reach every
    /// named resource.
    pub fn resource_of_type(self, kind: &'a str, id: &'a str) -> AccessCheck<'a> {
        AccessCheck { requirement: self.requirement.resource_of_type(kind, id), ..self }
    }

    /// Checks that the token meets the requirement. This is a decision, which the hook of
    /// [`Verifier::on_decision`](super::Verifier::on_decision) sees.
    ///
    /// # Errors
    /// [`Error::InsufficientScope`] with the required scope.
    pub fn check(self) -> Result<(), Error> {
        self.decide()
    }

    pub(super) fn decide(&self) -> Result<(), Error> {
        let verdict = self.access.token.check_requirement(&self.requirement);
        self.access.report(verdict.as_ref().err(), Some(&self.requirement));
        verdict
    }

    pub(super) fn into_parts(self) -> (&'a Access, Requirement<'a>) {
        (self.access, self.requirement)
    }

    /// Returns whether the token meets the requirement. Unlike `check` this is no decision: use it
    /// to choose what to show, such as the entries of a list.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.access.token.check_requirement(&self.requirement).is_ok()
    }
}
