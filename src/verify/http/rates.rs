//! How far a rate limit is used (draft-ietf-httpapi-ratelimit-headers-11).

use http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::verify::rate_limit::{Policy, RateStatus, WINDOW};

const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");

impl RateStatus {
    /// Adds `RateLimit` and `RateLimit-Policy` to the headers of a response. Those of another limit may be there already: both
    /// fields are lists, which may be split.
    pub fn add_to(&self, headers: &mut HeaderMap) {
        let RateStatus { policy, quota, remaining, seconds } = *self;
        let name = name(policy);
        let mut append = |header, text| {
            headers.append(header, HeaderValue::try_from(text).expect("numbers and names are ASCII"));
        };
        if let Some(quota) = quota {
            append(RATE_LIMIT_POLICY, format!(r#""{name}";q={quota};w={WINDOW}"#));
        }
        append(RATE_LIMIT, format!(r#""{name}";r={remaining};t={seconds}"#));
    }
}

fn name(policy: Policy) -> &'static str {
    match policy {
        Policy::Client => "client",
        Policy::Token => "token",
        Policy::Organization => "organization",
        Policy::InvalidTokens => "invalid-tokens",
        Policy::Proofs => "proofs",
        Policy::Own(name) => name,
    }
}
