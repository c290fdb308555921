//! Parameter bundles: how long they live, how long they are kept, and what they may do.

use daypass::Grant;
use daypass::verify::TokenHash;

use super::catalogs::Catalogs;
use super::token::NewToken;

/// The shortest lifetime of a signed bundle, in seconds: opening a page takes less.
pub(crate) const LEAST: u64 = 60;
/// The lifetime of a reference, and of a signed bundle whose request names none, in seconds.
pub(crate) const DEFAULT: u64 = 3600;
/// How long references are kept after they expire, in seconds. Until then their holders are told so.
const KEEP: u64 = 86_400;

/// A bundle reference to be stored.
#[derive(Clone)]
pub(crate) struct NewBundle {
    /// The reference itself, which is a stored token.
    pub(crate) token: NewToken,
    /// The hash of the token that it is minted from.
    pub(crate) parent: TokenHash,
    /// The parameters, encrypted.
    pub(crate) parameters: Vec<u8>,
}

/// What a bundle reference stands for.
pub(crate) struct StoredBundle {
    /// The id of the token that it was minted from.
    pub(crate) parent: String,
    /// The parameters, encrypted.
    pub(crate) parameters: Vec<u8>,
}

/// Returns when a reference expires. Its request names no lifetime, so that a parent that expires
/// earlier shortens it.
pub(crate) fn reference_expiry(now: u64, parent_expires_at: Option<u64>) -> u64 {
    parent_expires_at.map_or(now + DEFAULT, |end| end.min(now + DEFAULT))
}

/// Returns the time before which an expired reference can be deleted.
pub(crate) fn forget_before(now: u64) -> u64 {
    now.saturating_sub(KEEP)
}

/// Returns what a bundle may do that is minted from these grants: as much in the product, nothing in
/// Daypass.
pub(crate) fn grants(parent: &[Grant], catalogs: &Catalogs) -> Vec<Grant> {
    let narrowed = parent.iter().map(|grant| Grant { scopes: catalogs.without_own(&grant.scopes), ..grant.clone() });
    narrowed.filter(|grant| !grant.scopes.is_empty()).collect()
}

#[cfg(test)]
mod tests {
    use daypass::Catalog;

    use super::*;

    #[test]
    fn a_bundle_gets_nothing_of_daypass() {
        let catalogs = Catalogs::new(Catalog::space_api());
        let own = Catalog::daypass().all();
        assert_eq!(grants(&[Grant { tenant: "t".into(), scopes: own, resources: vec![] }], &catalogs), []);
    }
}
