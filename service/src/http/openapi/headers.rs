//! The headers of requests and responses: [`Header`].

use serde_json::{Map, Value, json};

/// A header of a response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Header {
    /// The tag of a record's version, or of a document.
    Tag,
    /// Where a browser goes.
    Location,
    /// A cookie.
    Cookie,
    /// When to try again.
    RetryAfter,
    /// How to authenticate.
    Challenge,
    /// The id of the request.
    RequestId,
    /// What a client sends in its next proof.
    Nonce,
}

impl Header {
    const ALL: [Header; 7] = [
        Header::Tag,
        Header::Location,
        Header::Cookie,
        Header::RetryAfter,
        Header::Challenge,
        Header::RequestId,
        Header::Nonce,
    ];

    fn name(self) -> &'static str {
        match self {
            Header::Tag => "ETag",
            Header::Location => "Location",
            Header::Cookie => "Set-Cookie",
            Header::RetryAfter => "Retry-After",
            Header::Challenge => "WWW-Authenticate",
            Header::RequestId => "X-Request-Id",
            Header::Nonce => "DPoP-Nonce",
        }
    }

    fn description(self) -> &'static str {
        match self {
            Header::Tag => "The version of what the response has: send it in `If-Match` or `If-None-Match`.",
            Header::Location => "Where the browser goes next.",
            Header::Cookie => "The session, or the deletion of it. No script reads it.",
            Header::RetryAfter => "After how many seconds to try again.",
            Header::Challenge => "How to authenticate (RFC 6750, section 3; RFC 9449, section 7.1).",
            Header::RequestId => "The id that the service's log has for the request: name it in reports of errors.",
            Header::Nonce => "The nonce for the client's next proof, if the request has a proof.",
        }
    }
}

/// Returns every header, by the name under which responses refer to it.
pub(super) fn components() -> Map<String, Value> {
    let component = |header: Header| {
        let kind = if header == Header::RetryAfter { "integer" } else { "string" };
        let schema = json!({ "description": header.description(), "schema": { "type": kind } });
        (header.name().to_owned(), schema)
    };
    Header::ALL.into_iter().map(component).collect()
}

/// Returns the headers of a response: these, and that of every response.
pub(super) fn references(headers: &[Header]) -> Map<String, Value> {
    let all = headers.iter().copied().chain([Header::RequestId]);
    all.map(|header| {
        let name = header.name();
        (name.to_owned(), json!({ "$ref": format!("#/components/headers/{name}") }))
    })
    .collect()
}

/// Returns a header of a request as a parameter.
pub(super) fn parameter(name: &str, description: &str) -> Value {
    json!({ "name": name, "in": "header", "description": description, "schema": { "type": "string" } })
}
