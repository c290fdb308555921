//! The scopes that a client asks for.

use daypass::{Catalog, Error, Grant, Scope, ScopeSet};

use super::client::Client;
use crate::domain::catalogs::Catalogs;

/// The most bytes that scopes have in an access token, which stays far below the 16 KiB that verifiers accept of a JWT.
const MAX_LENGTH: usize = 8000;

/// Reads a `scope` parameter: names with spaces between (RFC 6749, section 3.3).
///
/// # Errors
/// [`Error::InvalidScope`] for a text that is no scope.
pub(crate) fn parse(text: &str) -> Result<ScopeSet, Error> {
    let scopes = text.split(' ').filter(|name| !name.is_empty());
    scopes.map(|name| name.parse::<Scope>().map_err(|cause| Error::InvalidScope(format!("{cause}.")))).collect()
}

/// Returns stored scopes by their current names: a catalogue may have renamed them since.
pub(crate) fn current(stored: &ScopeSet, catalogs: &Catalogs) -> ScopeSet {
    catalogs.whole().canonical_scopes(stored, &[])
}

/// Returns the scopes that a client may ask for, by their current names.
///
/// SECURITY: Daypass's own scopes are not for tokens of OAuth, whatever the client's settings say.
pub(super) fn allowed(client: &Client, catalogs: &Catalogs) -> ScopeSet {
    catalogs.without_own(&current(&client.settings.scopes, catalogs))
}

/// Returns the scopes that a client asks for, by their current names: all that it may ask for, if it names none.
///
/// # Errors
/// [`Error::InvalidScope`], which names the first scope that does not exist or that the client may not ask for.
pub(crate) fn requested(text: Option<&str>, client: &Client, catalogs: &Catalogs) -> Result<ScopeSet, Error> {
    let allowed = allowed(client, catalogs);
    let scopes = match text {
        Some(text) => catalogs.resolve(&parse(text)?, &[])?,
        None => allowed.clone(),
    };
    if let Some(scope) = scopes.iter().find(|scope| !allowed.covers(scope)) {
        return Err(Error::InvalidScope(format!("This client may not ask for `{scope}`.")));
    }
    require_some(scopes, "This client may not ask for any scope.")
}

/// Returns the scopes of an access token that a client gets for what it was granted: those that it asks for, or else all of
/// them. What it may no longer ask for is left out.
///
/// # Errors
/// [`Error::InvalidScope`], which names the first scope that was not granted; if nothing is left, too.
pub(crate) fn narrow(
    text: Option<&str>,
    granted: &ScopeSet,
    client: &Client,
    catalogs: &Catalogs,
) -> Result<ScopeSet, Error> {
    let granted = current(granted, catalogs).intersection(&allowed(client, catalogs));
    let scopes = match text {
        Some(text) => catalogs.resolve(&parse(text)?, &[])?,
        None => granted.clone(),
    };
    if let Some(scope) = scopes.iter().find(|scope| !granted.covers(scope)) {
        return Err(Error::InvalidScope(format!("The scope `{scope}` was not granted.")));
    }
    require_some(scopes, "Nothing is left of what was granted.")
}

/// Requires that there are scopes, and that an access token has room for them: before a code or a refresh token is used up.
fn require_some(scopes: ScopeSet, or_else: &str) -> Result<ScopeSet, Error> {
    if scopes.is_empty() {
        return Err(Error::InvalidScope(or_else.into()));
    }
    // With two quotation marks and a comma each.
    let length: usize = scopes.iter().map(|scope| scope.to_string().len() + 3).sum();
    if length > MAX_LENGTH {
        return Err(Error::InvalidScope(format!(
            "An access token has no room for so many scopes: {MAX_LENGTH} bytes."
        )));
    }
    Ok(scopes)
}

/// Returns what a scope allows, in the words of the catalogue: a sentence for each of its scopes that it covers, or for the
/// one of which it is a part.
pub(crate) fn describe(scope: &Scope, catalog: &Catalog) -> Vec<String> {
    let covered = catalog.scopes.iter().filter(|entry| scope.covers(&entry.scope));
    let covered: Vec<_> = covered.map(|entry| entry.description.clone()).collect();
    if !covered.is_empty() {
        return covered;
    }
    let whole = catalog.scopes.iter().find(|entry| entry.scope.covers(scope));
    match (whole, scope.resource_id()) {
        (Some(whole), Some(id)) => vec![format!("{}: only {id}", whole.description)],
        (Some(whole), None) => vec![whole.description.clone()],
        (None, _) => vec![],
    }
}

/// Returns the grant of some scopes on all of an organization.
pub(crate) fn grants(organization: &str, scopes: ScopeSet) -> Vec<Grant> {
    vec![Grant { tenant: organization.to_owned(), scopes, resources: vec![] }]
}

#[cfg(test)]
pub(super) mod tests {
    use daypass::Alias;

    use super::super::client::ClientSettings;
    use super::super::client::tests::{client, scopes};
    use super::*;
    use crate::domain::principal::tests::code;

