//! A set of scopes: [`ScopeSet`].

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Scope;

/// Scopes without order or repetition. The empty set allows nothing.
///
/// It is a sorted slice: tokens hold few scopes, and a verifier holds many tokens.
#[derive(Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(from = "Vec<Scope>")]
pub struct ScopeSet(Box<[Scope]>);

impl ScopeSet {
    /// Returns whether any scope of the set covers `scope`.
    #[must_use]
    pub fn covers(&self, scope: &Scope) -> bool {
        self.0.iter().any(|held| held.covers(scope))
    }

    /// Returns whether every scope of `other` is covered. A parent's scopes must cover its child's.
    #[must_use]
    pub fn covers_all(&self, other: &ScopeSet) -> bool {
        other.iter().all(|scope| self.covers(scope))
    }

    /// Returns exactly what both sets allow.
    #[must_use]
    pub fn intersection(&self, other: &ScopeSet) -> ScopeSet {
        self.iter().flat_map(|scope| other.iter().filter_map(|theirs| scope.intersection(theirs))).collect()
    }

    /// Iterates over the scopes, sorted by their text.
    pub fn iter(&self) -> impl Iterator<Item = &Scope> {
        self.0.iter()
    }

    /// Returns whether the set allows nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the number of scopes.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }
}

impl From<Vec<Scope>> for ScopeSet {
    fn from(scopes: Vec<Scope>) -> Self {
        // Few scopes: sorting them takes more code, which visitors download, and no less time.
        let mut sorted = Vec::with_capacity(scopes.len());
        for scope in scopes {
            if let Err(at) = sorted.binary_search(&scope) {
                sorted.insert(at, scope);
            }
        }
        ScopeSet(sorted.into())
    }
}

impl FromIterator<Scope> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        scopes.into_iter().collect::<Vec<_>>().into()
    }
}

impl IntoIterator for ScopeSet {
    type Item = Scope;
    type IntoIter = std::vec::IntoIter<Scope>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_vec().into_iter()
    }
}

/// Separates the scopes by spaces, as RFC 6749, section 3.3 does.
impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, scope) in self.iter().enumerate() {
            write!(f, "{}{scope}", if i == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

impl fmt::Debug for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}
