//! What can go wrong in the browser besides a refusal: [`Failure`], and how both become an error for JavaScript.

use wasm_bindgen::JsValue;

use super::js;
use crate::{Denied, Refusal};

/// A failure that no API reported. Refusals that the browser half can see beforehand are [`Denied`], with the same codes
/// as on the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Failure {
    /// An option of `connect` is missing or wrong.
    InvalidOptions(String),
    /// The token's text has a typo or is cut off.
    TokenMalformed(String),
    /// The API or the service gave no answer that the page may read.
    NetworkFailed(String),
    /// A URL of another origin than the API's.
    ForeignUrl(String),
    /// A request that got 401 has a body that can be read once only.
    BodyNotReplayable,
    /// The provider failed, or answered something else than a token.
    ProviderFailed(String),
    /// The provider did not answer in time.
    ProviderTimeout,
    /// The provider answered with a token that is over or already in use.
    ProviderStale,
    /// The provider said that there will be no more tokens.
    ProviderForbidden,
    /// Not a bundle at all.
    BundleMalformed,
    /// No key of the service signed the bundle.
    BundleUnknownKey,
    /// The bundle was changed after it was signed.
    BundleChanged,
    /// The bundle's time is over.
    BundleExpired,
    /// The bundle was made for other pages.
    BundleOrigin(String),
    /// The service does not accept the bundle's reference: unknown, over or revoked.
    BundleRefused,
    /// The connection was closed.
    Closed,
}

impl Failure {
    /// One of each failure, for tables and tests.
    #[must_use]
    pub fn examples() -> Vec<Failure> {
        vec![
            Failure::InvalidOptions("`api` is missing.".into()),
            Failure::TokenMalformed("the token has a typo: its checksum does not fit".into()),
            Failure::NetworkFailed("https://api.example".into()),
            Failure::ForeignUrl("https://elsewhere.example".into()),
            Failure::BodyNotReplayable,
            Failure::ProviderFailed("It answered with status 500.".into()),
            Failure::ProviderTimeout,
            Failure::ProviderStale,
            Failure::ProviderForbidden,
            Failure::BundleMalformed,
            Failure::BundleUnknownKey,
            Failure::BundleChanged,
            Failure::BundleExpired,
            Failure::BundleOrigin("https://elsewhere.example".into()),
            Failure::BundleRefused,
            Failure::Closed,
        ]
    }

    /// One row a failure: code, whether the same call may succeed later, help.
    #[must_use]
    pub fn row(&self) -> (&'static str, bool, &'static str) {
        match self {
            Failure::InvalidOptions(_) => ("invalid_options", false, "Mend the option that the message names."),
            Failure::TokenMalformed(_) => ("token_malformed", false, "Copy the whole token again."),
            Failure::NetworkFailed(_) => (
                "network_failed",
                true,
                "Check the connection, the address, and that the server allows this page's origin (CORS).",
            ),
            Failure::ForeignUrl(_) => (
                "foreign_url",
                false,
                "Use the browser's own fetch for other servers: the token goes to the API alone.",
            ),
            Failure::BodyNotReplayable => {
                ("body_not_replayable", true, "The token is fresh now: make the request again.")
            }
            Failure::ProviderFailed(_) => {
                ("provider_failed", true, "Look at what your backend answers; Daypass tries again by itself.")
            }
            Failure::ProviderTimeout => {
                ("provider_timeout", true, "Make your backend answer within 10 seconds; Daypass tries again by itself.")
            }
            Failure::ProviderStale => (
                "provider_stale",
                true,
                "Do not cache tokens: create one for each call, and answer with Cache-Control: no-store.",
            ),
            Failure::ProviderForbidden => {
                ("provider_forbidden", false, "Your backend answered 403: the visitor may have to sign in again.")
            }
            Failure::BundleMalformed => {
                ("bundle_malformed", false, "Pass the bundle as the service answered it, whole.")
            }
            Failure::BundleUnknownKey => {
                ("bundle_unknown_key", false, "Check that `service` is the service that signed the bundle.")
            }
            Failure::BundleChanged => (
                "bundle_changed",
                false,
                "Pass the bundle as the service answered it: a link may have been cut or edited.",
            ),
            Failure::BundleExpired => {
                ("bundle_expired", false, "Open the page again from where it was linked: bundles are short-lived.")
            }
            Failure::BundleOrigin(_) => {
                ("bundle_origin", false, "Add this page's origin to `origins` when the bundle is created.")
            }
            Failure::BundleRefused => {
                ("bundle_refused", false, "Create a new bundle: this one is unknown, over or revoked.")
            }
            Failure::Closed => ("closed", false, "Connect again."),
        }
    }

    fn message(&self) -> String {
        match self {
            Failure::InvalidOptions(why) => format!("connect: {why}"),
            Failure::TokenMalformed(why) => format!("The token cannot be right: {why}."),
            Failure::NetworkFailed(url) => format!("No answer from {url} that this page may read."),
            Failure::ForeignUrl(origin) => format!("{origin} is not the API's origin."),
            Failure::BodyNotReplayable => "The API answered 401, and the request's body can be sent only once.".into(),
            Failure::ProviderFailed(why) => format!("The token provider failed. {why}"),
            Failure::ProviderTimeout => "The token provider did not answer.".into(),
            Failure::ProviderStale => "The token provider answered with a token that is over or already in use.".into(),
            Failure::ProviderForbidden => "The token provider gives no more tokens.".into(),
            Failure::BundleMalformed => "This is not a parameter bundle.".into(),
            Failure::BundleUnknownKey => "The bundle is not signed with a key of the service.".into(),
            Failure::BundleChanged => "The bundle was changed after it was signed.".into(),
            Failure::BundleExpired => "The bundle has expired.".into(),
            Failure::BundleOrigin(origin) => format!("The bundle was not made for the origin {origin}."),
            Failure::BundleRefused => "The service does not accept the bundle.".into(),
            Failure::Closed => "The connection is closed.".into(),
        }
    }
}

/// What the entry makes a `DaypassError` of.
fn error(code: &str, status: u16, retryable: bool, message: &str, help: &str) -> JsValue {
    js::object(&[
        ("code", code.into()),
        ("status", status.into()),
        ("retryable", retryable.into()),
        ("message", message.into()),
        ("help", help.into()),
    ])
}

impl From<&Failure> for JsValue {
    fn from(failure: &Failure) -> JsValue {
        let (code, retryable, help) = failure.row();
        error(code, 0, retryable, &failure.message(), help)
    }
}

impl From<Failure> for JsValue {
    fn from(failure: Failure) -> JsValue {
        JsValue::from(&failure)
    }
}

impl From<&Denied> for JsValue {
    fn from(denied: &Denied) -> JsValue {
        error(denied.code(), denied.status(), denied.is_retryable(), &denied.to_string(), denied.help())
    }
}

impl From<Denied> for JsValue {
    fn from(denied: Denied) -> JsValue {
        JsValue::from(&denied)
    }
}

/// The error for a refusal that an API answered with this status, if its code is one of ours.
pub(super) fn refused(refusal: &Refusal, status: u16) -> Option<JsValue> {
    let known = Denied::examples().into_iter().find(|denied| denied.code() == refusal.error)?;
    Some(error(known.code(), status, known.is_retryable(), &refusal.message, known.help()))
}
