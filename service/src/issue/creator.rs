//! Who makes a token, and which scopes they can give it.

use daypass::verify::Access;
use daypass::{Error, Grant, Scope, ScopeSet, TokenKind};

use super::not_held;
use crate::catalogs::Catalogs;

/// Who makes a token. What they hold bounds what they can give.
pub(crate) struct Grantor<'a> {
    organization: &'a str,
    grants: Vec<Grant>,
}

impl<'a> Grantor<'a> {
    /// The holder of a token.
    pub(crate) fn holder(access: &'a Access) -> Grantor<'a> {
        Grantor { organization: access.organization(), grants: access.grants().to_vec() }
    }

    /// Whoever has the store's file, and with it everything.
    pub(crate) fn operator(organization: &'a str) -> Grantor<'a> {
        let everything = Grant { tenant: "*".into(), scopes: [Scope::ALL].into_iter().collect(), resources: vec![] };
        Grantor { organization, grants: vec![everything] }
    }

    /// Whether they hold this scope in the tenant, and for the resources, of `place`.
    fn holds(&self, scope: &Scope, place: &Grant) -> bool {
        let given = Grant { scopes: [scope.clone()].into_iter().collect(), ..place.clone() };
        self.grants.iter().any(|held| held.covers(&given))
    }

    /// The organization that the token will belong to.
    pub(super) fn organization(&self) -> &str {
        self.organization
    }

    /// The scopes of a new token of this kind in the tenant, and for the resources, of `place`.
    pub(super) fn scopes(
        &self,
        kind: TokenKind,
        asked: Option<&ScopeSet>,
        place: &Grant,
        catalogs: &Catalogs,
    ) -> Result<ScopeSet, Error> {
        match asked {
            Some(asked) => self.asked_scopes(kind, catalogs.resolve(asked, &place.resources)?, place, catalogs),
            None => self.default_scopes(kind, place, catalogs),
        }
    }

    /// All that is asked for, or a refusal that names the first scope that cannot be given.
    fn asked_scopes(
        &self,
        kind: TokenKind,
        asked: ScopeSet,
        place: &Grant,
        catalogs: &Catalogs,
    ) -> Result<ScopeSet, Error> {
        let publishable = catalogs.publishable();
        for scope in asked.iter() {
            if kind == TokenKind::Publishable && !publishable.covers(scope) {
                return Err(Error::InvalidScope(format!("A publishable token cannot hold `{scope}`.")));
            }
            if !self.holds(scope, place) {
                return Err(not_held(scope));
            }
        }
        Ok(asked)
    }

    /// As much as can be given of what tokens of this kind hold by default.
    fn default_scopes(&self, kind: TokenKind, place: &Grant, catalogs: &Catalogs) -> Result<ScopeSet, Error> {
        let default = match kind {
            TokenKind::Publishable => catalogs.publishable(),
            TokenKind::Secret => catalogs.product().all(),
            _ => return Err(Error::InvalidScope(format!("A token of the kind {kind} must name its scopes."))),
        };
        let nothing = Grant { scopes: ScopeSet::default(), ..place.clone() };
        let there = self.grants.iter().filter(|held| held.covers(&nothing));
        let held: ScopeSet = there.flat_map(|held| held.scopes.iter().cloned()).collect();
        let scopes = held.intersection(&default);
        if scopes.is_empty() {
            return Err(Error::InvalidScope(format!("Whoever asks holds nothing that a {kind} token has by default.")));
        }
        Ok(scopes)
    }
}
