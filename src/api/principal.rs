//! Principals, to which tokens belong: the users, service accounts and applications of an organization.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A principal, as the service describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PrincipalRecord {
    /// Its id: [`TokenRecord::owner`](super::TokenRecord::owner) of its tokens.
    pub id: String,
    /// The organization that it belongs to.
    pub organization: String,
    /// What it is.
    pub kind: PrincipalKind,
    /// A name by which people recognize it.
    pub name: String,
    /// A user's email address, in lower case.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// A user's role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
    /// When it was created.
    pub created_at: u64,
    /// The id of the token or of the user that created it; `None` if the command line did.
    pub created_by: Option<String>,
    /// When it was removed, if it was. Its tokens were revoked then.
    pub removed_at: Option<u64>,
    /// 1, and 1 more with each edit.
    pub version: u64,
}

/// What a principal is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum PrincipalKind {
    /// A person.
    User,
    /// A program of the organization, such as its backend.
    ServiceAccount,
    /// An application or a partner.
    Application,
}

impl PrincipalKind {
    /// Every kind.
    pub const ALL: [PrincipalKind; 3] =
        [PrincipalKind::User, PrincipalKind::ServiceAccount, PrincipalKind::Application];

    /// Returns the name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            PrincipalKind::User => "user",
            PrincipalKind::ServiceAccount => "serviceAccount",
            PrincipalKind::Application => "application",
        }
    }
}

impl fmt::Display for PrincipalKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// What a user may do in an organization. A later role may do all that an earlier one may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub enum Role {
    /// Reads lists and details.
    Viewer,
    /// Manages tokens with the product's scopes.
    Developer,
    /// Manages principals too, but no owners.
    Admin,
    /// Does everything.
    Owner,
}

impl Role {
    /// Every role, from the least.
    pub const ALL: [Role; 4] = [Role::Viewer, Role::Developer, Role::Admin, Role::Owner];

    /// Returns the name on the wire.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Developer => "developer",
            Role::Admin => "admin",
            Role::Owner => "owner",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

/// The body of `POST /v2/organization/{id}/principal`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreatePrincipalRequest {
    /// What it is.
    pub kind: PrincipalKind,
    /// A name to recognize it by, 1 to 512 characters.
    pub name: String,
    /// The email address of a user, and of no other kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
    /// The role of a user, and of no other kind.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// The body of `PATCH /v2/organization/{id}/principal/{id}`. What is absent stays as it is.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdatePrincipalRequest {
    /// Its new name, 1 to 512 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A user's new role.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub role: Option<Role>,
}

/// The response of `GET /v2/organization/{id}/principal`: a page of an organization's principals, oldest first, without
/// the removed ones.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct PrincipalPage {
    /// The principals.
    pub principals: Vec<PrincipalRecord>,
    /// The `cursor` of the request for the next page; `None` after the last one.
    pub next_cursor: Option<String>,
}
