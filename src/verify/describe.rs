//! What a token's holder may know about it, refused or not: [`Verifier::describe`].

use super::clock::Moment;
use super::{Credentials, Verifier};
use crate::Error;
use crate::api::TokenDescription;

impl Verifier {
    /// Describes an authentic token even if it is revoked, suspended, expired or from a wrong origin,
    /// so that its holder learns why it is refused. It authorizes nothing.
    ///
    /// # Errors
    /// [`Error::InvalidToken`] for a token that is not authentic; [`Error::MissingToken`],
    /// [`Error::InvalidRequest`] for more than one token or origin, [`Error::TooManyRequests`] and
    /// [`Error::Unavailable`] as in [`verify`](Verifier::verify); and those for a location or a
    /// browser that must not have the token: [`Error::SecretInQuery`], [`Error::SecretInBrowser`],
    /// [`Error::KindNotAccepted`].
    pub async fn describe(&self, credentials: &Credentials<'_>) -> Result<TokenDescription, Error> {
        let credential = credentials.credential()?;
        let token = self.authenticate(credential, credentials.client).await?;
        let withdrawn = self.check_withdrawn(&token, Moment::now())?;
        token.check_location(credential.location)?;
        let page = match token.page(credentials, &self.page_rules) {
            Err(Error::OriginRequired(_)) => None,
            page => Some(page?),
        };
        let origin_allowed = match page.map(|page| token.check_page(page)) {
            Some(Ok(())) => true,
            None | Some(Err(Error::OriginNotAllowed(_))) => false,
            Some(Err(error)) => return Err(error),
        };
        let (revoked, suspended) = match withdrawn {
            Ok(()) => (false, false),
            Err(Error::TokenRevoked) => (true, false),
            Err(Error::OrganizationSuspended) => (false, true),
            // It is older than the entries that the feed keeps. Where `expiresAt` does not say that it
            // has expired, it counts as revoked.
            Err(Error::TokenExpired) => (token.check_life(self.clock.now()) != Err(Error::TokenExpired), false),
            Err(error) => return Err(error),
        };
        Ok(TokenDescription {
            kind: token.kind,
            scopes: token.grants.iter().flat_map(|grant| grant.scopes.iter().cloned()).collect(),
            origins: token.origins.to_vec(),
            expires_at: token.expires_at(),
            revoked,
            suspended,
            origin_seen: page.flatten().map(|page| page.origin.to_owned()),
            origin_allowed,
        })
    }
}