    #[test]
    fn a_client_asks_for_scopes_that_exist_and_that_it_may_have() {
        let catalogs = Catalogs::new(Catalog::space_api());
        for (allowed, text, expected) in [
            ("floor:readPublic floor:export", None, Ok("floor:export floor:readPublic")),
            ("floor:readPublic floor:export", Some("floor:export"), Ok("floor:export")),
            ("floor:readPublic floor:export", Some(" floor:export  floor:export "), Ok("floor:export")),
            ("floor:*", Some("floor:export"), Ok("floor:export")),
            ("floor:readPublic", Some("floor:export"), Err("invalid_scope")),
            ("floor:readPublic", Some("floor:fly"), Err("invalid_scope")),
            ("floor:readPublic", Some("floor"), Err("invalid_scope")),
            ("floor:readPublic", Some("*"), Err("invalid_scope")),
            ("floor:readPublic", Some(""), Err("invalid_scope")),
            ("floor:readPublic token:create", None, Ok("floor:readPublic")),
            ("floor:readPublic token:create", Some("token:create"), Err("invalid_scope")),
            ("token:create", None, Err("invalid_scope")),
            ("", None, Err("invalid_scope")),
        ] {
            let client = client();
            let settings = ClientSettings { scopes: scopes(allowed), ..client.settings };
            let found = requested(text, &Client { settings, ..client }, &catalogs);
            assert_eq!(code(found), expected.map(scopes), "{allowed} {text:?}");
        }
    }

    /// A catalogue in which `floor:export` is the new name of `level:download`.
    pub(in crate::domain) fn renamed() -> Catalogs {
        let mut catalog = Catalog::space_api();
        let alias = "level:download".parse().expect("a scope");
        catalog.aliases.push(Alias { alias, scopes: scopes("floor:export") });
        Catalogs::new(catalog)
    }

    #[test]
    fn a_client_keeps_its_scopes_by_their_new_names() {
        let client = client();
        let settings = ClientSettings { scopes: scopes("level:download"), ..client.settings.clone() };
        let client = Client { settings, ..client };
        for text in [None, Some("floor:export"), Some("level:download")] {
            assert_eq!(code(requested(text, &client, &renamed())), Ok(scopes("floor:export")), "{text:?}");
            let narrowed = narrow(text, &scopes("level:download"), &client, &renamed());
            assert_eq!(code(narrowed), Ok(scopes("floor:export")), "{text:?}");
        }
    }

    #[test]
    fn an_access_token_has_room_for_what_is_asked_for() {
        let catalogs = Catalogs::new(Catalog::space_api());
        let client = client();
        let settings = ClientSettings { scopes: scopes("floor:readPublic"), ..client.settings.clone() };
        let client = Client { settings, ..client };
        for (count, expected) in [(250, Ok(())), (251, Err("invalid_scope"))] {
            // 32 bytes each.
            let text: Vec<_> = (0..count).map(|number| format!("floor:readPublic:{number:012}")).collect();
            let (text, granted) = (text.join(" "), scopes("floor:readPublic"));
            assert_eq!(code(requested(Some(&text), &client, &catalogs)).map(|_| ()), expected, "{count}");
            assert_eq!(code(narrow(Some(&text), &granted, &client, &catalogs)).map(|_| ()), expected, "{count}");
        }
    }

    #[test]
    fn what_was_granted_is_narrowed_and_never_widened() {
        let catalogs = Catalogs::new(Catalog::space_api());
        for (allowed, granted, text, expected) in [
            ("floor:*", "floor:readPublic floor:export", None, Ok("floor:readPublic floor:export")),
            ("floor:*", "floor:readPublic floor:export", Some("floor:export"), Ok("floor:export")),
            ("floor:*", "floor:readPublic", Some("floor:export"), Err("invalid_scope")),
            ("floor:*", "floor:readPublic", Some("floor:*"), Err("invalid_scope")),
            ("floor:readPublic", "floor:readPublic floor:export", None, Ok("floor:readPublic")),
            ("floor:readPublic", "floor:readPublic floor:export", Some("floor:export"), Err("invalid_scope")),
            ("floor:export", "floor:readPublic", None, Err("invalid_scope")),
        ] {
            let client = client();
            let settings = ClientSettings { scopes: scopes(allowed), ..client.settings };
            let found = narrow(text, &scopes(granted), &Client { settings, ..client }, &catalogs);
            assert_eq!(code(found), expected.map(scopes), "{allowed} {granted} {text:?}");
        }
    }

    #[test]
    fn a_scope_is_described_in_the_words_of_the_catalogue() {
        for (scope, expected) in [
            ("floor:export", &["Export a floor"][..]),
            ("floor:export:f1", &["Export a floor: only f1"]),
            (
                "customAttributes:*",
                &[
                    "Read the definitions of custom attributes",
                    "Create, update and delete the definitions of custom attributes",
                ],
            ),
            ("gone:read", &[]),
        ] {
            assert_eq!(describe(&scope.parse().expect("a scope"), &Catalog::space_api()), expected, "{scope}");
        }
        assert_eq!(describe(&Scope::ALL, &Catalog::space_api()).len(), 16);
    }
}
