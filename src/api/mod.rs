//! The JSON bodies that the service, the verifier and the browser exchange. Times are Unix time in seconds.
//!
//! | file | what it describes |
//! | --- | --- |
//! | `token` | stored tokens: create, list, show, describe |
//! | `temporary_token` | temporary tokens |
//! | `bundle` | signed parameter bundles |
//! | `introspection` | introspection of tokens (RFC 7662) |
//! | `metadata` | the service's metadata (RFC 8414) |
//! | `organization` | organizations: create, list, show, rename |
//! | `revocation` | revocations, and the feed of them |

mod bundle;
mod introspection;
mod metadata;
mod organization;
mod revocation;
mod temporary_token;
mod token;

pub use bundle::{BundleResponse, CreateBundleRequest};
pub use introspection::IntrospectionResponse;
pub use metadata::ServerMetadata;
pub use organization::{
    CreateOrganizationRequest, OrganizationPage, OrganizationRecord, OrganizationState, UpdateOrganizationRequest,
};
pub use revocation::{Heartbeat, Revocation, RevocationPage, RevocationTarget};
pub use temporary_token::{TemporaryTokenRequest, TemporaryTokenResponse, duration};
pub use token::{CreateTokenRequest, TokenDescription, TokenPage, TokenRecord};
