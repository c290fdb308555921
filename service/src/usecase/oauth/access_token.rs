//! Access tokens: JWTs whose root is a family, or a client's own token.

use daypass::jwt::{Claims, Confirmation, JwtType};
use daypass::{Error, Grant, OpaqueToken, TokenKind};
use schemars::JsonSchema;
use serde::{Serialize, Serializer};

use super::super::parent::Root;
use super::Issuing;
use crate::domain::introspection;
use crate::metrics;

/// The response of the token endpoint (RFC 6749, section 5.1).
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "OAuthTokenResponse")]
pub(crate) struct TokenResponse {
    /// The access token, a JWT (RFC 9068).
    pub(crate) access_token: String,
    /// `Bearer`, or `DPoP` for a token that is bound to a key.
    token_type: &'static str,
    /// In seconds.
    expires_in: u64,
    /// The next refresh token.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "expose")]
    #[schemars(with = "Option<String>")]
    pub(crate) refresh_token: Option<OpaqueToken>,
    /// What holds for all of the organization, as an introspection says it.
    scope: String,
    /// What the token is, as the response to an exchange says (RFC 8693, section 2.2.1).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) issued_token_type: Option<&'static str>,
}

fn expose<S: Serializer>(token: &Option<OpaqueToken>, serializer: S) -> Result<S::Ok, S::Error> {
    token.as_ref().map(OpaqueToken::expose_secret).serialize(serializer)
}

/// What an access token says.
pub(super) struct AccessToken<'a> {
    /// The stored token at its root.
    pub(super) root_serial: u64,
    /// Its organization.
    pub(super) organization: &'a str,
    /// The client that it is for.
    pub(super) client: &'a str,
    /// The user that it acts for, if it does.
    pub(super) user: Option<&'a str>,
    /// What it may do.
    pub(super) grants: Vec<Grant>,
    /// When it expires.
    pub(super) expires_at: u64,
    /// The thumbprint of the key that it is bound to, if any.
    pub(super) jkt: Option<String>,
    /// The number of the feed's last entry, read before the store checked the root: an entry that revokes it comes later.
    pub(super) feed_seq: u64,
}

impl AccessToken<'_> {
    /// Signs the access token, and returns the response with it.
    pub(super) fn sign(
        self,
        issuing: &Issuing<'_>,
        refresh_token: Option<OpaqueToken>,
        now: u64,
    ) -> Result<TokenResponse, Error> {
        let AccessToken { root_serial, organization, client, user, grants, expires_at, jkt, feed_seq } = self;
        let root = Root { organization, id: client, serial: root_serial };
        let claims = Claims {
            feed_seq,
            cnf: jkt.map(|jkt| Confirmation { jkt }),
            subject: user.map(str::to_owned),
            ..issuing.jwt_issuer.claims(&root, TokenKind::OauthAccess, grants, now, expires_at)
        };
        sign(issuing, &claims, refresh_token)
    }
}

/// Signs an access token with these claims, and returns the response with it.
pub(super) fn sign(
    issuing: &Issuing<'_>,
    claims: &Claims,
    refresh_token: Option<OpaqueToken>,
) -> Result<TokenResponse, Error> {
    metrics::count_created(claims.kind);
    let scope = introspection::scope(claims.kind, &claims.grants, &claims.sub, &issuing.catalog.catalogs);
    Ok(TokenResponse {
        access_token: issuing.jwt_issuer.sign(JwtType::AccessToken, claims)?,
        token_type: if claims.cnf.is_some() { "DPoP" } else { "Bearer" },
        expires_in: claims.exp.saturating_sub(claims.iat),
        refresh_token,
        scope: scope.unwrap_or_default(),
        issued_token_type: None,
    })
}
