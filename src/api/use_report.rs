//! How tokens were used: what verifiers report, and what the service tells of it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::Origin;

/// The outcome of a request that a verifier accepted. The other outcomes are codes of errors.
pub const ACCEPTED: &str = "accepted";

/// The body of `POST /v2/use`: a verifier's decisions in aggregate. It has no token's text and no client's address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UseReport {
    /// A random name of the verifying process.
    pub verifier: String,
    /// The report's number among those of this verifier. Later reports have greater ones, and each number counts once.
    pub sequence: u64,
    /// How many seconds ago the counts were taken, so that no clock has to be right but the service's.
    #[serde(default)]
    pub age_seconds: u64,
    /// The counts.
    pub rows: Vec<UseRow>,
}

impl UseReport {
    /// How many rows a report has at most.
    pub const MOST_ROWS: usize = 512;
}

/// The requests with one token that had one outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UseRow {
    /// [`TokenRecord::serial`](super::TokenRecord::serial) of the token, or of the stored token that it was made
    /// from. `None` for the tokens that the verifier had no room to count apart.
    pub serial: Option<u64>,
    /// [`ACCEPTED`], or the code of the error. `insufficient_scope` is counted beside the request's [`ACCEPTED`],
    /// since a handler finds out later what an accepted token lacks.
    pub outcome: Cow<'static, str>,
    /// How many.
    pub count: u64,
    /// The origins of the pages that sent them, as far as there was room.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub origins: Vec<OriginUse>,
    /// How many pages' requests had another origin, or none that a browser writes.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub other_origins: u64,
}

impl UseRow {
    /// How many origins a row has at most.
    pub const MOST_ORIGINS: usize = 8;
}

/// How many requests came from the pages of an origin.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct OriginUse {
    /// The origin, as browsers write it; of one that is not of the web, the scheme alone, as `app:`.
    pub origin: String,
    /// How many.
    pub count: u64,
}

impl OriginUse {
    /// The longest origin that is kept, in bytes: a scheme, a host name and a port.
    const MAX_LENGTH: usize = 280;
    /// The longest scheme that is kept by itself, in bytes: one of a program, and no text of a client's.
    const MAX_SCHEME: usize = 32;

    /// Returns what is kept of a page's origin: all of it on the web, otherwise its scheme, as `app:`. `None` for what
    /// no browser writes or is too long.
    ///
    /// SECURITY: the host of an extension can be of one installation, and so of one person; and where the web has no
    /// rules for hosts, a client can write a token there.
    #[must_use]
    pub fn kept(origin: &str) -> Option<&str> {
        let is_origin = |text: &str| text.len() <= OriginUse::MAX_LENGTH && Origin::parse(text).is_ok();
        let (scheme, _) = origin.split_once(':').filter(|_| is_origin(origin))?;
        let kept = if matches!(scheme, "http" | "https") { origin } else { &origin[..=scheme.len()] };
        (scheme.len() <= OriginUse::MAX_SCHEME && is_origin(kept)).then_some(kept)
    }
}

/// The response of `GET /v2/use`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UseResponse {
    /// The days on which anything was counted, oldest first.
    pub days: Vec<UseDay>,
}

/// The use of a token, or of all tokens of an organization, on one day.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "camelCase")]
pub struct UseDay {
    /// When the day began, in UTC.
    pub day: u64,
    /// The requests that verifiers decided on: those accepted, and those refused but for `insufficient_scope`.
    pub requests: u64,
    /// The requests that verifiers accepted.
    pub accepted: u64,
    /// How many were refused, by the code of the error.
    pub refused: BTreeMap<String, u64>,
    /// How many temporary tokens were minted.
    pub refreshes: u64,
    /// The origins of most of the accepted requests, most first.
    pub origins: Vec<OriginUse>,
    /// How many accepted requests had other origins.
    pub other_origins: u64,
    /// The origins of most of the refused requests, most first.
    pub refused_origins: Vec<OriginUse>,
    /// How many refused requests had other origins.
    pub other_refused_origins: u64,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes references, which are shorter on WebAssembly")]
fn is_zero(value: &u64) -> bool {
    *value == 0
}
