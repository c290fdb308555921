//! JWTs for this service's issuer and audience: [`JwtIssuer`].

use daypass::jwt::{Claims, JwtType};
use daypass::{Error, Grant, TokenKind};
use serde::Serialize;

use super::parent::Parent;
use super::signing_keys::SigningKeys;
use crate::crypto::random;

/// Signs JWTs that name this service as their issuer and the product as their audience.
pub(crate) struct JwtIssuer {
    pub(crate) keys: SigningKeys,
    /// This service's URL.
    pub(crate) issuer: String,
    /// The product.
    pub(crate) audience: String,
}

impl JwtIssuer {
    /// Returns the claims of a JWT that is minted from a parent. It is bound to no origin and no key.
    pub(super) fn claims(
        &self,
        parent: &Parent<'_>,
        kind: TokenKind,
        grants: Vec<Grant>,
        now: u64,
        expires_at: u64,
    ) -> Claims {
        Claims {
            iss: self.issuer.clone(),
            sub: parent.access.organization().to_owned(),
            aud: self.audience.clone(),
            iat: now,
            nbf: None,
            exp: expires_at,
            jti: random::id(),
            client_id: parent.access.id().to_owned(),
            root_serial: parent.access.root_serial(),
            cnf: None,
            kind,
            grants,
            origins: vec![],
        }
    }

    /// Signs a payload.
    ///
    /// # Errors
    /// Like [`SigningKeys::sign`].
    pub(super) fn sign(&self, jwt_type: JwtType, payload: &impl Serialize) -> Result<String, Error> {
        self.keys.sign(jwt_type, payload)
    }

    /// Returns the claims of an authentic JWT of this service, also if it is revoked or expired.
    pub(super) fn authenticate(&self, text: &str) -> Option<Claims> {
        self.keys.authenticate(text).filter(|claims| claims.iss == self.issuer && claims.aud == self.audience)
    }
}
