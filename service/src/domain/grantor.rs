//! Who creates or edits a token, and which scopes they can give it: [`Grantor`].

use daypass::api::{Role, TokenRecord};
use daypass::verify::Access;
use daypass::{Error, Grant, Resource, Scope, ScopeSet, TokenKind};

use super::catalogs::Catalogs;
use super::membership::Membership;
use super::personal_token;
use super::role;
use super::token_owner::ADMINISTER;

/// Who creates or edits a token. A token never has more than its grantor holds.
pub(crate) struct Grantor<'a> {
    organization: &'a str,
    /// The id and the serial number of the token that it holds; none for the operator and for users.
    token: Option<(&'a str, u64)>,
    /// The user that it is.
    user: Option<&'a Membership>,
    grants: Vec<Grant>,
}

impl<'a> Grantor<'a> {
    /// The holder of a token.
    pub(crate) fn holder(access: &'a Access) -> Grantor<'a> {
        let token = Some((access.id(), access.root_serial()));
        Grantor { organization: access.organization(), token, user: None, grants: access.grants().to_vec() }
    }

    /// A user of an organization, who holds what the role may give.
    pub(crate) fn user(user: &'a Membership, catalogs: &Catalogs) -> Grantor<'a> {
        let organization = &*user.organization;
        let scopes = role::grantable(user.role, catalogs);
        let grants = vec![Grant { tenant: organization.to_owned(), scopes, resources: vec![] }];
        Grantor { organization, token: None, user: Some(user), grants }
    }

    /// The operator, who has the store's file and so holds everything.
    pub(crate) fn operator(organization: &'a str) -> Grantor<'a> {
        let everything = Grant { tenant: "*".into(), scopes: [Scope::ALL].into_iter().collect(), resources: vec![] };
        Grantor { organization, token: None, user: None, grants: vec![everything] }
    }

    /// Returns the organization that the token will belong to.
    pub(crate) fn organization(&self) -> &str {
        self.organization
    }

    /// Returns the id and the serial number of the token that it creates others with, if it has one.
    pub(crate) fn token(&self) -> Option<(&str, u64)> {
        self.token
    }

    /// Returns the id by which a token names who created it, if there is one.
    pub(crate) fn id(&self) -> Option<&str> {
        self.token.map(|(id, _)| id).or(self.user.map(|user| &*user.principal))
    }

    /// Returns the role of the user that it is, if it is one.
    pub(crate) fn role(&self) -> Option<Role> {
        self.user.map(|user| user.role)
    }

    /// Returns the owner that is requested for a new token. That of a user is the user.
    ///
    /// # Errors
    /// [`Error::InsufficientRole`] for another owner than the user, unless the role manages others.
    pub(crate) fn owner(&self, requested: Option<String>) -> Result<Option<String>, Error> {
        let Some(user) = self.user else { return Ok(requested) };
        let owner = requested.unwrap_or_else(|| user.principal.clone());
        if owner == user.principal || self.is_administrator() {
            Ok(Some(owner))
        } else {
            Err(Error::InsufficientRole(user.role.to_string()))
        }
    }

    /// Requires that it may revoke a token, beside the scope for that.
    ///
    /// # Errors
    /// [`Error::InsufficientRole`] for a user whose role does not reach so far.
    pub(crate) fn require_revocable(&self, record: &TokenRecord) -> Result<(), Error> {
        match self.user {
            Some(user) if !role::may_revoke(user.role, &record.grants) => {
                Err(Error::InsufficientRole(user.role.to_string()))
            }
            _ => Ok(()),
        }
    }

    /// Returns whether it may administer the organization.
    pub(crate) fn is_administrator(&self) -> bool {
        if let Some(user) = self.user {
            return role::may_manage(user.role, user.role);
        }
        let place = Grant { tenant: self.organization.to_owned(), scopes: ScopeSet::default(), resources: vec![] };
        self.holds(&ADMINISTER, &place)
    }

    /// Returns a grant of a new token of this kind, with the requested scopes or those that it has by default.
    ///
    /// # Errors
    /// [`Error::InvalidScope`], which names the first scope that cannot be given.
    pub(crate) fn grant(
        &self,
        kind: TokenKind,
        requested: Option<&ScopeSet>,
        tenant: String,
        resources: Vec<Resource>,
        catalogs: &Catalogs,
    ) -> Result<Grant, Error> {
        // A verifier of the token will read the resources with these limits.
        let limits = [resources.clone(), catalogs.whole().canonical_limits(&resources)].concat();
        let place = Grant { tenant, scopes: ScopeSet::default(), resources: limits };
        let scopes = self.scopes(kind, requested, &place, catalogs)?;
        Ok(Grant { scopes, resources, ..place })
    }

    /// Returns the scopes of a new token of this kind, for the tenant and resources of `place`.
    fn scopes(
        &self,
        kind: TokenKind,
        requested: Option<&ScopeSet>,
        place: &Grant,
        catalogs: &Catalogs,
    ) -> Result<ScopeSet, Error> {
        match requested {
            Some(requested) => {
                let requested = catalogs.resolve(requested, &place.resources)?;
                self.check_requested(kind, &requested, place, catalogs)?;
                Ok(requested)
            }
            None => self.default_scopes(kind, place, catalogs),
        }
    }

    fn check_requested(
        &self,
        kind: TokenKind,
        requested: &ScopeSet,
        place: &Grant,
        catalogs: &Catalogs,
    ) -> Result<(), Error> {
        let publishable = catalogs.publishable();
        for scope in requested.iter() {
            if kind == TokenKind::Publishable && !publishable.covers(scope) {
                return Err(Error::InvalidScope(format!("A publishable token cannot hold `{scope}`.")));
            }
            if !self.holds(scope, place) {
                return Err(not_held(scope));
            }
        }
        Ok(())
    }

    /// Returns as much as can be given of what tokens of this kind hold by default.
    fn default_scopes(&self, kind: TokenKind, place: &Grant, catalogs: &Catalogs) -> Result<ScopeSet, Error> {
        let default = match kind {
            TokenKind::Publishable => catalogs.publishable(),
            TokenKind::Secret => catalogs.product().all(),
            _ => return Err(Error::InvalidScope(format!("A token of the kind {kind} must name its scopes."))),
        };
        if default.is_empty() {
            let why =
                format!("The catalogue has no scope for a {kind} token: name scopes, or mark some as publishable.");
            return Err(Error::InvalidScope(why));
        }
        let scopes = self.held(place).intersection(&default);
        if scopes.is_empty() {
            let why = format!("Your token holds none of the scopes that a {kind} token has by default.");
            return Err(Error::InvalidScope(why));
        }
        Ok(scopes)
    }

    /// Returns everything that it can give a token of its organization, and the kind of a token that has all of it.
    ///
    /// SECURITY: a token with a user's rights loses them with the user, and with a lower role. A personal token does for
    /// the product's scopes, and can have no others. Scopes of Daypass are in a secret token, which belongs to the user and
    /// is revoked with a role that may no longer give them. A user who may give those cannot keep it by any lower role.
    ///
    /// # Errors
    /// [`Error::InvalidScope`] if it can give nothing.
    pub(crate) fn everything(&self, catalogs: &Catalogs) -> Result<(TokenKind, ScopeSet), Error> {
        let organization = self.organization.to_owned();
        let place = Grant { tenant: organization, scopes: ScopeSet::default(), resources: vec![] };
        let scopes = self.held(&place).intersection(&catalogs.all());
        if scopes.is_empty() {
            return Err(Error::InvalidScope("You hold no scope for all of your organization.".into()));
        }
        let is_personal = self.user.is_some() && !scopes.iter().any(Scope::is_of_daypass);
        if !is_personal {
            return Ok((TokenKind::Secret, scopes));
        }
        let has = |scope: &&Scope| !scope.covers(&personal_token::WRITE);
        Ok((TokenKind::Personal, scopes.iter().filter(has).cloned().collect()))
    }

    /// Requires that the grantor holds everything that a token with these grants holds.
    ///
    /// # Errors
    /// [`Error::InsufficientScope`], which names the first scope that is not held.
    pub(crate) fn require_all(&self, grants: &[Grant], catalogs: &Catalogs) -> Result<(), Error> {
        for grant in grants {
            // Stored grants may have older names of scopes and types.
            let scopes = catalogs.whole().canonical_scopes(&grant.scopes, &grant.resources);
            let limits = [grant.resources.clone(), catalogs.whole().canonical_limits(&grant.resources)].concat();
            let place = Grant { resources: limits, ..grant.clone() };
            if let Some(missing) = scopes.iter().find(|scope| !self.holds(scope, &place)) {
                return Err(Error::InsufficientScope { scope: missing.clone(), tenant: None });
            }
        }
        Ok(())
    }

    /// Returns all scopes that the grantor holds for the tenant and resources of `place`.
    fn held(&self, place: &Grant) -> ScopeSet {
        let nothing = Grant { scopes: ScopeSet::default(), ..place.clone() };
        let in_place = self.grants.iter().filter(|held| held.covers(&nothing));
        in_place.flat_map(|held| held.scopes.iter().cloned()).collect()
    }

    /// Returns whether the grantor holds this scope, for the tenant and resources of `place`.
    fn holds(&self, scope: &Scope, place: &Grant) -> bool {
        let new = Grant { scopes: [scope.clone()].into_iter().collect(), ..place.clone() };
        self.grants.iter().any(|held| held.covers(&new))
    }
}

/// The error for a scope that the caller's token cannot pass on.
pub(super) fn not_held(scope: &Scope) -> Error {
    Error::InvalidScope(format!("Your token lacks `{scope}` for the resources requested."))
}
