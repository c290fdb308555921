//! Who calls: [`Caller`].

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use daypass::verify::{Access, Credentials};
use daypass::{Error, OpaqueToken, Scope, TokenKind};

use super::Shared;
use crate::issue::Parent;

/// Whoever holds a genuine, living token that the store has.
pub(crate) struct Caller {
    /// What the token may do.
    pub(crate) access: Access,
    /// The token, by which the store finds it again.
    pub(crate) token: OpaqueToken,
}

impl Caller {
    /// Refuses all but these kinds.
    pub(crate) fn require_kind(&self, kinds: &[TokenKind]) -> Result<(), Error> {
        let kind = self.access.kind();
        if kinds.contains(&kind) { Ok(()) } else { Err(Error::KindNotAccepted(kind)) }
    }

    /// Refuses a caller that may not do this in its own organization.
    pub(crate) fn require_scope(&self, scope: &Scope) -> Result<(), Error> {
        self.access.require(scope).tenant(self.access.organization()).check()
    }

    /// The caller's token, to mint from.
    pub(crate) fn parent(&self) -> Parent<'_> {
        Parent::new(&self.access, &self.token)
    }
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, service: &Shared) -> Result<Caller, Error> {
        let credentials = Credentials::from_parts(parts);
        let access = service.verifier.verify(&credentials, None).await?;
        // Signed tokens are for products: none of them opens anything here.
        let text = str::from_utf8(credentials.credential()?.text).unwrap_or_default();
        let token = text.parse().map_err(|_| Error::KindNotAccepted(access.kind()))?;
        Ok(Caller { access, token })
    }
}
