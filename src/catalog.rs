//! A product's scopes, as data: [`Catalog`].

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::{Resource, Scope, ScopeSet};

/// The scopes that a product knows: what each means, which may be published, and which older names they answer to.
///
/// The Space API's ships as data in `catalogs/`; a product brings its own as a file of the same shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    /// The product's name.
    pub name: String,
    /// Its scopes.
    pub scopes: Vec<CatalogScope>,
    /// Older names and what each stands for today.
    #[serde(default)]
    pub aliases: Vec<Alias>,
}

/// One scope of a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CatalogScope {
    /// The scope.
    pub scope: Scope,
    /// What it allows, in a sentence for the people who choose it.
    pub description: String,
    /// Whether a token that anyone can read may hold it.
    #[serde(default)]
    pub publishable: bool,
}

/// An older name of one or more scopes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Alias {
    /// The older name.
    pub alias: Scope,
    /// The scopes that it stands for.
    pub scopes: ScopeSet,
}

impl Catalog {
    /// A catalogue from its file.
    ///
    /// # Errors
    /// When the text is not a catalogue: the sentence names the line and the field.
    pub fn from_json(text: &str) -> Result<Catalog, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// The Space API's catalogue: 16 scopes, four of them publishable (seed 004).
    ///
    /// # Panics
    /// Never: a test parses the file that is compiled in.
    #[must_use]
    pub fn space_api() -> Catalog {
        Catalog::from_json(include_str!("../catalogs/space-api.json")).expect("catalogs/space-api.json is a catalogue")
    }

    /// Every scope of the catalogue.
    #[must_use]
    pub fn all(&self) -> ScopeSet {
        self.scopes.iter().map(|entry| entry.scope.clone()).collect()
    }

    /// The scopes that a publishable token may hold.
    #[must_use]
    pub fn publishable(&self) -> ScopeSet {
        self.scopes.iter().filter(|entry| entry.publishable).map(|entry| entry.scope.clone()).collect()
    }

    /// Daypass's own scopes: who may create, read, revoke and introspect tokens and make bundles.
    ///
    /// # Panics
    /// Never: a test parses the file that is compiled in.
    #[must_use]
    pub fn daypass() -> Catalog {
        Catalog::from_json(include_str!("../catalogs/daypass.json")).expect("catalogs/daypass.json is a catalogue")
    }

    /// The scopes by today's names, each checked against the catalogue; what an alias stands for is taken as it is. A narrowed
    /// scope stays narrowed, and `*` and `resource:*` stay as they are.
    ///
    /// Security rule: a limit to some resources of a type ([`Grant::resources`](crate::Grant::resources)) is kept where a scope
    /// of that type is now of another. It becomes the scope's own: of `field:read`, limited to the field `f1`, today's
    /// `value:read` is left with `value:read:f1`.
    ///
    /// # Errors
    /// The first scope that the catalogue does not know, or of which the limits leave nothing.
    pub fn resolve(&self, asked: &ScopeSet, limits: &[Resource]) -> Result<ScopeSet, Scope> {
        let mut resolved = Vec::new();
        for scope in asked.iter() {
            // One of which the limits leave nothing is as one that is not known: it is not left out in silence.
            let todays = self.todays(scope, limits).filter(|todays| !todays.is_empty());
            resolved.extend(todays.ok_or_else(|| scope.clone())?);
        }
        Ok(resolved.into_iter().collect())
    }

    /// The same as far as the catalogue knows them: what it does not, stays as it is. Tokens outlive catalogues.
    #[must_use]
    pub fn todays_names(&self, held: &ScopeSet, limits: &[Resource]) -> ScopeSet {
        held.iter().flat_map(|scope| self.todays(scope, limits).unwrap_or_else(|| vec![scope.clone()])).collect()
    }

    /// What else is limited where these limits to some resources stand. A limit follows from an older name's type to today's,
    /// since who holds `*` holds it by every name, and what is done on one type may name resources of another
    /// ([`Need::of_type`](crate::Need::of_type)).
    ///
    /// Security rule: it narrows only. Where today's type has limits of its own, these stay alone, and where several older
    /// types are one today, only what each of them was limited to is left: nothing, if need be, which is the id ` `.
    #[must_use]
    pub fn todays_limits(&self, limits: &[Resource]) -> Vec<Resource> {
        let ids = |kind: &str| -> BTreeSet<&str> {
            limits.iter().filter(|limit| limit.kind == kind).map(|limit| limit.id.as_str()).collect()
        };
        let mut todays: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for Alias { alias, scopes } in &self.aliases {
            let older = ids(alias.resource());
            for kind in scopes.iter().map(Scope::resource).filter(|kind| !older.is_empty() && ids(kind).is_empty()) {
                todays.entry(kind).and_modify(|ids| ids.retain(|id| older.contains(id))).or_insert(older.clone());
            }
        }
        let limit = |kind: &str, id: &str| Resource { kind: kind.to_owned(), id: id.to_owned() };
        todays
            .into_iter()
            .flat_map(|(kind, ids)| {
                let nothing = ids.is_empty().then(|| limit(kind, " "));
                ids.into_iter().map(move |id| limit(kind, id)).chain(nothing)
            })
            .collect()
    }

    /// What a scope is called today: as it is, if that is a name of the catalogue, or what it is an older name of. What no
    /// name but a `resource:*` of the catalogue covers is as it is, too.
    fn todays(&self, scope: &Scope, limits: &[Resource]) -> Option<Vec<Scope>> {
        let is_wildcard = |scope: &Scope| scope.action() == "*";
        let mut known = self.scopes.iter().map(|entry| &entry.scope);
        let is_name = *scope == Scope::ALL
            || known.clone().any(|known| {
                (!is_wildcard(known) && known.covers(scope))
                    || (is_wildcard(scope) && scope.resource() == known.resource())
            });
        // Security rule: an older name is one but for the resource's id. `chair:*` stands for today's `seat:*`, but what one action
        // on a chair was does not become all of them; and `*` is no older name of anything.
        let is_older_name = |Alias { alias, .. }: &&Alias| {
            alias.resource() == scope.resource() && alias.action() == scope.action() && alias.covers(scope)
        };
        match self.aliases.iter().find(is_older_name) {
            Some(alias) if !is_name => {
                let todays: Option<Vec<Scope>> =
                    alias.scopes.iter().map(|today| narrowed(today, scope.resource_id())).collect();
                Some(todays?.into_iter().flat_map(|today| limited(today, scope.resource(), limits)).collect())
            }
            _ => (is_name || known.any(|known| known.covers(scope))).then(|| vec![scope.clone()]),
        }
    }
}

/// What is left of a scope that was one on this type of resources.
fn limited(scope: Scope, kind: &str, limits: &[Resource]) -> Vec<Scope> {
    let mut limits = limits.iter().filter(|limit| limit.kind == kind).peekable();
    if scope.resource() == kind || limits.peek().is_none() {
        return vec![scope];
    }
    match scope.resource_id() {
        Some(id) => limits.any(|limit| limit.id == id).then_some(scope).into_iter().collect(),
        None => limits.filter_map(|limit| narrowed(&scope, Some(&limit.id))).collect(),
    }
}

fn narrowed(scope: &Scope, resource_id: Option<&str>) -> Option<Scope> {
    match resource_id {
        None => Some(scope.clone()),
        // What is narrowed already, and `*`, cannot be narrowed to one resource.
        Some(id) => format!("{scope}:{id}").parse().ok(),
    }
}
