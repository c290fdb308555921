//! The JSON bodies that the service, the verifier and the browser exchange. Times are Unix time in seconds.
//!
//! | file | what it describes |
//! | --- | --- |
//! | `token` | stored tokens: create, list, show, edit, describe |
//! | `temporary_token` | temporary tokens |
//! | `bundle` | signed parameter bundles |
//! | `introspection` | introspection of tokens (RFC 7662) |
//! | `metadata` | the service's metadata (RFC 8414) |
//! | `organization` | organizations: create, list, show, rename, limits |
//! | `principal` | principals, to which tokens belong: create, list, show, edit |
//! | `revocation` | revocations, and the feed of them |
//! | `use_report` | how tokens were used: what verifiers report, and what the service tells of it |

mod bundle;
mod introspection;
mod metadata;
mod organization;
mod principal;
mod revocation;
mod temporary_token;
mod token;
mod use_report;

use serde::{Deserialize, Deserializer};

pub use bundle::{BundleResponse, CreateBundleRequest};
pub use introspection::IntrospectionResponse;
pub use metadata::ServerMetadata;
pub use organization::{
    CreateOrganizationRequest, OrganizationLimits, OrganizationPage, OrganizationRecord, OrganizationState,
    UpdateLimitsRequest, UpdateOrganizationRequest,
};
pub use principal::{
    CreatePrincipalRequest, PrincipalKind, PrincipalPage, PrincipalRecord, Role, UpdatePrincipalRequest,
};
pub use revocation::{Heartbeat, Revocation, RevocationPage, RevocationTarget};
pub use temporary_token::{CreateTemporaryTokenRequest, TemporaryTokenRequest, TemporaryTokenResponse, duration};
pub use token::{CreateTokenRequest, TokenDescription, TokenPage, TokenRecord, UpdateTokenRequest};
pub use use_report::{ACCEPTED, OriginUse, UseDay, UseReport, UseResponse, UseRow};

/// Reads a field that is present, so that `null` is told from an absent field.
fn present<'de, T: Deserialize<'de>, D: Deserializer<'de>>(deserializer: D) -> Result<Option<T>, D::Error> {
    T::deserialize(deserializer).map(Some)
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_false(value: &bool) -> bool {
    !value
}
