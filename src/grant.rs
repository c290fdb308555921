//! Who may do what where: [`Grant`], and the [`Requirement`] that a request compares it with.

use serde::{Deserialize, Serialize};

use crate::jwt::object::objects;
use crate::{Scope, ScopeSet};

/// Scopes within one tenant, optionally for some resources only. A token holds grants; without one it opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Grant {
    /// The tenant (organization, site, workspace) that it is for, or `*` for all.
    pub tenant: String,
    /// What it allows.
    pub scopes: ScopeSet,
    /// Limits. Where resources of a type are listed, the token reaches only these of that type and creates none.
    /// Other types are not limited.
    #[serde(default, deserialize_with = "objects", skip_serializing_if = "Vec::is_empty")]
    pub resources: Vec<Resource>,
}

/// One resource of a product.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Resource {
    /// Its type, named like the resource of a scope: `floor`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its id within the product.
    pub id: String,
}

/// What a request needs: a scope on a tenant, and for which resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Requirement<'a> {
    scope: &'a Scope,
    tenant: &'a str,
    resources: Vec<(&'a str, &'a str)>,
}

impl<'a> Requirement<'a> {
    /// Requires a scope on a tenant.
    ///
    /// While no resource of the scope's own type is named, the requirement is for all of them: a grant that is limited to
    /// some does not meet it. A scope for one resource names that resource.
    #[must_use]
    pub fn new(scope: &'a Scope, tenant: &'a str) -> Requirement<'a> {
        let named = scope.resource_id().map(|id| (scope.resource(), id));
        Requirement { scope, tenant, resources: named.into_iter().collect() }
    }

    /// Adds a resource of the scope's own type. The grant must reach every named resource.
    #[must_use]
    pub fn resource(self, id: &'a str) -> Requirement<'a> {
        let kind = self.scope.resource();
        self.resource_of_type(kind, id)
    }

    /// Adds a resource of another type, such as the site of a floor. The grant must reach every named resource.
    #[must_use]
    pub fn resource_of_type(mut self, kind: &'a str, id: &'a str) -> Requirement<'a> {
        self.resources.push((kind, id));
        self
    }

    /// Iterates over the named resources; then, unless one is of the scope's own type, over all of that type: `None`.
    fn targets(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        let own = self.scope.resource();
        let is_named = self.resources.iter().any(|(kind, _)| *kind == own);
        let all_of_own = (!is_named).then_some((own, None));
        self.resources.iter().map(|(kind, id)| (*kind, Some(*id))).chain(all_of_own)
    }

    /// Returns the ids of the named resources of this type.
    pub fn resources_of_type(&self, kind: &str) -> impl Iterator<Item = &'a str> {
        self.resources.iter().filter(move |(named, _)| *named == kind).map(|(_, id)| *id)
    }

    /// Returns the required scope.
    #[must_use]
    pub fn scope(&self) -> &'a Scope {
        self.scope
    }

    /// Returns the tenant on which it is required.
    #[must_use]
    pub fn tenant(&self) -> &'a str {
        self.tenant
    }
}

impl Grant {
    /// Returns whether this grant alone meets the requirement.
    #[must_use]
    pub fn allows(&self, requirement: &Requirement<'_>) -> bool {
        let scope = requirement.scope;
        let has_scope = |id| self.scopes.iter().any(|held| held.covers_for(scope, id));
        self.has_tenant(requirement.tenant)
            && requirement
                .targets()
                .all(|(kind, id)| self.reaches(kind, id) && (kind != scope.resource() || has_scope(id)))
    }

    /// Returns whether the grant has the scope for one resource at least.
    #[must_use]
    pub fn has_scope(&self, scope: &Scope) -> bool {
        self.scopes.iter().any(|held| held.covers_for(scope, scope.resource_id().or(held.resource_id())))
    }

    /// Returns whether `child` is no wider than this grant in any respect.
    #[must_use]
    pub fn covers(&self, child: &Grant) -> bool {
        let keeps_limits = self.resources.iter().all(|limit| {
            let mut same_type = child.resources.iter().filter(|r| r.kind == limit.kind).peekable();
            same_type.peek().is_some() && same_type.all(|resource| self.resources.contains(resource))
        });
        self.has_tenant(&child.tenant) && self.scopes.covers_all(&child.scopes) && keeps_limits
    }

    /// Returns whether the grant is for this tenant.
    #[must_use]
    pub fn has_tenant(&self, tenant: &str) -> bool {
        self.tenant == "*" || self.tenant == tenant
    }

    fn reaches(&self, kind: &str, id: Option<&str>) -> bool {
        // A requirement for everything needs a grant without limits.
        if kind == "*" {
            return self.resources.is_empty();
        }
        let mut limits = self.resources.iter().filter(|limit| limit.kind == kind).peekable();
        limits.peek().is_none() || limits.any(|limit| Some(&*limit.id) == id)
    }
}
