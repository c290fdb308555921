//! Opaque tokens from the service: [`RemoteLookup`].

use super::{answer, client, url};
use crate::TokenText;
use crate::verify::{Answer, Lookup};
use crate::wire::{Introspection, TokenRecord};

/// Looks opaque tokens up by the service's introspection (RFC 7662).
pub struct RemoteLookup {
    client: reqwest::Client,
    url: String,
    token: TokenText,
}

impl RemoteLookup {
    /// Asks the service at this URL, with a secret token that has the scope `token:introspect`.
    #[must_use]
    pub fn new(service: &str, token: TokenText) -> RemoteLookup {
        let url = url(service, "/introspect");
        RemoteLookup { client: client(), url, token }
    }
}

impl Lookup for RemoteLookup {
    fn find<'a>(&'a self, token: &'a TokenText) -> Answer<'a, Option<TokenRecord>> {
        let request = self
            .client
            .post(&self.url)
            .bearer_auth(self.token.expose_secret())
            .form(&[("token", token.expose_secret())]);
        Box::pin(async { Ok(answer::<Introspection>(request).await?.record) })
    }
}
