//! Clients: applications that ask for tokens by OAuth.

use daypass::api::PrincipalKind;
use daypass::{Error, ScopeSet};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::refusal::{Refusal, RefusalCode};
use crate::domain::principal::Principal;

/// A way to a token, as the token endpoint names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub(crate) enum GrantType {
    /// A code that a user let the client have (RFC 6749, section 4.1).
    #[serde(rename = "authorization_code")]
    AuthorizationCode,
    /// A refresh token (RFC 6749, section 6).
    #[serde(rename = "refresh_token")]
    RefreshToken,
    /// The client itself (RFC 6749, section 4.4).
    #[serde(rename = "client_credentials")]
    ClientCredentials,
    /// A token that the client holds (RFC 8693).
    #[serde(rename = "urn:ietf:params:oauth:grant-type:token-exchange")]
    TokenExchange,
}

impl GrantType {
    /// Every grant type.
    pub(crate) const ALL: [GrantType; 4] =
        [GrantType::AuthorizationCode, GrantType::RefreshToken, GrantType::ClientCredentials, GrantType::TokenExchange];

    /// Returns the name on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            GrantType::AuthorizationCode => "authorization_code",
            GrantType::RefreshToken => "refresh_token",
            GrantType::ClientCredentials => "client_credentials",
            GrantType::TokenExchange => "urn:ietf:params:oauth:grant-type:token-exchange",
        }
    }

    /// Returns the grant type with this name.
    pub(crate) fn named(name: &str) -> Option<GrantType> {
        GrantType::ALL.into_iter().find(|grant_type| grant_type.as_str() == name)
    }
}

/// What a client may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ClientSettings {
    /// Whether it keeps a secret: an active application token that belongs to its principal.
    pub(crate) is_confidential: bool,
    /// Where answers to its authorization requests may go.
    pub(crate) redirect_uris: Vec<String>,
    /// The scopes that it may ask for, by their current names.
    pub(crate) scopes: ScopeSet,
    /// The ways on which it may get tokens.
    pub(crate) grant_types: Vec<GrantType>,
}

/// A client as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Client {
    /// The application that it is. Its id is the `client_id`.
    pub(crate) principal: Principal,
    /// What it may do.
    pub(crate) settings: ClientSettings,
    /// Since when its organization is suspended, if it is.
    pub(crate) suspended_at: Option<u64>,
    /// When its organization was revoked, if it was.
    pub(crate) organization_revoked_at: Option<u64>,
}

impl Client {
    /// Returns the `client_id`.
    pub(crate) fn id(&self) -> &str {
        &self.principal.id
    }

    /// Requires that the client was not removed, and that its organization is active.
    ///
    /// # Errors
    /// `invalid_client` or `unauthorized_client`.
    pub(crate) fn require_active(&self) -> Result<(), Refusal> {
        if self.principal.removed_at.is_some() || self.organization_revoked_at.is_some() {
            return Err(unknown());
        }
        if self.suspended_at.is_some() {
            return Err(Refusal::new(RefusalCode::UnauthorizedClient, "The client's organization is suspended."));
        }
        Ok(())
    }

    /// Requires that the client may use a grant type.
    ///
    /// SECURITY: a public client cannot prove who it is, so that it gets no tokens of its own.
    ///
    /// # Errors
    /// `unauthorized_client`.
    pub(crate) fn require_grant_type(&self, grant_type: GrantType) -> Result<(), Refusal> {
        let needs_secret = matches!(grant_type, GrantType::ClientCredentials);
        if self.settings.grant_types.contains(&grant_type) && (self.settings.is_confidential || !needs_secret) {
            return Ok(());
        }
        let why = format!("This client may not use the grant type {}.", grant_type.as_str());
        Err(Refusal::new(RefusalCode::UnauthorizedClient, why))
    }
}

/// The refusal of a client that is not known, was removed or has another secret: one for all.
pub(crate) fn unknown() -> Refusal {
    Refusal::new(RefusalCode::InvalidClient, "The client is not known, or its secret is wrong.")
}

/// What the store knows when an application is made a client, or gets other settings.
pub(crate) struct ClientFacts {
    /// The application, if the organization has it.
    pub(crate) principal: Option<Principal>,
    /// The settings that it has, if it is a client.
    pub(crate) settings: Option<ClientSettings>,
}

/// The settings that a change is meant for.
#[derive(Debug, Clone)]
pub(crate) enum MeantFor {
    /// Any.
    Any,
    /// Those that a person saw; none if the application was no client.
    Shown(Option<ClientSettings>),
}

impl MeantFor {
    /// Requires that an application has the settings that the change is meant for.
    ///
    /// # Errors
    /// [`Error::VersionConflict`] if it has others.
    pub(super) fn require(&self, principal: &Principal, settings: Option<&ClientSettings>) -> Result<(), Error> {
        match self {
            MeantFor::Shown(shown) if shown.as_ref() != settings => Err(Error::VersionConflict(principal.version)),
            MeantFor::Any | MeantFor::Shown(_) => Ok(()),
        }
    }
}

