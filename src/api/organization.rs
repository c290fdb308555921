//! Organizations: the tenants of a service.

use std::fmt;

use serde::{Deserialize, Serialize};

/// An organization, as the service describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
    /// Since when it is suspended, if it is.
    #[serde(default)]
    pub suspended_at: Option<u64>,
    /// When it was revoked, if it was.
    pub revoked_at: Option<u64>,
    /// How much of each kind it may have.
    #[serde(default)]
    pub limits: OrganizationLimits,
}

/// How many active tokens of each kind, principals and bundle references an organization may have; `None` for as many
/// as it likes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", default)]
pub struct OrganizationLimits {
    /// Publishable tokens.
    pub publishable: Option<u32>,
    /// Secret tokens.
    pub secret: Option<u32>,
    /// Application tokens.
    pub application: Option<u32>,
    /// Personal tokens, of all users together.
    pub personal: Option<u32>,
    /// Principals that are not removed.
    pub principals: Option<u32>,
    /// Bundle references that are stored: those of the last two days.
    pub bundles: Option<u32>,
    /// How many bytes these references take in the store.
    pub bundle_bytes: Option<u64>,
}

/// 100 publishable and 100 secret tokens, as in the Space API, 10,000 application tokens, personal tokens and
/// principals, and a million bundle references that take a gibibyte.
impl Default for OrganizationLimits {
    fn default() -> OrganizationLimits {
        OrganizationLimits {
            publishable: Some(100),
            secret: Some(100),
            application: Some(10_000),
            personal: Some(10_000),
            principals: Some(10_000),
            bundles: Some(1_000_000),
            bundle_bytes: Some(1 << 30),
        }
    }
}

/// Whether an organization's tokens can be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "lowercase")]
pub enum OrganizationState {
    /// They can.
    Active,
    /// They cannot until it is resumed.
    Suspended,
    /// They never can again, and it gets no new ones.
    Revoked,
}

impl fmt::Display for OrganizationState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            OrganizationState::Active => "active",
            OrganizationState::Suspended => "suspended",
            OrganizationState::Revoked => "revoked",
        })
    }
}

/// The body of `POST /v2/organization`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
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
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateOrganizationRequest {
    /// Its new name, 1 to 512 characters.
    pub name: String,
}

/// The body of `PATCH /v2/organization/{id}/limits`. What is absent stays as it is; `null` is for no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UpdateLimitsRequest {
    /// Publishable tokens.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::present")]
    pub publishable: Option<Option<u32>>,
    /// Secret tokens.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::present")]
    pub secret: Option<Option<u32>>,
    /// Application tokens.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::present")]
    pub application: Option<Option<u32>>,
    /// Personal tokens, of all users together.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::present")]
    pub personal: Option<Option<u32>>,
    /// Principals that are not removed.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::present")]
    pub principals: Option<Option<u32>>,
    /// Bundle references that are stored: those of the last two days.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::present")]
    pub bundles: Option<Option<u32>>,
    /// How many bytes these references take in the store.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "super::present")]
    pub bundle_bytes: Option<Option<u64>>,
}

/// The response of `GET /v2/organization`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OrganizationPage {
    /// The organizations after the cursor, oldest first.
    pub organizations: Vec<OrganizationRecord>,
    /// Continues the list; `null` at its end.
    pub next_cursor: Option<String>,
}
