//! What a verified token may do: [`Access`].

use crate::{Denied, Grant, Need, OriginPattern, Scope, ScopeSet, TokenKind};

/// A genuine, living token on a request that may use it. Only [`Verifier`](super::Verifier) makes one.
///
/// ```
/// # use daypass::{Denied, Scope, verify::Access};
/// # fn read(access: &Access) -> Result<(), Denied> {
/// access.require(&Scope::literal("floor:readPrivate")).on("northlight").of("floor-1").check()
/// # }
/// ```
#[derive(Debug, Clone)]
pub struct Access {
    pub(super) kind: TokenKind,
    pub(super) id: String,
    pub(super) serial: u64,
    pub(super) parent: Option<String>,
    pub(super) organization: String,
    pub(super) grants: Vec<Grant>,
    pub(super) origins: Vec<OriginPattern>,
    pub(super) expires_at: Option<u64>,
}

impl Access {
    /// The token's kind.
    #[must_use]
    pub fn kind(&self) -> TokenKind {
        self.kind
    }

    /// The token's id: the record's for a stored token, the `jti` for a signed one.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The id of the stored token that a signed one was minted from.
    #[must_use]
    pub fn parent(&self) -> Option<&str> {
        self.parent.as_deref()
    }

    /// The serial number of the stored token: of this one, or of the one that a signed one was minted from.
    #[must_use]
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// The organization that the token belongs to.
    #[must_use]
    pub fn organization(&self) -> &str {
        &self.organization
    }

    /// What the token may do.
    #[must_use]
    pub fn grants(&self) -> &[Grant] {
        &self.grants
    }

    /// All its scopes, whatever the tenant: for showing, not for deciding.
    #[must_use]
    pub fn scopes(&self) -> ScopeSet {
        self.grants.iter().flat_map(|grant| grant.scopes.iter().cloned()).collect()
    }

    /// Where it may be used; nowhere in particular if empty.
    #[must_use]
    pub fn origins(&self) -> &[OriginPattern] {
        &self.origins
    }

    /// When it ends, in Unix seconds, if ever.
    #[must_use]
    pub fn expires_at(&self) -> Option<u64> {
        self.expires_at
    }

    /// Begins a requirement; see the example above.
    pub fn require<'a>(&'a self, scope: &'a Scope) -> ScopeRequirement<'a> {
        ScopeRequirement { access: self, scope }
    }

    /// Whether one of the grants meets the need.
    ///
    /// # Errors
    /// [`Denied::InsufficientScope`] with the scope that was needed.
    pub fn meets(&self, need: &Need<'_>) -> Result<(), Denied> {
        if self.grants.iter().any(|grant| grant.allows(need)) {
            Ok(())
        } else {
            Err(Denied::InsufficientScope(need.scope().clone()))
        }
    }
}

/// A scope that is required, as yet on no tenant.
#[must_use = "a requirement is only checked by `check`"]
pub struct ScopeRequirement<'a> {
    access: &'a Access,
    scope: &'a Scope,
}

impl<'a> ScopeRequirement<'a> {
    /// The tenant it is required on. There is no requirement without one: a tenant that was forgotten must not be "any".
    pub fn on(self, tenant: &'a str) -> Requirement<'a> {
        Requirement { access: self.access, need: Need::new(self.scope, tenant) }
    }
}

/// What is required of a token.
#[must_use = "a requirement is only checked by `check`"]
pub struct Requirement<'a> {
    access: &'a Access,
    need: Need<'a>,
}

impl<'a> Requirement<'a> {
    /// The resource it is required for, of the type that the scope is about. Of several, every one must be open.
    pub fn of(self, id: &'a str) -> Requirement<'a> {
        Requirement { need: self.need.of(id), ..self }
    }

    /// A resource of this type that it is required for, such as the site that a floor is on. Of several, every one must be
    /// open.
    pub fn of_type(self, kind: &'a str, id: &'a str) -> Requirement<'a> {
        Requirement { need: self.need.of_type(kind, id), ..self }
    }

    /// Whether the token meets it.
    ///
    /// # Errors
    /// [`Denied::InsufficientScope`] with the scope that was needed.
    pub fn check(self) -> Result<(), Denied> {
        self.access.meets(&self.need)
    }
}
