//! Parameter bundles: signed ones, and references that are redeemed once.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The body of `POST /v2/bundle/create`. The service reads the parameters as raw JSON, to keep their text.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema), schemars(rename = "CreateBundleRequest"))]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct CreateBundleRequest<P = crate::Parameters> {
    /// What the embed is opened with.
    pub parameters: P,
    /// Where it opens, as people write origins; anywhere when absent.
    #[serde(default)]
    pub origins: Vec<String>,
    /// Its lifetime, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub duration_seconds: Option<u64>,
    /// What only the product's backend may read. The service encrypts it, and the verifier opens it: `Access::sealed`.
    #[serde(default = "none::<P>", skip_serializing_if = "Option::is_none")]
    pub sealed: Option<P>,
    /// Whether the bundle is a reference that one client can redeem, once. Otherwise it is a JWT, which any page opens by
    /// itself.
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub single_use: bool,
    /// Whether `origins` may have patterns below a suffix that many owners share: see
    /// [`CreateTokenRequest::accept_shared_suffix`](super::CreateTokenRequest::accept_shared_suffix).
    #[serde(default, skip_serializing_if = "super::is_false")]
    pub accept_shared_suffix: bool,
}

fn none<P>() -> Option<P> {
    None
}

/// The response to a [`CreateBundleRequest`]. Its `Debug` does not show the bundle.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct BundleResponse {
    /// The signed JWT, or a reference with `singleUse`.
    pub bundle: String,
    /// When the bundle expires.
    pub expires_at: u64,
}

impl fmt::Debug for BundleResponse {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BundleResponse").field("expires_at", &self.expires_at).finish_non_exhaustive()
    }
}
