//! What a client gets for a token that it holds: for its own secret, or for one that it exchanges.

use daypass::{Error, Grant};

use super::client::Client;
use super::scope;
use crate::domain::catalogs::Catalogs;
use crate::domain::narrowing::narrow;
use crate::domain::token::{TokenState, require_active_parent};

/// Returns what an access token grants that a client gets for a token with these grants: the scopes that it asks for, or else
/// all that it may ask for and the token has.
///
/// # Errors
/// [`Error::InvalidScope`], which names the first scope that does not exist, that the client may not ask for or that the
/// token lacks.
pub(crate) fn grants(
    text: Option<&str>,
    client: &Client,
    held: &[Grant],
    catalogs: &Catalogs,
) -> Result<Vec<Grant>, Error> {
    let requested = scope::requested(text, client, catalogs)?;
    if text.is_some() {
        return narrow(held, &requested, catalogs);
    }
    let part = |grant: &Grant| Grant {
        scopes: catalogs.whole().canonical_scopes(&grant.scopes, &grant.resources).intersection(&requested),
        ..grant.clone()
    };
    let grants: Vec<_> = held.iter().map(part).filter(|grant| !grant.scopes.is_empty()).collect();
    if grants.is_empty() {
        return Err(Error::InvalidScope("The token has none of the scopes that the client may ask for.".into()));
    }
    Ok(grants)
}

/// Requires that the secret is active, and not outlived by an access token that ends at this time.
///
/// # Errors
/// Those of [`require_active_parent`], and [`Error::TokenExpired`].
pub(crate) fn may_mint(secret: Option<TokenState>, now: u64, expires_at: u64) -> Result<(), Error> {
    let secret = require_active_parent(secret, now)?;
    if secret.expires_at.is_some_and(|end| end < expires_at) { Err(Error::TokenExpired) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use daypass::Catalog;

    use super::super::client::ClientSettings;
    use super::super::client::tests::{client, scopes};
    use super::*;
    use crate::domain::principal::tests::code;

    fn shown(grants: Vec<Grant>) -> String {
        let shown: Vec<_> = grants.iter().map(|grant| format!("{}: {}", grant.tenant, grant.scopes)).collect();
        shown.join("; ")
    }

    #[test]
    fn a_client_gets_what_its_secret_has_and_it_may_ask_for() {
        let catalogs = Catalogs::new(Catalog::space_api());
        let of = |tenant: &str, text| Grant { tenant: tenant.into(), scopes: scopes(text), resources: vec![] };
        let floors = || vec![of("o", "floor:readPublic floor:export token:create"), of("p", "floor:readPublic")];
        for (allowed, held, text, expected) in [
            ("floor:*", floors(), None, Ok("o: floor:export floor:readPublic; p: floor:readPublic")),
            ("floor:*", floors(), Some("floor:export"), Ok("o: floor:export")),
            ("floor:readPublic", floors(), None, Ok("o: floor:readPublic; p: floor:readPublic")),
            ("floor:readPublic", floors(), Some("floor:export"), Err("invalid_scope")),
            ("floor:*", floors(), Some("floor:readPrivate"), Err("invalid_scope")),
            ("floor:* token:*", floors(), Some("token:create"), Err("invalid_scope")),
            ("floor:readPrivate", floors(), None, Err("invalid_scope")),
            ("floor:*", vec![], None, Err("invalid_scope")),
            ("floor:export", vec![of("*", "*")], None, Ok("*: floor:export")),
        ] {
            let client = client();
            let settings = ClientSettings { scopes: scopes(allowed), ..client.settings };
            let found = grants(text, &Client { settings, ..client }, &held, &catalogs).map(shown);
            assert_eq!(code(found), expected.map(str::to_owned), "{allowed} {text:?}");
        }
    }

    #[test]
    fn an_access_token_is_minted_from_a_secret_that_is_active_and_lasts_as_long() {
        let state = |expires_at, revoked_at, suspended_at| Some(TokenState { expires_at, revoked_at, suspended_at });
        for (secret, expected) in [
            (state(None, None, None), Ok(())),
            (state(Some(200), None, None), Ok(())),
            (state(Some(199), None, None), Err("token_expired")),
            (state(None, Some(7), None), Err("token_revoked")),
            (state(None, None, Some(7)), Err("organization_suspended")),
            (None, Err("invalid_token")),
        ] {
            assert_eq!(code(may_mint(secret, 100, 200)), expected, "{secret:?}");
        }
    }
}
