//! What a person may do with a token. The pages offer no more than this, and the use cases refuse the rest all the same.

use daypass::TokenKind;
use daypass::api::TokenRecord;

use super::super::visitor::Visitor;
use super::shown::is_usable;
use crate::domain::token_edit::is_editable;
use crate::http::{SharedApp, TOKEN_CREATE, TOKEN_REVOKE};

/// Returns whether the person may edit a token.
pub(super) fn edit(app: &SharedApp, visitor: &Visitor, record: &TokenRecord, now: u64) -> bool {
    is_usable(record, now) && is_editable(record.kind) && may_create(app, visitor, record)
}

/// Returns whether the person may revoke a token.
pub(super) fn revoke(visitor: &Visitor, record: &TokenRecord, now: u64) -> bool {
    let may_revoke = || visitor.caller.grantor().is_ok_and(|grantor| grantor.require_revocable(record).is_ok());
    is_usable(record, now) && visitor.may(&TOKEN_REVOKE) && may_revoke()
}

/// Returns whether the person may create a token once more under the id that it had, for the owner that it had.
pub(super) fn recreate(app: &SharedApp, visitor: &Visitor, record: &TokenRecord, now: u64) -> bool {
    let may_own = || visitor.caller.grantor().is_ok_and(|grantor| grantor.owner(record.owner.clone()).is_ok());
    !is_usable(record, now) && record.kind == TokenKind::Application && may_create(app, visitor, record) && may_own()
}

/// Returns whether the person holds all that a token holds, and may create tokens.
fn may_create(app: &SharedApp, visitor: &Visitor, record: &TokenRecord) -> bool {
    let view = app.catalog.view();
    let holds_all =
        || visitor.caller.grantor().is_ok_and(|grantor| grantor.require_all(&record.grants, &view.catalogs).is_ok());
    visitor.may(&TOKEN_CREATE) && holds_all()
}
