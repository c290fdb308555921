//! Public and private tokens, as Threekit tells them apart: which tokens of the one model they are.

use daypass::api::{CreateTokenRequest, PrincipalKind};
use daypass::{Catalog, Error, TokenKind};
use serde::{Deserialize, Serialize};

use super::catalogs::Catalogs;
use super::grantor::Grantor;
use super::principal::Principal;

/// What a token of Threekit may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Permissions {
    /// Uses the configurator, saves configurations and sends analytics, in pages of its domains.
    Public,
    /// Does what its creator may do within the organization.
    Private,
}

impl Permissions {
    /// Returns what Threekit calls a stored token of this kind; `None` for what is no access token there.
    pub(crate) fn of(kind: TokenKind) -> Option<Permissions> {
        match kind {
            TokenKind::Publishable => Some(Permissions::Public),
            TokenKind::Secret | TokenKind::Personal | TokenKind::Application => Some(Permissions::Private),
            _ => None,
        }
    }
}

/// A token to be created, as Threekit describes it.
#[derive(Debug, Clone)]
pub(crate) struct NewAccessToken {
    /// What it may do.
    pub(crate) permissions: Permissions,
    /// A name to recognize it by.
    pub(crate) name: String,
    /// The sites that may use a public token, as people write origins.
    pub(crate) domains: Vec<String>,
    /// The id of the service account that a public token belongs to.
    pub(crate) service_account: Option<String>,
}

impl NewAccessToken {
    /// Returns the token of the one model. `owner` is the principal that the service account's id names, if there is one.
    ///
    /// SECURITY: a public token has Threekit's three scopes alone, whatever else the catalogue publishes, and belongs to a
    /// service account, so that it does not depend on a person. A private token has what its creator can give, and no more.
    ///
    /// # Errors
    /// [`Error::InvalidRequest`], which names the field, and those of [`Grantor::everything`].
    pub(crate) fn request(
        self,
        owner: Option<&Principal>,
        grantor: &Grantor<'_>,
        catalogs: &Catalogs,
    ) -> Result<CreateTokenRequest, Error> {
        let NewAccessToken { permissions, name, domains: origins, service_account } = self;
        let (kind, scopes) = match (permissions, &service_account) {
            (Permissions::Public, None) => {
                return refuse("A public token needs a `serviceAccountId`: the id of a service account.");
            }
            (Permissions::Public, Some(id)) => {
                if owner.is_none_or(|owner| owner.kind != PrincipalKind::ServiceAccount) {
                    return refuse(format!("The `serviceAccountId` {id:?} names no service account."));
                }
                (TokenKind::Publishable, Catalog::threekit().publishable())
            }
            (Permissions::Private, Some(_)) => {
                return refuse("A private token belongs to its creator: leave out the `serviceAccountId`.");
            }
            (Permissions::Private, None) if !origins.is_empty() => {
                return refuse("Only a public token has `domains`: no browser may hold a private one.");
            }
            (Permissions::Private, None) => grantor.everything(catalogs)?,
        };
        Ok(CreateTokenRequest {
            kind,
            name,
            scopes: Some(scopes),
            origins,
            resources: vec![],
            tenant: None,
            expires_at: None,
            id: None,
            owner: service_account,
        })
    }
}

fn refuse<T>(why: impl Into<String>) -> Result<T, Error> {
    Err(Error::InvalidRequest(why.into()))
}
