//! Where a request carries its token: [`TokenLocation`].

use crate::TokenKind;

/// Where in a request a credential was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenLocation {
    /// `Authorization: Bearer …` (RFC 6750).
    Bearer,
    /// `Authorization: DPoP …` (RFC 9449), with a proof that the sender has the key that the token
    /// is bound to.
    Dpop,
    /// `Authorization: AL-Secret-Token …`, which old clients of the Space API send.
    AlSecretToken,
    /// `Authorization` with the token alone, as Speckle's clients may send it.
    Bare,
    /// The cookie `authn` (Speckle).
    Cookie,
    /// The query parameter `pubtoken` (Space API), `bearer_token` (Threekit), or another that has
    /// carried tokens.
    Query,
    /// The header `x-api-key`: a partner's key (Kudo).
    ApiKey,
    /// The header `x-api-token`: a bundle reference (Kudo).
    ApiToken,
}

impl TokenLocation {
    /// Returns whether tokens of this kind may travel here.
    #[must_use]
    pub fn carries(self, kind: TokenKind) -> bool {
        match self {
            // A refresh token is for the authorization server alone (RFC 6749, section 1.5).
            TokenLocation::Bearer => kind != TokenKind::OauthRefresh,
            TokenLocation::Dpop => matches!(kind, TokenKind::Temporary | TokenKind::OauthAccess),
            TokenLocation::AlSecretToken => kind == TokenKind::Secret,
            TokenLocation::Bare | TokenLocation::Cookie => kind == TokenKind::Personal,
            TokenLocation::Query => kind == TokenKind::Publishable,
            TokenLocation::ApiKey => kind == TokenKind::Application,
            TokenLocation::ApiToken => kind == TokenKind::Bundle,
        }
    }
}