/// Requires that a principal can be a client, and has the settings that the change is meant for.
///
/// # Errors
/// [`Error::NotFound`] without a principal, [`Error::InvalidRequest`] if it was removed or is no application,
/// [`Error::VersionConflict`] if it has other settings.
pub(crate) fn may_set(facts: &ClientFacts, meant_for: &MeantFor) -> Result<(), Error> {
    let principal = facts.principal.as_ref().ok_or(Error::NotFound)?;
    if principal.kind != PrincipalKind::Application {
        return Err(Error::InvalidRequest("Only an application can be an OAuth client.".into()));
    }
    if principal.removed_at.is_some() {
        return Err(Error::InvalidRequest("The application was removed: add another one.".into()));
    }
    meant_for.require(principal, facts.settings.as_ref())
}

#[cfg(test)]
pub(in crate::domain) mod tests {
    use super::*;
    use crate::domain::principal::tests::principal;

    pub(in crate::domain) fn scopes(text: &str) -> ScopeSet {
        text.split_whitespace().map(|scope| scope.parse().expect("a scope")).collect()
    }

    /// A public client of the organization `o` that may read floors.
    pub(in crate::domain) fn client() -> Client {
        let settings = ClientSettings {
            is_confidential: false,
            redirect_uris: vec!["https://app.example/back".into()],
            scopes: scopes("floor:readPublic floor:readPrivate"),
            grant_types: GrantType::ALL.to_vec(),
        };
        let principal = principal(PrincipalKind::Application, None, None);
        Client { principal, settings, suspended_at: None, organization_revoked_at: None }
    }

    pub(in crate::domain) fn code<T>(result: Result<T, Refusal>) -> Result<T, &'static str> {
        result.map_err(|refusal| match refusal {
            Refusal::OAuth(code, _) => code.as_str(),
            Refusal::Service(error) => error.code().as_str(),
        })
    }

    #[test]
    fn grant_types_are_stored_by_their_names_on_the_wire() {
        for grant_type in GrantType::ALL {
            assert_eq!(serde_json::to_value(grant_type).expect("JSON"), grant_type.as_str());
            assert_eq!(GrantType::named(grant_type.as_str()), Some(grant_type));
        }
        assert_eq!(GrantType::named("password"), None);
    }

    #[test]
    fn a_client_is_active_until_it_is_removed_or_its_organization_is_suspended_or_revoked() {
        for (removed_at, suspended_at, organization_revoked_at, expected) in [
            (None, None, None, Ok(())),
            (Some(7), None, None, Err("invalid_client")),
            (None, Some(7), None, Err("unauthorized_client")),
            (None, None, Some(7), Err("invalid_client")),
        ] {
            let client = client();
            let principal = Principal { removed_at, ..client.principal };
            let client = Client { principal, suspended_at, organization_revoked_at, ..client };
            assert_eq!(code(client.require_active()), expected, "{client:?}");
        }
    }

    #[test]
    fn a_public_client_gets_no_tokens_of_its_own() {
        for (is_confidential, grant_types, asked, expected) in [
            (false, &GrantType::ALL[..], GrantType::AuthorizationCode, Ok(())),
            (false, &GrantType::ALL, GrantType::ClientCredentials, Err("unauthorized_client")),
            (true, &GrantType::ALL, GrantType::ClientCredentials, Ok(())),
            (true, &[], GrantType::ClientCredentials, Err("unauthorized_client")),
            (true, &[GrantType::AuthorizationCode], GrantType::RefreshToken, Err("unauthorized_client")),
        ] {
            let client = client();
            let settings = ClientSettings { is_confidential, grant_types: grant_types.to_vec(), ..client.settings };
            let client = Client { settings, ..client };
            assert_eq!(code(client.require_grant_type(asked)), expected, "{client:?}");
        }
    }

    #[test]
    fn only_an_application_that_was_not_removed_can_be_a_client() {
        use crate::domain::principal::tests::code;
        for (kind, removed_at, expected) in [
            (PrincipalKind::Application, None, Ok(())),
            (PrincipalKind::Application, Some(7), Err("invalid_request")),
            (PrincipalKind::ServiceAccount, None, Err("invalid_request")),
        ] {
            let facts = ClientFacts { principal: Some(principal(kind, None, removed_at)), settings: None };
            assert_eq!(code(may_set(&facts, &MeantFor::Any)), expected, "{kind:?}");
        }
        let facts = ClientFacts { principal: None, settings: None };
        assert_eq!(code(may_set(&facts, &MeantFor::Any)), Err("not_found"));
    }

    #[test]
    fn a_change_is_meant_for_the_settings_that_a_person_saw() {
        use crate::domain::principal::tests::code;
        let settings = || Some(client().settings);
        let others = || settings().map(|settings| ClientSettings { is_confidential: true, ..settings });
        for (has, meant_for, expected) in [
            (settings(), MeantFor::Any, Ok(())),
            (None, MeantFor::Any, Ok(())),
            (settings(), MeantFor::Shown(settings()), Ok(())),
            (None, MeantFor::Shown(None), Ok(())),
            (settings(), MeantFor::Shown(others()), Err("version_conflict")),
            (settings(), MeantFor::Shown(None), Err("version_conflict")),
            (None, MeantFor::Shown(settings()), Err("version_conflict")),
        ] {
            let facts = ClientFacts { principal: Some(client().principal), settings: has };
            assert_eq!(code(may_set(&facts, &meant_for)), expected, "{meant_for:?}");
        }
    }
}
