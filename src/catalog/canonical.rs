//! Canonical scopes: what aliases stand for, and which limits follow them.

use std::collections::{BTreeMap, BTreeSet};

use super::{Alias, Catalog};
use crate::{Resource, Scope, ScopeSet};

impl Catalog {
    /// Resolves requested scopes to canonical ones, and checks each against the catalogue.
    ///
    /// What an alias stands for is taken as it is. A narrowed scope stays narrowed; `*` and `resource:*` stay as they are.
    ///
    /// SECURITY: a limit to some resources of a type ([`Grant::resources`](crate::Grant::resources)) is kept where an alias
    /// turns a scope of that type into one of another. It becomes the scope's own: `field:read`, limited to the field `f1`,
    /// becomes `value:read:f1` where `value:read` is canonical.
    ///
    /// # Errors
    /// The first scope that the catalogue does not know, or of which the limits leave nothing.
    pub fn resolve(&self, requested: &ScopeSet, limits: &[Resource]) -> Result<ScopeSet, Scope> {
        let mut resolved = Vec::new();
        for scope in requested.iter() {
            // A scope of which the limits leave nothing is an error too: it is never left out silently.
            let canonical = self.canonical(scope, limits).filter(|canonical| !canonical.is_empty());
            resolved.extend(canonical.ok_or_else(|| scope.clone())?);
        }
        Ok(resolved.into_iter().collect())
    }

    /// Like [`resolve`](Catalog::resolve), but keeps scopes that the catalogue does not know: tokens outlive catalogues.
    #[must_use]
    pub fn canonical_scopes(&self, held: &ScopeSet, limits: &[Resource]) -> ScopeSet {
        held.iter().flat_map(|scope| self.canonical(scope, limits).unwrap_or_else(|| vec![scope.clone()])).collect()
    }

    /// Returns the limits to add to `limits` for canonical types of resources.
    ///
    /// A limit follows from an alias's type to the canonical one, since a token that holds `*` holds it by every name, and
    /// what is done on one type may name resources of another
    /// ([`Requirement::resource_of_type`](crate::Requirement::resource_of_type)).
    ///
    /// SECURITY: this only narrows. Where the canonical type has limits of its own, these stay alone. Where several older types
    /// became one, only what each of them was limited to remains: possibly nothing, which is the id ` `.
    #[must_use]
    pub fn canonical_limits(&self, limits: &[Resource]) -> Vec<Resource> {
        let ids = |kind: &str| -> BTreeSet<&str> {
            limits.iter().filter(|limit| limit.kind == kind).map(|limit| limit.id.as_str()).collect()
        };
        let mut canonical: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for Alias { alias, scopes } in &self.aliases {
            let older = ids(alias.resource());
            for kind in scopes.iter().map(Scope::resource).filter(|kind| !older.is_empty() && ids(kind).is_empty()) {
                canonical.entry(kind).and_modify(|ids| ids.retain(|id| older.contains(id))).or_insert(older.clone());
            }
        }
        let limit = |kind: &str, id: &str| Resource { kind: kind.to_owned(), id: id.to_owned() };
        canonical
            .into_iter()
            .flat_map(|(kind, ids)| {
                let nothing = ids.is_empty().then(|| limit(kind, " "));
                ids.into_iter().map(move |id| limit(kind, id)).chain(nothing)
            })
            .collect()
    }

    /// Returns the canonical scopes of one scope; `None` if the catalogue does not know it.
    ///
    /// A scope that is in the catalogue, or that only a `resource:*` of the catalogue covers, is canonical itself.
    fn canonical(&self, scope: &Scope, limits: &[Resource]) -> Option<Vec<Scope>> {
        let is_wildcard = |scope: &Scope| scope.action() == "*";
        let mut known = self.scopes.iter().map(|entry| &entry.scope);
        let is_canonical = *scope == Scope::ALL
            || known.clone().any(|known| {
                (!is_wildcard(known) && known.covers(scope))
                    || (is_wildcard(scope) && scope.resource() == known.resource())
            });
        // SECURITY: an alias matches up to the resource's id, and no further. The alias `chair:*` for `seat:*` must not turn one
        // action on a chair into every action on a seat, and `*` is no alias.
        let is_alias = |Alias { alias, .. }: &&Alias| {
            alias.resource() == scope.resource() && alias.action() == scope.action() && alias.covers(scope)
        };
        match self.aliases.iter().find(is_alias) {
            Some(alias) if !is_canonical => {
                let canonical: Option<Vec<Scope>> =
                    alias.scopes.iter().map(|canonical| narrow(canonical, scope.resource_id())).collect();
                Some(canonical?.into_iter().flat_map(|canonical| limit(canonical, scope.resource(), limits)).collect())
            }
            _ => (is_canonical || known.any(|known| known.covers(scope))).then(|| vec![scope.clone()]),
        }
    }
}

/// Returns what the limits of resources of `kind` leave of a scope whose alias was about that type.
fn limit(scope: Scope, kind: &str, limits: &[Resource]) -> Vec<Scope> {
    let mut limits = limits.iter().filter(|limit| limit.kind == kind).peekable();
    if scope.resource() == kind || limits.peek().is_none() {
        return vec![scope];
    }
    match scope.resource_id() {
        Some(id) => limits.any(|limit| limit.id == id).then_some(scope).into_iter().collect(),
        None => limits.filter_map(|limit| narrow(&scope, Some(&limit.id))).collect(),
    }
}

/// Narrows a scope to one resource. Returns `None` for `*` and for a scope that is narrowed already.
fn narrow(scope: &Scope, resource_id: Option<&str>) -> Option<Scope> {
    match resource_id {
        None => Some(scope.clone()),
        Some(id) => format!("{scope}:{id}").parse().ok(),
    }
}
