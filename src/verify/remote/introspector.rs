//! Opaque tokens, introspected at the service: [`RemoteIntrospector`].

use super::{client, fetch, url};
use crate::api::{IntrospectionResponse, TokenRecord};
use crate::verify::{Introspector, ResponseFuture, Unavailable};
use crate::{ForeignFormat, OpaqueToken};

/// Introspects opaque tokens at the service (RFC 7662).
///
/// It asks for the record alone, also of an expired or revoked token, so that its holder is told what
/// happened to it.
pub struct RemoteIntrospector {
    client: reqwest::Client,
    url: String,
    token: OpaqueToken,
}

impl RemoteIntrospector {
    /// Introspects at the service at this URL, with a secret token that has the scope
    /// `token:introspect`.
    #[must_use]
    pub fn new(service: &str, token: OpaqueToken) -> RemoteIntrospector {
        let url = url(service, "/introspect");
        RemoteIntrospector { client: client(), url, token }
    }
}

impl Introspector for RemoteIntrospector {
    fn find<'a>(&'a self, token: &'a OpaqueToken) -> ResponseFuture<'a, Option<TokenRecord>> {
        let format = token.format().map(ForeignFormat::tag);
        let request = self.client.post(&self.url).bearer_auth(self.token.expose_secret()).form(&[
            ("token", Some(token.expose_secret())),
            ("record", Some("true")),
            ("format", format),
        ]);
        Box::pin(async { record(fetch(request).await?) })
    }
}

/// Returns the record that a response is about.
///
/// SECURITY: a token that the service calls inactive has expired, even if the clock here says
/// otherwise.
fn record(response: IntrospectionResponse) -> Result<Option<TokenRecord>, Unavailable> {
    let IntrospectionResponse { active, record, .. } = response;
    match record {
        None if active => Err(Unavailable("the service calls a token active and sends no record of it".into())),
        Some(record) if !active && record.revoked_at.is_none() && record.suspended_at.is_none() => {
            Ok(Some(TokenRecord { expires_at: Some(0), ..record }))
        }
        record => Ok(record),
    }
}
