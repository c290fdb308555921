//! What a verified token may do: [`Access`].

use std::fmt;
use std::sync::Arc;

use super::token::Token;
use super::{Decision, Observer};
use crate::{Error, Grant, OriginPattern, Requirement, Scope, ScopeSet, TokenKind};

/// A genuine, living token on a request that may use it. Only [`Verifier`](super::Verifier) makes one.
///
/// ```
/// # use daypass::{Error, Scope, verify::Access};
/// # fn read(access: &Access) -> Result<(), Error> {
/// access.require(&Scope::literal("floor:readPrivate")).tenant("northlight").resource("floor-1").check()
/// # }
/// ```
#[derive(Clone)]
pub struct Access {
    token: Arc<Token>,
    observer: Option<Observer>,
}

impl Access {
    pub(super) fn new(token: Arc<Token>, observer: Option<Observer>) -> Access {
        Access { token, observer }
    }

    pub(super) fn token(&self) -> &Token {
        &self.token
    }

    /// The token's kind.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        self.token.kind
    }

    /// The token's id: the record's for a stored token, the `jti` for a signed one.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.token.id
    }

    /// The id of the stored token that a signed one was minted from.
    #[must_use]
    pub fn parent(&self) -> Option<&str> {
        self.token.parent.as_deref()
    }

    /// The serial number of the stored token: of this one, or of the one that a signed one was minted from.
    #[must_use]
    pub fn root_serial(&self) -> u64 {
        self.token.root_serial
    }

    /// The organization that the token belongs to.
    #[must_use]
    pub fn organization(&self) -> &str {
        &self.token.organization
    }

    /// What the token may do.
    #[must_use]
    pub fn grants(&self) -> &[Grant] {
        &self.token.grants
    }

    /// All its scopes, whatever the tenant: for showing, not for deciding.
    #[must_use]
    pub fn scopes(&self) -> ScopeSet {
        self.grants().iter().flat_map(|grant| grant.scopes.iter().cloned()).collect()
    }

    /// Where it may be used; nowhere in particular if empty.
    #[must_use]
    pub fn origins(&self) -> &[OriginPattern] {
        &self.token.origins
    }

    /// When it ends, in Unix seconds, if ever.
    #[must_use]
    pub fn expires_at(&self) -> Option<u64> {
        self.token.expires_at
    }

    /// Begins a requirement; see the example above.
    pub fn require<'a>(&'a self, scope: &'a Scope) -> ScopeCheck<'a> {
        ScopeCheck { access: self, scope }
    }

    /// Whether one of the grants meets the need, and tokens of this kind may do such a thing at all.
    ///
    /// # Errors
    /// [`Error::InsufficientScope`] with the scope that was needed.
    pub(super) fn meets(&self, requirement: &Requirement<'_>) -> Result<(), Error> {
        if self.kind().may(requirement.scope()) && self.grants().iter().any(|grant| grant.allows(requirement)) {
            return Ok(());
        }
        let tenant = requirement.tenant();
        let has_tenant = self.grants().iter().any(|grant| grant.has_tenant(tenant));
        Err(Error::InsufficientScope {
            scope: requirement.scope().clone(),
            tenant: (!has_tenant).then(|| tenant.to_owned()),
        })
    }
}

/// Shows what the token is, not who observes it.
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

/// A scope that is required, as yet on no tenant.
#[must_use = "a requirement is only checked by `check`"]
pub struct ScopeCheck<'a> {
    access: &'a Access,
    scope: &'a Scope,
}

impl<'a> ScopeCheck<'a> {
    /// The tenant it is required on. There is no requirement without one: a tenant that was forgotten must not be "any".
    pub fn tenant(self, tenant: &'a str) -> AccessCheck<'a> {
        AccessCheck { access: self.access, requirement: Requirement::new(self.scope, tenant) }
    }
}

/// What is required of a token.
#[must_use = "a requirement is only checked by `check`"]
pub struct AccessCheck<'a> {
    access: &'a Access,
    requirement: Requirement<'a>,
}

impl<'a> AccessCheck<'a> {
    /// The resource it is required for, of the type that the scope is about. Of several, every one must be open.
    pub fn resource(self, id: &'a str) -> AccessCheck<'a> {
        AccessCheck { requirement: self.requirement.resource(id), ..self }
    }

    /// A resource of this type that it is required for, such as the site that a floor is on. Of several, every one must be
    /// open.
    pub fn resource_of_type(self, kind: &'a str, id: &'a str) -> AccessCheck<'a> {
        AccessCheck { requirement: self.requirement.resource_of_type(kind, id), ..self }
    }

    /// Whether the token meets it. This is a decision: whoever observes them hears of it.
    ///
    /// # Errors
    /// [`Error::InsufficientScope`] with the scope that was needed.
    pub fn check(self) -> Result<(), Error> {
        let verdict = self.access.meets(&self.requirement);
        if let Some(observer) = &self.access.observer {
            observer.observe(&Decision {
                access: Some(self.access),
                error: verdict.as_ref().err(),
                requirement: Some(&self.requirement),
                credentials: None,
            });
        }
        verdict
    }

    /// The same as a question, of which nobody hears: to choose what to show, such as the entries of a list.
    #[must_use]
    pub fn is_met(&self) -> bool {
        self.access.meets(&self.requirement).is_ok()
    }
}
