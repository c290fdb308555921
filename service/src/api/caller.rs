//! Who calls: [`Caller`].

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use daypass::verify::{Access, Presented};
use daypass::{Denied, Scope, TokenKind, TokenText};

use super::Shared;
use crate::issue::Parent;

/// Whoever holds a genuine, living token that the store has.
pub(crate) struct Caller {
    /// What the token may do.
    pub(crate) access: Access,
    /// The token, by which the store finds it again.
    pub(crate) token: TokenText,
}

impl Caller {
    /// Refuses all but these kinds.
    pub(crate) fn must_be(&self, kinds: &[TokenKind]) -> Result<(), Denied> {
        let kind = self.access.kind();
        if kinds.contains(&kind) { Ok(()) } else { Err(Denied::KindNotAccepted(kind)) }
    }

    /// Refuses a caller that may not do this in its own organization.
    pub(crate) fn must_hold(&self, scope: &Scope) -> Result<(), Denied> {
        self.access.require(scope).on(self.access.organization()).check()
    }

    /// The caller's token, to mint from.
    pub(crate) fn parent(&self) -> Parent<'_> {
        Parent::new(&self.access, &self.token)
    }
}

impl FromRequestParts<Shared> for Caller {
    type Rejection = Denied;

    async fn from_request_parts(parts: &mut Parts, service: &Shared) -> Result<Caller, Denied> {
        let presented = Presented::from_parts(parts);
        let access = service.verifier.verify(&presented, None).await?;
        // Signed tokens are for products: none of them opens anything here.
        let text = str::from_utf8(presented.credential()?.text).unwrap_or_default();
        let token = text.parse().map_err(|_| Denied::KindNotAccepted(access.kind()))?;
        Ok(Caller { access, token })
    }
}
