//! Personal tokens: who creates and revokes those of a user, beside the user.

use daypass::verify::Access;
use daypass::{Error, Scope, TokenKind};

/// Lets an app create and revoke the personal tokens of the user that it acts for (Speckle).
pub(crate) const WRITE: Scope = Scope::literal("tokens:write");

/// Requires a token that may manage the personal tokens of the user that it belongs to: an OAuth access token with
/// `tokens:write`, or a secret token that has Daypass's own scope `also` too.
///
/// SECURITY: a personal token manages no tokens, whatever its grants say. A secret token needs Daypass's scope, because
/// by default it has every scope of the product: what it creates outlives it.
///
/// # Errors
/// [`Error::InsufficientScope`] with the scope that is missing.
pub(crate) fn require_manager(access: &Access, also: &Scope) -> Result<(), Error> {
    let require = |scope: &Scope| access.require(scope).tenant(access.organization()).check();
    match access.kind() {
        TokenKind::OauthAccess => require(&WRITE),
        TokenKind::Secret => require(&WRITE).and_then(|()| require(also)),
        _ => Err(Error::InsufficientScope { scope: WRITE, tenant: None }),
    }
}
