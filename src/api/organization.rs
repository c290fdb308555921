//! Organizations: the tenants of a service.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An organization, as the service describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationRecord {
    /// Its id: the tenant of its tokens' grants.
    pub id: String,
    /// A name by which people recognize it.
    pub name: String,
    /// Whether its tokens can be used.
    pub state: OrganizationState,
    /// Whether its tokens may administer the service.
    pub is_operator: bool,
    /// When it was created.
    pub created_at: u64,
    /// The time before which its tokens are revoked, if there is one.
    pub issued_before: Option<u64>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<u64>,
}

/// Whether an organization's tokens can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OrganizationState {
    /// They can.
    Active,
    /// They never can again, and it gets no new ones.
    Revoked,
}

impl fmt::Display for OrganizationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            OrganizationState::Active => "active",
            OrganizationState::Revoked => "revoked",
        })
    }
}

/// The body of `POST /v2/organization`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateOrganizationRequest {
    /// A name to recognize it by, 1 to 512 characters.
    pub name: String,
    /// Its id; generated when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
}

/// The body of `PATCH /v2/organization/{id}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateOrganizationRequest {
    /// Its new name, 1 to 512 characters.
    pub name: String,
}

/// The response of `GET /v2/organization`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationPage {
    /// The organizations after the cursor, oldest first.
    pub organizations: Vec<OrganizationRecord>,
    /// Continues the list; `null` at its end.
    pub next_cursor: Option<String>,
}
