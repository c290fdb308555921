//! Who may do what where: [`Grant`], and the [`Need`] it is held against.

use serde::{Deserialize, Serialize};

use crate::{Scope, ScopeSet};

/// Scopes within one tenant, optionally only for some resources. A token holds grants; without one it opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The tenant (organization, site, workspace) it is for, or `*` for all.
    pub tenant: String,
    /// What may be done.
    pub scopes: ScopeSet,
    /// If any resource of a type is listed, only the listed ones of that type can be touched, and none can be created.
    /// Other types are left alone.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
}

/// One resource of a product.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// Its type, named like the resource of a scope: `floor`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id within the product.
    pub id: String,
}

/// What a request needs: a scope on a tenant, and for which resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Need<'a> {
    scope: &'a Scope,
    tenant: &'a str,
    resource: Option<(&'a str, &'a str)>,
}

impl<'a> Need<'a> {
    /// A scope on a tenant. As long as no resource is named, a grant that is limited to some of them is not enough.
    #[must_use]
    pub fn new(scope: &'a Scope, tenant: &'a str) -> Need<'a> {
        Need { scope, tenant, resource: None }
    }

    /// For the resource with this id, of the type that the scope is about.
    #[must_use]
    pub fn of(self, id: &'a str) -> Need<'a> {
        Need { resource: Some((self.scope.resource(), id)), ..self }
    }

    /// For a resource of another type than the scope's.
    #[must_use]
    pub fn of_type(self, kind: &'a str, id: &'a str) -> Need<'a> {
        Need { resource: Some((kind, id)), ..self }
    }

    /// The scope that is needed.
    #[must_use]
    pub fn scope(&self) -> &'a Scope {
        self.scope
    }
}

impl Grant {
    /// Whether this grant alone meets the need.
    #[must_use]
    pub fn allows(&self, need: &Need<'_>) -> bool {
        let own_id = need.resource.filter(|(kind, _)| *kind == need.scope.resource()).map(|(_, id)| id);
        self.has_tenant(need.tenant)
            && self.scopes.iter().any(|held| held.covers_for(need.scope, own_id))
            && self
                .reaches(need.resource.map_or(need.scope.resource(), |(kind, _)| kind), need.resource.map(|(_, id)| id))
    }

    /// Whether `child` is no wider than this grant in any respect.
    #[must_use]
    pub fn covers(&self, child: &Grant) -> bool {
        let limits_kept = self.resources.iter().all(|limit| {
            let mut same_type = child.resources.iter().filter(|r| r.kind == limit.kind).peekable();
            same_type.peek().is_some() && same_type.all(|resource| self.resources.contains(resource))
        });
        self.has_tenant(&child.tenant) && self.scopes.covers_all(&child.scopes) && limits_kept
    }

    fn has_tenant(&self, tenant: &str) -> bool {
        self.tenant == "*" || self.tenant == tenant
    }

    fn reaches(&self, kind: &str, id: Option<&str>) -> bool {
        // Who needs everything is not content with less.
        if kind == "*" {
            return self.resources.is_empty();
        }
        let mut limits = self.resources.iter().filter(|limit| limit.kind == kind).peekable();
        limits.peek().is_none() || limits.any(|limit| Some(&*limit.id) == id)
    }
}
