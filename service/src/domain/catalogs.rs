//! The scopes that exist: the product's, and Daypass's own.

use std::collections::BTreeSet;

use anyhow::{bail, ensure};
use daypass::{Alias, Catalog, Error, Resource, Scope, ScopeSet};

use super::hidden;

/// The product's catalogue, and everything that tokens can hold.
#[derive(Clone)]
pub(crate) struct Catalogs {
    product: Catalog,
    own: ScopeSet,
    all: Catalog,
}

impl Catalogs {
    /// Adds Daypass's own scopes to a product's catalogue that is known to be correct.
    pub(crate) fn new(product: Catalog) -> Catalogs {
        let own = Catalog::daypass();
        let mut all = product.clone();
        all.scopes.extend(own.scopes.iter().cloned());
        Catalogs { product, own: own.all(), all }
    }

    /// Reads and checks a product's catalogue.
    ///
    /// # Errors
    /// When the text is not a catalogue, or [`Catalogs::check`] refuses it. The error names the field
    /// or the scope.
    pub(crate) fn from_json(text: &str) -> anyhow::Result<Catalogs> {
        let mut json = serde_json::Deserializer::from_str(text);
        let product = serde_path_to_error::deserialize(&mut json)?;
        json.end()?;
        Catalogs::given(product)
    }

    /// Like [`Catalogs::checked`], for a catalogue that comes in: what people read in it has no hidden character.
    ///
    /// # Errors
    /// Also when a name or a description has one. The error names the field and the character.
    pub(crate) fn given(product: Catalog) -> anyhow::Result<Catalogs> {
        hidden::refuse_in("`name`", &product.name)?;
        for entry in &product.scopes {
            hidden::refuse_in(&format!("`description` of `{}`", entry.scope), &entry.description)?;
        }
        Catalogs::checked(product)
    }

    /// Checks a product's catalogue, and adds Daypass's own scopes.
    ///
    /// # Errors
    /// When [`Catalogs::check`] refuses it. The error names the scope.
    pub(crate) fn checked(product: Catalog) -> anyhow::Result<Catalogs> {
        let catalogs = Catalogs::new(product);
        catalogs.check()?;
        Ok(catalogs)
    }

    /// Checks the product's scopes and aliases.
    ///
    /// They must leave Daypass's own scopes alone, aliases must stand for scopes that exist, no scope is listed
    /// twice, and each publishable scope is named.
    ///
    /// SECURITY: products' tokens are kept from Daypass's own scopes by their resource, so that no
    /// scope or alias of the product may have such a resource or be `*`.
    fn check(&self) -> anyhow::Result<()> {
        let Catalog { scopes, aliases, .. } = &self.product;
        let of_aliases = aliases.iter().flat_map(|alias| alias.scopes.iter().chain([&alias.alias]));
        for scope in scopes.iter().map(|entry| &entry.scope).chain(of_aliases) {
            ensure!(
                *scope != Scope::ALL,
                "it has the scope `*`, which includes Daypass's own scopes: name each scope instead"
            );
            ensure!(!self.is_own(scope), "it has the scope `{scope}`, whose resource is Daypass's own");
        }
        for Alias { alias, scopes } in aliases {
            let resolved = self.all.resolve(scopes, &[]);
            ensure!(
                resolved.as_ref() == Ok(scopes),
                "its alias `{alias}` stands for `{scopes}`: list those among its scopes, by their current names"
            );
        }
        let mut names = BTreeSet::new();
        if let Some(repeated) = scopes.iter().find(|entry| !names.insert(&entry.scope)) {
            bail!("it has the scope `{}` twice", repeated.scope);
        }
        let wildcard = scopes.iter().find(|entry| entry.publishable && entry.scope.action() == "*");
        wildcard.map_or(Ok(()), |entry| bail!("it publishes `{}`: name each publishable scope instead", entry.scope))
    }

    /// Returns every scope, the product's and Daypass's.
    pub(crate) fn all(&self) -> ScopeSet {
        self.all.all()
    }

    /// Returns the product's own catalogue.
    pub(crate) fn product(&self) -> &Catalog {
        &self.product
    }

    /// Returns Daypass's own scopes.
    pub(crate) fn own(&self) -> &ScopeSet {
        &self.own
    }

    /// Returns both catalogues as one.
    pub(crate) fn whole(&self) -> &Catalog {
        &self.all
    }

    /// Returns the scopes that a publishable token, which anyone can read, may hold.
    pub(crate) fn publishable(&self) -> ScopeSet {
        self.product.publishable()
    }

    /// Returns the types of resources that occur in scopes and in aliases.
    pub(crate) fn resource_types(&self) -> BTreeSet<&str> {
        let current = self.all.scopes.iter().map(|entry| &entry.scope);
        current.chain(self.all.aliases.iter().map(|alias| &alias.alias)).map(Scope::resource).collect()
    }

    /// Returns the scopes by their current names, limited to these resources.
    ///
    /// # Errors
    /// [`Error::InvalidScope`] if one does not exist, and if the request names no scope.
    pub(crate) fn resolve(&self, requested: &ScopeSet, limits: &[Resource]) -> Result<ScopeSet, Error> {
        if requested.is_empty() {
            return Err(Error::InvalidScope("No scope was requested: name at least one in `scopes`.".into()));
        }
        let refusal = |scope| match limits {
            [] => format!("There is no scope `{scope}`."),
            _ => format!("There is no scope `{scope}`, or `resources` excludes it."),
        };
        self.all.resolve(requested, limits).map_err(|scope| Error::InvalidScope(refusal(scope)))
    }

    /// Returns the product's part of these scopes, with `*` as all of the product's.
    pub(crate) fn without_own(&self, scopes: &ScopeSet) -> ScopeSet {
        let everything = if scopes.covers(&Scope::ALL) { self.product.all() } else { ScopeSet::default() };
        scopes.iter().filter(|scope| **scope != Scope::ALL && !self.is_own(scope)).cloned().chain(everything).collect()
    }

    fn is_own(&self, scope: &Scope) -> bool {
        self.own.iter().any(|own| own.resource() == scope.resource())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_products_part_of_some_scopes_has_none_of_daypass() {
        let catalogs = Catalogs::new(Catalog::space_api());
        let product = catalogs.product.all().to_string();
        for (held, part) in [
            (r#"["bundle:create","floor:readPublic"]"#, "floor:readPublic"),
            (r#"["token:*","floor:*"]"#, "floor:*"),
            (r#"["bundle:create:b1","floor:export:f1"]"#, "floor:export:f1"),
            (r#"["*"]"#, &product),
        ] {
            let scopes = serde_json::from_str(held).expect("scopes");
            assert_eq!(catalogs.without_own(&scopes).to_string(), part, "{held}");
        }
        assert!(catalogs.without_own(&catalogs.own).is_empty());
    }
}
