//! A change of the catalogue: which scopes of tokens it removes.

use daypass::{Alias, Catalog, Grant, Scope, ScopeSet};

/// The catalogue that a store has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StoredCatalog {
    /// Greater with each change; the first is 1.
    pub(crate) version: u64,
    /// The product's scopes.
    pub(crate) catalog: Catalog,
}

/// The grants of an active token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TokenGrants {
    /// The token's serial number.
    pub(crate) serial: u64,
    /// What it grants.
    pub(crate) grants: Vec<Grant>,
}

impl TokenGrants {
    /// Returns the scopes, whatever they are for.
    pub(crate) fn scopes(&self) -> ScopeSet {
        self.grants.iter().flat_map(|grant| grant.scopes.iter().cloned()).collect()
    }
}

/// Returns the version of what a store has: 0 without a catalogue.
pub(crate) fn version(stored: Option<&StoredCatalog>) -> u64 {
    stored.map_or(0, |stored| stored.version)
}

/// Returns the catalogue to write if the store still has the version that it was compared with.
pub(crate) fn replacement(stored: Option<&StoredCatalog>, compared: u64, new: &Catalog) -> Option<Catalog> {
    (version(stored) == compared).then(|| new.clone())
}

/// Returns whether a token may hold a scope that `before` has and `after` lacks.
///
/// An action `*` stands for scopes that are not listed, so that it must stay as it is.
pub(crate) fn may_remove(before: &Catalog, after: &Catalog) -> bool {
    let stays = |scope: &Scope| {
        let is_alias = |Alias { alias, .. }: &Alias| alias == scope && scope.action() != "*";
        after.scopes.iter().any(|entry| entry.scope == *scope) || after.aliases.iter().any(is_alias)
    };
    !names(before).all(stays)
}

/// Returns which of these scopes `before` has and `after` lacks, also as an alias: without the resources that they
/// are limited to.
pub(crate) fn removed(held: &ScopeSet, before: &Catalog, after: &Catalog) -> ScopeSet {
    let has = |catalog: &Catalog, scope: &Scope| catalog.resolve(&ScopeSet::from_iter([scope.clone()]), &[]).is_ok();
    held.iter().filter(|scope| has(before, scope) && !has(after, scope)).map(unlimited).collect()
}

fn unlimited(scope: &Scope) -> Scope {
    let name = format!("{}:{}", scope.resource(), scope.action());
    name.parse().unwrap_or_else(|_| scope.clone())
}

fn names(catalog: &Catalog) -> impl Iterator<Item = &Scope> {
    let scopes = catalog.scopes.iter().map(|entry| &entry.scope);
    scopes.chain(catalog.aliases.iter().map(|alias| &alias.alias))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn catalog(scopes: &[&str], aliases: &[(&str, &str)]) -> Catalog {
        let scopes: Vec<_> =
            scopes.iter().map(|scope| serde_json::json!({"scope": scope, "description": ""})).collect();
        let aliases: Vec<_> =
            aliases.iter().map(|(alias, scope)| serde_json::json!({"alias": alias, "scopes": [scope]})).collect();
        let json = serde_json::json!({"name": "P", "scopes": scopes, "aliases": aliases});
        serde_json::from_value(json).expect("a catalogue")
    }

    #[test]
    fn a_scope_is_removed_if_it_is_neither_listed_nor_an_alias() {
        let chairs = catalog(&["chair:sit", "chair:paint"], &[("stool:sit", "chair:sit")]);
        for (after, held, expected) in [
            (catalog(&["chair:sit", "chair:paint"], &[]), "chair:sit", ""),
            (catalog(&["chair:sit", "chair:paint"], &[]), "stool:sit", "stool:sit"),
            (catalog(&["chair:sit"], &[]), "chair:paint", "chair:paint"),
            (catalog(&["chair:sit"], &[]), "chair:paint:c1", "chair:paint"),
            (catalog(&["chair:sit"], &[("chair:paint", "chair:sit")]), "chair:paint:c1", ""),
            (catalog(&["chair:sit"], &[]), "chair:*", ""),
            (catalog(&["seat:use"], &[]), "chair:*", "chair:*"),
            (catalog(&["seat:use"], &[]), "*", ""),
            (catalog(&["chair:*"], &[]), "chair:paint", ""),
            // Tokens that outlived an earlier catalogue do not count again, nor do Daypass's own scopes.
            (catalog(&["seat:use"], &[]), "table:lay", ""),
            (catalog(&["seat:use"], &[]), "token:create", ""),
        ] {
            let scopes = [held.parse().expect("a scope")].into_iter().collect();
            assert_eq!(removed(&scopes, &chairs, &after).to_string(), expected, "{held} {after:?}");
            assert!(expected.is_empty() || may_remove(&chairs, &after), "{held} {after:?}");
        }
    }

    #[test]
    fn tokens_are_compared_only_if_a_name_is_missing() {
        let chairs = catalog(&["chair:sit"], &[("stool:sit", "chair:sit")]);
        let every = catalog(&["chair:*"], &[]);
        for (before, after, expected) in [
            (&chairs, &chairs, false),
            (&chairs, &catalog(&["chair:sit", "chair:paint"], &[("stool:sit", "chair:paint")]), false),
            (&chairs, &catalog(&["seat:use", "stool:sit"], &[("chair:sit", "seat:use")]), false),
            (&chairs, &catalog(&["chair:sit"], &[]), true),
            (&every, &catalog(&["chair:sit"], &[]), true),
            (&every, &catalog(&["seat:*"], &[("chair:*", "seat:*")]), true),
            (&catalog(&[], &[]), &catalog(&[], &[]), false),
        ] {
            assert_eq!(may_remove(before, after), expected, "{before:?} {after:?}");
        }
    }

    #[test]
    fn a_catalogue_replaces_the_one_that_it_was_compared_with() {
        let new = catalog(&["chair:sit"], &[]);
        let stored = StoredCatalog { version: 3, catalog: catalog(&[], &[]) };
        for (stored, compared, expected) in
            [(None, 0, true), (None, 1, false), (Some(&stored), 3, true), (Some(&stored), 0, false)]
        {
            assert_eq!(replacement(stored, compared, &new).is_some(), expected, "{stored:?} {compared}");
        }
    }
}
