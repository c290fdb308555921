//! Which of its parent's grants a temporary token gets, and the key that it is bound to.

use base64ct::{Base64UrlUnpadded, Encoding};
use daypass::jwt::Confirmation;
use daypass::{Error, Grant, Scope, ScopeSet};

use super::catalogs::Catalogs;
use super::grantor::not_held;

/// Returns the grants with the requested scopes that each holds, by their current names.
///
/// # Errors
/// [`Error::InvalidScope`], which names the first requested scope that does not exist or that no grant
/// holds.
pub(crate) fn narrow(grants: &[Grant], requested: &ScopeSet, catalogs: &Catalogs) -> Result<Vec<Grant>, Error> {
    // First of all, so that the error tells a scope that does not exist from one that is not held.
    catalogs.resolve(requested, &[])?;
    for scope in requested.iter() {
        let held: Vec<Scope> = grants.iter().flat_map(|grant| held_part(grant, scope, catalogs)).collect();
        let current = catalogs.resolve(&ScopeSet::from_iter([scope.clone()]), &[])?;
        if let Some(missing) = current.iter().find(|current| !held.iter().any(|held| current.covers(held))) {
            return Err(not_held(missing));
        }
    }
    let narrowed = grants.iter().map(|grant| Grant {
        scopes: requested.iter().flat_map(|scope| held_part(grant, scope, catalogs)).collect(),
        ..grant.clone()
    });
    Ok(narrowed.filter(|grant| !grant.scopes.is_empty()).collect())
}

/// Returns what a grant holds of a scope. A scope that is requested by an older name is limited as that
/// name was.
fn held_part(grant: &Grant, scope: &Scope, catalogs: &Catalogs) -> Vec<Scope> {
    let requested = ScopeSet::from_iter([scope.clone()]);
    let current = catalogs.whole().resolve(&requested, &grant.resources).unwrap_or_default();
    current.into_iter().filter(|current| grant.scopes.covers(current)).collect()
}

/// Returns the confirmation claim for the key with this thumbprint.
///
/// SECURITY: anything but a SHA-256 is refused. A token bound to it could never be used, or the caller
/// could choose a text that the service signs.
///
/// # Errors
/// [`Error::InvalidRequest`] for such a thumbprint.
pub(crate) fn confirmation(jkt: String) -> Result<Confirmation, Error> {
    match Base64UrlUnpadded::decode_vec(&jkt) {
        Ok(hash) if hash.len() == 32 => Ok(Confirmation { jkt }),
        _ => Err(Error::InvalidRequest(
            "The `dpopJkt` must be the thumbprint of the key (RFC 7638): SHA-256 in base64url, 43 characters.".into(),
        )),
    }
}
