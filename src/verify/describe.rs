//! What a token's holder may know of it, admitted or not: [`Verifier::describe`].

use super::clock::Moment;
use super::{Presented, SeenOrigin, Verifier};
use crate::Denied;
use crate::wire::TokenSelf;

impl Verifier {
    /// Describes a genuine token even if it is revoked, expired or from a wrong origin, so that its holder learns why it is
    /// refused. It lets nothing pass.
    ///
    /// # Errors
    /// [`Denied::InvalidToken`] for what is not genuine; [`Denied::MissingToken`], [`Denied::InvalidRequest`] for more than one
    /// token or origin, [`Denied::TooManyRequests`] and [`Denied::Unavailable`] as in [`verify`](Verifier::verify); and those
    /// for a carrier or a browser that must not have the token: [`Denied::SecretInQuery`], [`Denied::SecretInBrowser`],
    /// [`Denied::KindNotAccepted`].
    pub async fn describe(&self, presented: &Presented<'_>) -> Result<TokenSelf, Denied> {
        let credential = presented.credential()?;
        let token = self.genuine(credential.text, presented.client).await?;
        let revoked = self.check_revoked(&token, Moment::now())?;
        token.check_carrier(credential.carrier)?;
        let origin_allowed = match token.check_origin(presented.origin) {
            Ok(()) => true,
            Err(Denied::OriginRequired | Denied::OriginNotAllowed(_)) => false,
            Err(denied) => return Err(denied),
        };
        let revoked = match revoked {
            Ok(()) => false,
            Err(Denied::TokenRevoked) => true,
            Err(denied) => return Err(denied),
        };
        Ok(TokenSelf {
            kind: token.kind,
            scopes: token.grants.iter().flat_map(|grant| grant.scopes.iter().cloned()).collect(),
            origins: token.origins.to_vec(),
            expires_at: token.expires_at,
            revoked,
            origin_seen: match presented.origin {
                SeenOrigin::One(origin) => Some(origin.to_owned()),
                SeenOrigin::None | SeenOrigin::Odd => None,
            },
            origin_allowed,
        })
    }
}
