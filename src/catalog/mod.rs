//! A product's scopes, as data: [`Catalog`].

mod canonical;

use serde::{Deserialize, Serialize};

use crate::{Scope, ScopeSet};

/// A product's scopes: what each means, which are publishable, and which aliases (older names) there are.
///
/// The catalogues of the systems that Daypass replaces are in `catalogs/`; a product brings its own as a file of the same shape.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Catalog {
    /// The product's name.
    pub name: String,
    /// Its scopes.
    pub scopes: Vec<CatalogScope>,
    /// Older names, and the scopes that each stands for.
    #[serde(default)]
    pub aliases: Vec<Alias>,
}

/// One scope of a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct CatalogScope {
    /// The scope.
    pub scope: Scope,
    /// What it allows, in a sentence for people who choose scopes.
    pub description: String,
    /// Whether a token that anyone can read may hold it.
    #[serde(default)]
    pub publishable: bool,
}

/// An older name of one or more scopes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Alias {
    /// The older name.
    pub alias: Scope,
    /// The scopes that it stands for.
    pub scopes: ScopeSet,
}

impl Catalog {
    /// Parses a catalogue file.
    ///
    /// # Errors
    /// When the text is not a catalogue. The message names the line and the field.
    pub fn from_json(text: &str) -> Result<Catalog, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// Returns the Space API's catalogue: 16 scopes, four of them publishable.
    ///
    /// # Panics
    /// Never: a test parses the file that is compiled in.
    #[must_use]
    pub fn space_api() -> Catalog {
        Catalog::from_json(include_str!("../../catalogs/space-api.json"))
            .expect("catalogs/space-api.json is a catalogue")
    }

    /// Returns the catalogue of Crafter Profile: its six actions as scopes.
    ///
    /// # Panics
    /// Never: a test parses the file that is compiled in.
    #[must_use]
    pub fn crafter() -> Catalog {
        Catalog::from_json(include_str!("../../catalogs/crafter.json")).expect("catalogs/crafter.json is a catalogue")
    }

    /// Returns Speckle's catalogue: 23 scopes.
    ///
    /// # Panics
    /// Never: a test parses the file that is compiled in.
    #[must_use]
    pub fn speckle() -> Catalog {
        Catalog::from_json(include_str!("../../catalogs/speckle.json")).expect("catalogs/speckle.json is a catalogue")
    }

    /// Returns Threekit's catalogue: eight scopes, three of them publishable.
    ///
    /// # Panics
    /// Never: a test parses the file that is compiled in.
    #[must_use]
    pub fn threekit() -> Catalog {
        Catalog::from_json(include_str!("../../catalogs/threekit.json")).expect("catalogs/threekit.json is a catalogue")
    }

    /// Returns every scope of the catalogue.
    #[must_use]
    pub fn all(&self) -> ScopeSet {
        self.scopes.iter().map(|entry| entry.scope.clone()).collect()
    }

    /// Returns the scopes that a publishable token may hold.
    #[must_use]
    pub fn publishable(&self) -> ScopeSet {
        self.scopes.iter().filter(|entry| entry.publishable).map(|entry| entry.scope.clone()).collect()
    }

    /// Returns Daypass's own scopes: to create, read, revoke and introspect tokens, and to create bundles.
    ///
    /// # Panics
    /// Never: a test parses the file that is compiled in.
    #[must_use]
    pub fn daypass() -> Catalog {
        Catalog::from_json(include_str!("../../catalogs/daypass.json")).expect("catalogs/daypass.json is a catalogue")
    }
}
