//! The scopes there are: a product's, and Daypass's own.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, bail, ensure};
use daypass::{Alias, Catalog, Error, Grant, Resource, Scope, ScopeSet};

/// The catalogue of a product, and all that tokens can hold.
pub(crate) struct Catalogs {
    product: Catalog,
    own: ScopeSet,
    all: Catalog,
}

impl Catalogs {
    /// The catalogue in this file, the Space API's without one, and beside it Daypass's own.
    pub(crate) fn load(file: Option<&Path>) -> anyhow::Result<Catalogs> {
        let Some(file) = file else { return Ok(Catalogs::new(Catalog::space_api())) };
        let context = || format!("the catalogue {}", file.display());
        let text = std::fs::read_to_string(file).with_context(context)?;
        let catalogs = Catalogs::new(read(&text).with_context(context)?);
        catalogs.check().with_context(context)?;
        Ok(catalogs)
    }

    /// What is Daypass's own is kept from products' tokens by its resource, which must then be Daypass's alone: no scope and
    /// no older name of the product's is one of it, or is everything. What an older name stands for is there, and what is
    /// published is named.
    fn check(&self) -> anyhow::Result<()> {
        let Catalog { scopes, aliases, .. } = &self.product;
        let of_aliases = aliases.iter().flat_map(|alias| alias.scopes.iter().chain([&alias.alias]));
        for scope in scopes.iter().map(|entry| &entry.scope).chain(of_aliases) {
            ensure!(
                *scope != Scope::ALL,
                "it has the scope `*`, which is Daypass's own scopes too: name what is meant"
            );
            ensure!(!self.is_own(scope), "it has the scope `{scope}`, whose resource is Daypass's own");
        }
        for Alias { alias, scopes } in aliases {
            let known = self.all.resolve(scopes, &[]);
            ensure!(
                known.as_ref() == Ok(scopes),
                "what its alias `{alias}` stands for, `{scopes}`, is not among its scopes by today's names"
            );
        }
        let mut seen = BTreeSet::new();
        if let Some(twice) = scopes.iter().find(|entry| !seen.insert(&entry.scope)) {
            bail!("it has the scope `{}` twice", twice.scope);
        }
        let wildcard = scopes.iter().find(|entry| entry.publishable && entry.scope.action() == "*");
        wildcard.map_or(Ok(()), |entry| bail!("it publishes `{}`: name each scope that anyone may hold", entry.scope))
    }

    fn new(product: Catalog) -> Catalogs {
        let own = Catalog::daypass();
        let mut all = product.clone();
        all.scopes.extend(own.scopes.iter().cloned());
        Catalogs { product, own: own.all(), all }
    }

    /// Every scope, the product's and Daypass's.
    pub(crate) fn all(&self) -> ScopeSet {
        self.all.all()
    }

    /// The product's own catalogue.
    pub(crate) fn product(&self) -> &Catalog {
        &self.product
    }

    /// Both as one.
    pub(crate) fn whole(&self) -> &Catalog {
        &self.all
    }

    /// Those that a token which anyone can read may hold.
    pub(crate) fn publishable(&self) -> ScopeSet {
        self.product.publishable()
    }

    /// The types of resources: what the scopes are about, and what those of older names were about.
    pub(crate) fn resource_types(&self) -> BTreeSet<&str> {
        let todays = self.all.scopes.iter().map(|entry| &entry.scope);
        todays.chain(self.all.aliases.iter().map(|alias| &alias.alias)).map(Scope::resource).collect()
    }

    /// The scopes by today's names. None is refused too: a token without scopes opens nothing.
    pub(crate) fn resolve(&self, asked: &ScopeSet, limits: &[Resource]) -> Result<ScopeSet, Error> {
        if asked.is_empty() {
            return Err(Error::InvalidScope("No scope was asked for.".into()));
        }
        let refusal = |scope| match limits {
            [] => format!("There is no scope `{scope}`."),
            _ => format!("There is no scope `{scope}`, or `resources` leaves nothing of it."),
        };
        self.all.resolve(asked, limits).map_err(|scope| Error::InvalidScope(refusal(scope)))
    }

    /// What a bundle may do that is made with these grants: the same in the product, nothing in Daypass.
    pub(crate) fn for_bundle(&self, grants: &[Grant]) -> Vec<Grant> {
        let narrowed = grants.iter().map(|grant| Grant { scopes: self.without_own(&grant.scopes), ..grant.clone() });
        narrowed.filter(|grant| !grant.scopes.is_empty()).collect()
    }

    fn without_own(&self, scopes: &ScopeSet) -> ScopeSet {
        let everything = if scopes.covers(&Scope::ALL) { self.product.all() } else { ScopeSet::default() };
        scopes.iter().filter(|scope| **scope != Scope::ALL && !self.is_own(scope)).cloned().chain(everything).collect()
    }

    fn is_own(&self, scope: &Scope) -> bool {
        self.own.iter().any(|own| own.resource() == scope.resource())
    }
}

/// A catalogue. An error names the field that is wrong.
fn read(text: &str) -> anyhow::Result<Catalog> {
    let mut json = serde_json::Deserializer::from_str(text);
    let catalog = serde_path_to_error::deserialize(&mut json)?;
    json.end()?;
    Ok(catalog)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bundle_gets_nothing_of_daypass() {
        let catalogs = Catalogs::new(Catalog::space_api());
        let product = catalogs.product.all().to_string();
        for (held, left) in [
            (r#"["bundle:create","floor:readPublic"]"#, "floor:readPublic"),
            (r#"["token:*","floor:*"]"#, "floor:*"),
            (r#"["bundle:create:b1","floor:export:f1"]"#, "floor:export:f1"),
            (r#"["*"]"#, &product),
        ] {
            let scopes = serde_json::from_str(held).expect("scopes");
            assert_eq!(catalogs.without_own(&scopes).to_string(), left, "{held}");
        }
        let only_own = Grant { tenant: "t".into(), scopes: catalogs.own.clone(), resources: vec![] };
        assert_eq!(catalogs.for_bundle(&[only_own]), []);
    }
}
