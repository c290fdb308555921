//! What an administrator says of a client: [`Registration`].

use daypass::{Error, ScopeSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::client::{Client, ClientSettings, GrantType};
use super::redirect_uri::RedirectUri;
use crate::domain::catalogs::Catalogs;

/// The most redirect URIs of a client.
const MOST_REDIRECT_URIS: usize = 20;

/// The settings of a client, as `PUT …/oauth-client` has them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[schemars(rename = "OAuthClientSettings")]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(crate) struct Registration {
    /// Whether it keeps a secret.
    pub(crate) confidential: bool,
    /// Where answers to its authorization requests may go.
    #[serde(default)]
    pub(crate) redirect_uris: Vec<String>,
    /// The scopes that it may ask for.
    pub(crate) scopes: ScopeSet,
    /// The ways on which it may get tokens; those that its other settings allow, if they are missing.
    #[serde(default)]
    pub(crate) grant_types: Option<Vec<GrantType>>,
}

/// A client, as the service describes it.
#[derive(Debug, Serialize, JsonSchema)]
#[schemars(rename = "OAuthClient")]
#[serde(rename_all = "camelCase")]
pub(crate) struct ClientRecord {
    /// The id of the application.
    pub(crate) client_id: String,
    #[serde(flatten)]
    settings: Registration,
}

impl ClientRecord {
    /// Returns the settings.
    pub(crate) fn settings(&self) -> &Registration {
        &self.settings
    }
}

impl From<Client> for ClientRecord {
    fn from(client: Client) -> ClientRecord {
        ClientRecord { client_id: client.id().to_owned(), settings: client.settings.into() }
    }
}

impl From<ClientSettings> for Registration {
    fn from(settings: ClientSettings) -> Registration {
        let ClientSettings { is_confidential: confidential, redirect_uris, scopes, grant_types } = settings;
        Registration { confidential, redirect_uris, scopes, grant_types: Some(grant_types) }
    }
}

/// Checks the settings of a client.
///
/// # Errors
/// [`Error::InvalidRequest`] or [`Error::InvalidScope`], which name the first field that is wrong.
pub(crate) fn check(registration: Registration, catalogs: &Catalogs) -> Result<ClientSettings, Error> {
    let Registration { confidential, redirect_uris, scopes, grant_types } = registration;
    let refuse = |why: String| Err(Error::InvalidRequest(why));
    if redirect_uris.len() > MOST_REDIRECT_URIS {
        return refuse(format!("A client has {MOST_REDIRECT_URIS} redirect URIs at most."));
    }
    for (index, text) in redirect_uris.iter().enumerate() {
        text.parse::<RedirectUri>()?;
        if redirect_uris[..index].contains(text) {
            return refuse(format!("The redirect URI {text} is there twice."));
        }
    }
    if scopes.is_empty() {
        return Err(Error::InvalidScope("A client needs at least one of `scopes`.".into()));
    }
    let scopes = catalogs.product().resolve(&scopes, &[]);
    let scopes = scopes.map_err(|scope| Error::InvalidScope(format!("The catalogue has no scope `{scope}`.")))?;
    let grant_types = grant_types.unwrap_or_else(|| default_grant_types(confidential, &redirect_uris));
    for grant_type in &grant_types {
        match grant_type {
            GrantType::AuthorizationCode if redirect_uris.is_empty() => {
                return refuse("The grant type authorization_code needs at least one of `redirectUris`.".into());
            }
            // SECURITY: a public client cannot prove who it is.
            GrantType::ClientCredentials if !confidential => {
                return refuse("The grant type client_credentials is for a confidential client.".into());
            }
            _ => {}
        }
    }
    Ok(ClientSettings { is_confidential: confidential, redirect_uris, scopes, grant_types })
}

fn default_grant_types(confidential: bool, redirect_uris: &[String]) -> Vec<GrantType> {
    let is_possible = |grant_type: &GrantType| match grant_type {
        GrantType::AuthorizationCode | GrantType::RefreshToken => !redirect_uris.is_empty(),
        // SECURITY: a page or a program on a person's device gets no tokens for those of others unless an administrator
        // wants that.
        GrantType::ClientCredentials | GrantType::TokenExchange => confidential,
    };
    GrantType::ALL.into_iter().filter(is_possible).collect()
}

#[cfg(test)]
mod tests {
    use daypass::Catalog;

    use super::*;
    use crate::domain::principal::tests::code;

    #[test]
    fn a_client_has_right_redirect_uris_scopes_of_the_product_and_grant_types_that_it_can_use() {
        let catalogs = Catalogs::new(Catalog::space_api());
        let (app, device) = ("https://app.example.com/cb", "http://127.0.0.1/cb");
        let many: Vec<_> = (0..21).map(|number| format!("https://app.example.com/{number}")).collect();
        let many: Vec<_> = many.iter().map(String::as_str).collect();
        let (codes, refresh) = (GrantType::AuthorizationCode, GrantType::RefreshToken);
        let (own, exchange) = (GrantType::ClientCredentials, GrantType::TokenExchange);
        for (confidential, uris, scopes, grant_types, expected) in [
            (false, &[app, device][..], "floor:export", None, Ok(vec![codes, refresh])),
            (true, &[app], "floor:*", None, Ok(vec![codes, refresh, own, exchange])),
            (true, &[], "floor:read", None, Ok(vec![own, exchange])),
            (false, &[app], "floor:export", Some(vec![codes]), Ok(vec![codes])),
            (false, &[app], "floor:export", Some(vec![own]), Err("invalid_request")),
            (true, &[], "floor:export", Some(vec![codes]), Err("invalid_request")),
            (false, &[app, app], "floor:export", None, Err("invalid_request")),
            (false, &["http://app.example.com/cb"], "floor:export", None, Err("invalid_request")),
            (false, &many[..20], "floor:export", None, Ok(vec![codes, refresh])),
            (false, &[app], "floor:export", Some(vec![exchange]), Ok(vec![exchange])),
            (false, &many, "floor:export", None, Err("invalid_request")),
            (false, &[app], "", None, Err("invalid_scope")),
            (false, &[app], "floor:fly", None, Err("invalid_scope")),
            (false, &[app], "token:create", None, Err("invalid_scope")),
        ] {
            let redirect_uris = uris.iter().map(|uri| (*uri).to_owned()).collect();
            let scopes = scopes.split_whitespace().map(|scope| scope.parse().expect("a scope")).collect();
            let registration = Registration { confidential, redirect_uris, scopes, grant_types };
            let checked = code(check(registration.clone(), &catalogs).map(|settings| settings.grant_types));
            assert_eq!(checked, expected, "{registration:?}");
        }
    }
}
