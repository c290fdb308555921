//! Where a request carries its token: [`TokenLocation`].

use crate::{ForeignFormat, TokenKind};

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
    /// The parameter `accessTokenId`, in the query or in a form: an application token (Crafter Profile). Only a verifier
    /// that knows [`ForeignFormat::ChosenId`] and [reads](crate::verify::Verifier::locations) this location has it: to others
    /// it is a [`Query`](TokenLocation::Query).
    AccessTokenId,
    /// The header `x-api-key`: a partner's key (Kudo).
    ApiKey,
    /// The header `x-api-token`: a bundle reference (Kudo).
    ApiToken,
}

impl TokenLocation {
    /// Every location.
    pub const ALL: [TokenLocation; 9] = [
        TokenLocation::Bearer,
        TokenLocation::Dpop,
        TokenLocation::AlSecretToken,
        TokenLocation::Bare,
        TokenLocation::Cookie,
        TokenLocation::Query,
        TokenLocation::AccessTokenId,
        TokenLocation::ApiKey,
        TokenLocation::ApiToken,
    ];

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
            TokenLocation::AccessTokenId | TokenLocation::ApiKey => kind == TokenKind::Application,
            TokenLocation::ApiToken => kind == TokenKind::Bundle,
        }
    }

    /// Returns the stricter of two locations of one token: a query before all others, then the one that fewer
    /// kinds of token may have.
    pub(super) fn stricter(self, other: TokenLocation) -> TokenLocation {
        let kinds = |location| match location {
            TokenLocation::Query => 0,
            TokenLocation::AccessTokenId => 1,
            other => 1 + TokenKind::ALL.into_iter().filter(|kind| other.carries(*kind)).count(),
        };
        if kinds(other) < kinds(self) { other } else { self }
    }

    /// Returns the formats of other systems that a token may have here. No text has two of them.
    pub(in crate::verify) fn foreign_formats(self) -> &'static [ForeignFormat] {
        match self {
            // An embed that was opened with a reference of Kudo sends it on, as it does any other.
            TokenLocation::Bearer => &[ForeignFormat::Speckle, ForeignFormat::Uuid],
            TokenLocation::Bare | TokenLocation::Cookie => &[ForeignFormat::Speckle],
            TokenLocation::ApiToken => &[ForeignFormat::Uuid],
            TokenLocation::AccessTokenId => &[ForeignFormat::ChosenId],
            _ => &[],
        }
    }
}
