//! What a person may do with members. The pages offer no more than this, and the use cases refuse the rest.

use daypass::api::{PrincipalKind, PrincipalRecord, Role};

use super::super::visitor::Visitor;
use crate::domain::role::may_manage;
use crate::domain::token_owner::ADMINISTER;

/// Returns whether the person may add members.
pub(super) fn add(visitor: &Visitor) -> bool {
    visitor.may(&ADMINISTER)
}

/// Returns whether the person may edit, invite and remove a member.
pub(super) fn manage(visitor: &Visitor, member: &PrincipalRecord) -> bool {
    member.removed_at.is_none() && add(visitor) && may_manage(visitor.role, member.role.unwrap_or(Role::Viewer))
}

/// Returns whether a member can be invited, as far as its record tells.
pub(super) fn invite(visitor: &Visitor, member: &PrincipalRecord) -> bool {
    member.kind == PrincipalKind::User && manage(visitor, member)
}

/// Returns the roles that the person may give.
pub(super) fn roles(visitor: &Visitor) -> impl Iterator<Item = Role> {
    Role::ALL.into_iter().filter(|role| may_manage(visitor.role, *role))
}
