//! Who may do what where: [`Grant`], and the [`Need`] it is held against.

use serde::{Deserialize, Serialize};

use crate::{Scope, ScopeSet};

/// Scopes within one tenant, optionally only for some resources. A token holds grants; without one it opens nothing.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

/// What a request needs: a scope on a tenant, and for which resources.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need<'a> {
    scope: &'a Scope,
    tenant: &'a str,
    resources: Vec<(&'a str, &'a str)>,
}

impl<'a> Need<'a> {
    /// A scope on a tenant. As long as no resource of the scope's own type is named, a grant that is limited to some of them
    /// is not enough. A scope for one resource names it.
    #[must_use]
    pub fn new(scope: &'a Scope, tenant: &'a str) -> Need<'a> {
        let named = scope.resource_id().map(|id| (scope.resource(), id));
        Need { scope, tenant, resources: named.into_iter().collect() }
    }

    /// For the resource with this id, of the type that the scope is about. Every resource that is named must be open.
    #[must_use]
    pub fn of(self, id: &'a str) -> Need<'a> {
        let kind = self.scope.resource();
        self.of_type(kind, id)
    }

    /// For a resource of this type, such as the site that a floor is on. Every resource that is named must be open.
    #[must_use]
    pub fn of_type(mut self, kind: &'a str, id: &'a str) -> Need<'a> {
        self.resources.push((kind, id));
        self
    }

    /// The resources that are named and, where none is of the scope's own type, all of that type: `None`.
    fn targets(&self) -> impl Iterator<Item = (&'a str, Option<&'a str>)> {
        let own = self.scope.resource();
        let is_named = self.resources.iter().any(|(kind, _)| *kind == own);
        let all_of_own = (!is_named).then_some((own, None));
        self.resources.iter().map(|(kind, id)| (*kind, Some(*id))).chain(all_of_own)
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
        let holds = |id| self.scopes.iter().any(|held| held.covers_for(need.scope, id));
        self.has_tenant(need.tenant)
            && need.targets().all(|(kind, id)| self.reaches(kind, id) && (kind != need.scope.resource() || holds(id)))
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
