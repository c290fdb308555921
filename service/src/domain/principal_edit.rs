//! Edits and removals of principals: when they may be made, and which tokens end with them.

use daypass::api::{PrincipalKind, RevocationTarget, Role, UpdatePrincipalRequest};
use daypass::{Error, Grant, TokenKind};

use super::catalogs::Catalogs;
use super::principal::{Actor, Principal, refuse};
use super::role::{grantable, product};
use super::token_fields::check_name;
use super::versions::{self, Versions};

/// What the store knows of a principal that is to be edited or removed.
pub(crate) struct PrincipalFacts<T> {
    /// The principal, if the organization has it.
    pub(crate) principal: Option<Principal>,
    /// The user that edits or removes it, if one does.
    pub(crate) acting_user: Option<Principal>,
    /// Whether the organization has another owner.
    pub(crate) has_other_owner: bool,
    /// Its tokens that are not revoked themselves, as many as are read: for a removal their serial numbers, for an edit
    /// also what they grant.
    pub(crate) tokens: Vec<T>,
}

/// Which tokens of a principal a transaction reads: in the order of their serial numbers, and one more than it may
/// revoke.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TokenRange {
    /// They have greater serial numbers than this.
    pub(crate) after: u64,
    /// How many it may revoke.
    pub(crate) most: usize,
}

/// A token that belongs to a principal which is edited.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct OwnedToken {
    /// The token's serial number.
    pub(crate) serial: u64,
    /// What it is.
    pub(crate) kind: TokenKind,
    /// What it grants.
    pub(crate) grants: Vec<Grant>,
}

impl<T> PrincipalFacts<T> {
    /// Returns the principal, if the actor may manage it.
    fn require(&self, actor: &Actor) -> Result<&Principal, Error> {
        actor.require_still(self.acting_user.as_ref())?;
        let principal = self.principal.as_ref().ok_or(Error::NotFound)?;
        actor.require(principal.role)?;
        Ok(principal)
    }

    /// Requires that users leave the organization an owner. A token can remove the last one.
    fn require_other_owner(&self, actor: &Actor) -> Result<(), Error> {
        if matches!(actor, Actor::User(..)) && !self.has_other_owner {
            return refuse("It is the last owner of the organization: make another user an owner first.");
        }
        Ok(())
    }
}

/// What an edit changes; the rest stays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct PrincipalChange {
    name: Option<String>,
    role: Option<Role>,
}

/// What a principal has after an edit.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct EditedPrincipal {
    /// Its name.
    pub(crate) name: String,
    /// A user's role.
    pub(crate) role: Option<Role>,
    /// Its version.
    pub(crate) version: u64,
    /// The entries of the feed that revoke tokens which grant more than the role may keep.
    pub(crate) revoked: Vec<RevocationTarget>,
    /// The last token that was looked at, if there are more: then the principal stays as it is until the last ones.
    pub(crate) next: Option<u64>,
    /// Whether an invitation of it that nobody has accepted ends.
    pub(crate) ends_invitation: bool,
}

/// Checks what an edit changes.
///
/// # Errors
/// [`Error::InvalidRequest`], which names the field.
pub(crate) fn check(request: UpdatePrincipalRequest) -> Result<PrincipalChange, Error> {
    let UpdatePrincipalRequest { name, role } = request;
    if name.is_none() && role.is_none() {
        return refuse("The edit changes nothing: give it a `name` or a `role`.");
    }
    name.as_deref().map_or(Ok(()), check_name)?;
    Ok(PrincipalChange { name, role })
}

/// Returns what a principal has after an edit; none if that is what it has. This transaction looks at so many tokens at
/// most.
///
/// SECURITY: a role that is taken away takes effect at once. Tokens of the user that grant more than the new role may
/// keep are revoked with it, and not kept until somebody revokes them. The role changes in the transaction that looks
/// at the last of them: what a crash leaves before that is an edit which another attempt completes.
///
/// SECURITY: a higher role ends an invitation: who has its link got it for the lower role.
///
/// # Errors
/// [`Error::NotFound`] if the organization lacks it, [`Error::VersionConflict`] if it has another version than the edit
/// is meant for, [`Error::InvalidRequest`] if it was removed, is no user and would get a role, or the actor may not.
pub(crate) fn edit(
    facts: &PrincipalFacts<OwnedToken>,
    change: &PrincipalChange,
    versions: &Versions,
    actor: &Actor,
    catalogs: &Catalogs,
    most: usize,
) -> Result<Option<EditedPrincipal>, Error> {
    let principal = facts.require(actor)?;
    versions::require(versions, principal.version)?;
    if principal.removed_at.is_some() {
        return refuse("The principal was removed: add another one.");
    }
    let PrincipalChange { name, role } = change.clone();
    if let Some(role) = role {
        if principal.kind != PrincipalKind::User {
            return refuse("Only a user has a `role`.");
        }
        actor.require(Some(role))?;
        if principal.role == Some(Role::Owner) && role != Role::Owner {
            facts.require_other_owner(actor)?;
        }
    }
    let role = role.or(principal.role);
    let lower = role.filter(|role| Some(*role) < principal.role);
    let tokens = &facts.tokens[..facts.tokens.len().min(most)];
    let exceeding = lower.into_iter().flat_map(|role| exceeding(tokens, role, catalogs));
    let has_more = lower.is_some() && facts.tokens.len() > most;
    let edited = EditedPrincipal {
        name: name.unwrap_or_else(|| principal.name.clone()),
        role,
        version: principal.version + 1,
        revoked: exceeding.map(|serial| RevocationTarget::Token { serial }).collect(),
        next: tokens.last().filter(|_| has_more).map(|token| token.serial),
        ends_invitation: role > principal.role,
    };
    Ok((edited.name != principal.name || edited.role != principal.role).then_some(edited))
}

/// Returns the serial numbers of the tokens that grant more than a user with this role may keep.
pub(crate) fn exceeding(tokens: &[OwnedToken], role: Role, catalogs: &Catalogs) -> Vec<u64> {
    let exceeding = tokens.iter().filter(|token| !may_keep(token, role, catalogs));
    exceeding.map(|token| token.serial).collect()
}

/// Returns whether a user with this role may keep a token: one that acts for the user with what the role has, and one of
/// another kind with what the role may give of Daypass's own scopes.
///
/// SECURITY: with `daypass:administer` in a token that belongs to them, former owners could take their role back.
fn may_keep(token: &OwnedToken, role: Role, catalogs: &Catalogs) -> bool {
    let is_personal = matches!(token.kind, TokenKind::Personal | TokenKind::OauthRefresh);
    let kept = if is_personal { product(role, catalogs) } else { grantable(role, catalogs) };
    // Stored grants may have older names of scopes.
    let scopes = |grant: &Grant| catalogs.whole().canonical_scopes(&grant.scopes, &grant.resources);
    token
        .grants
        .iter()
        .all(|grant| scopes(grant).iter().all(|scope| kept.covers(scope) || !(is_personal || scope.is_of_daypass())))
}

/// How many tokens one transaction of an edit or a removal revokes at most: the feed is locked meanwhile, and other
/// revocations wait.
pub(crate) const MOST_REVOKED: usize = 2000;

/// What one transaction of a removal does.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Removal {
    /// The entries of the feed, one for each token that it revokes.
    pub(crate) revoked: Vec<RevocationTarget>,
    /// Whether no other tokens are left, so that it removes the principal.
    pub(crate) is_last: bool,
}

/// Returns what a transaction of a removal does that revokes so many tokens at most; none if the principal was removed
/// before.
///
/// SECURITY: a principal is removed by the transaction that revokes the last of its tokens. So a removed one has no active
/// token at any time.
///
/// # Errors
/// [`Error::NotFound`] if the organization lacks it, [`Error::InvalidRequest`] if the actor may not remove it.
pub(crate) fn remove(facts: &PrincipalFacts<u64>, actor: &Actor, most: usize) -> Result<Option<Removal>, Error> {
    let principal = facts.require(actor)?;
    if principal.removed_at.is_some() {
        return Ok(None);
    }
    if principal.role == Some(Role::Owner) {
        facts.require_other_owner(actor)?;
    }
    let revoked = facts.tokens.iter().take(most).map(|serial| RevocationTarget::Token { serial: *serial });
    Ok(Some(Removal { revoked: revoked.collect(), is_last: facts.tokens.len() <= most }))
}

#[cfg(test)]
mod tests {
    use daypass::Catalog;

    use super::super::principal::tests::{code, principal, stored, user};
    use super::*;

    fn catalogs() -> Catalogs {
        Catalogs::new(Catalog::space_api())
    }

    fn facts<T>(principal: Principal, has_other_owner: bool, tokens: Vec<T>) -> PrincipalFacts<T> {
        PrincipalFacts { principal: Some(principal), acting_user: None, has_other_owner, tokens }
    }

    fn missing<T>() -> PrincipalFacts<T> {
        PrincipalFacts { principal: None, acting_user: None, has_other_owner: true, tokens: vec![] }
    }

    #[test]
    fn an_edit_makes_the_next_version_of_the_one_that_it_is_meant_for() {
        let of = |json: &str| check(serde_json::from_str(json).expect("a request"));
        for json in ["{}", r#"{"name":""}"#] {
            assert_eq!(code(of(json)), Err("invalid_request"), "{json}");
        }
        let developer = || principal(PrincipalKind::User, Some(Role::Developer), None);
        let service = || principal(PrincipalKind::ServiceAccount, None, None);
        for (principal, json, versions, expected) in [
            (developer(), r#"{"name":"n"}"#, None, Ok(Some(("n", Some(Role::Developer), 4)))),
            (developer(), r#"{"role":"viewer"}"#, Some(vec![3]), Ok(Some(("Ada", Some(Role::Viewer), 4)))),
            (developer(), r#"{"name":"Ada","role":"developer"}"#, None, Ok(None)),
            (developer(), r#"{"name":"n"}"#, Some(vec![2]), Err("version_conflict")),
            (service(), r#"{"name":"n"}"#, None, Ok(Some(("n", None, 4)))),
            (service(), r#"{"role":"viewer"}"#, None, Err("invalid_request")),
            (Principal { removed_at: Some(9), ..service() }, r#"{"name":"n"}"#, None, Err("invalid_request")),
        ] {
            let change = of(json).expect("a change");
            let edited = edit(&facts(principal, true, vec![]), &change, &versions, &Actor::Operator, &catalogs(), 2);
            let edited = code(edited);
            let edited = edited.as_ref().map(|edited| edited.as_ref().map(|to| (&*to.name, to.role, to.version)));
            assert_eq!(edited.map_err(|code| *code), expected, "{json} {versions:?}");
        }
        let change = of(r#"{"name":"n"}"#).expect("a change");
        assert_eq!(edit(&missing(), &change, &None, &Actor::Operator, &catalogs(), 2), Err(Error::NotFound));
    }

    #[test]
    fn a_lower_role_revokes_the_tokens_that_grant_more() {
        let token = |serial, kind, scopes: &[&str]| {
            let scopes = scopes.iter().map(|scope| scope.parse().expect("a scope")).collect();
            OwnedToken { serial, kind, grants: vec![Grant { tenant: "o".into(), scopes, resources: vec![] }] }
        };
        let tokens = || {
            vec![
                token(3, TokenKind::Personal, &["floor:readPublic"]),
                token(4, TokenKind::Personal, &["floor:readPublic", "floor:export"]),
                token(5, TokenKind::Personal, &["floor:export"]),
                token(6, TokenKind::Secret, &["floor:export"]),
                token(7, TokenKind::Secret, &["floor:export", "token:create"]),
                token(8, TokenKind::Secret, &["daypass:administer"]),
                token(9, TokenKind::Secret, &["*"]),
            ]
        };
        for (before, after, revoked) in [
            (Role::Owner, Some(Role::Admin), &[8, 9][..]),
            (Role::Owner, Some(Role::Developer), &[7, 8, 9]),
            (Role::Owner, Some(Role::Viewer), &[4, 5, 7, 8, 9]),
            (Role::Developer, Some(Role::Viewer), &[4, 5, 7, 8, 9]),
            (Role::Viewer, Some(Role::Admin), &[]),
            // The catalogue may have changed since the tokens were created.
            (Role::Viewer, Some(Role::Viewer), &[]),
            (Role::Viewer, None, &[]),
        ] {
            let facts = facts(principal(PrincipalKind::User, Some(before), None), true, tokens());
            let change = PrincipalChange { name: Some("n".into()), role: after };
            let edited = edit(&facts, &change, &None, &Actor::Operator, &catalogs(), 7).expect("an edit");
            let expected = revoked.iter().map(|serial| RevocationTarget::Token { serial: *serial });
            let edited = edited.expect("a change");
            assert_eq!(edited.revoked, expected.collect::<Vec<_>>(), "{before} {after:?}");
            assert_eq!(edited.ends_invitation, after > Some(before), "{before} {after:?}");
        }
    }

    #[test]
    fn a_lower_role_looks_at_some_tokens_at_a_time() {
        let token = |serial| {
            let scopes = ["floor:export".parse().expect("a scope")].into_iter().collect();
            let grants = vec![Grant { tenant: "o".into(), scopes, resources: vec![] }];
            OwnedToken { serial, kind: TokenKind::Personal, grants }
        };
        for (tokens, role, revoked, next) in [
            (&[3, 5, 6][..], Role::Viewer, &[3, 5][..], Some(5)),
            (&[3, 5], Role::Viewer, &[3, 5], None),
            (&[3, 5, 6], Role::Admin, &[], Some(5)),
            (&[3, 5, 6], Role::Owner, &[], None),
        ] {
            let principal = principal(PrincipalKind::User, Some(Role::Owner), None);
            let facts = facts(principal, true, tokens.iter().map(|serial| token(*serial)).collect());
            let change = PrincipalChange { name: Some("n".into()), role: Some(role) };
            let edited = edit(&facts, &change, &None, &Actor::Operator, &catalogs(), 2).expect("an edit");
            let edited = edited.expect("a change");
            let expected: Vec<_> = revoked.iter().map(|serial| RevocationTarget::Token { serial: *serial }).collect();
            assert_eq!((edited.revoked, edited.next), (expected, next), "{tokens:?} {role}");
        }
    }

    #[test]
    fn users_manage_roles_up_to_their_own_and_leave_an_owner() {
        use Role::{Admin, Developer, Owner, Viewer};
        let token = || Actor::Token("t".into());
        for (before, after, actor, has_other_owner, may_edit, may_remove) in [
            (Viewer, Admin, user(Admin), true, true, true),
            (Viewer, Owner, user(Admin), true, false, true),
            (Owner, Admin, user(Admin), true, false, false),
            (Viewer, Developer, user(Developer), true, false, false),
            (Owner, Viewer, user(Owner), true, true, true),
            (Owner, Viewer, user(Owner), false, false, false),
            (Admin, Viewer, user(Owner), false, true, true),
            (Owner, Viewer, token(), false, true, true),
            (Owner, Viewer, Actor::Operator, false, true, true),
        ] {
            let principal = || principal(PrincipalKind::User, Some(before), None);
            let change = PrincipalChange { name: None, role: Some(after) };
            let facts_of_edit =
                PrincipalFacts { acting_user: stored(&actor), ..facts(principal(), has_other_owner, vec![]) };
            let edited = edit(&facts_of_edit, &change, &None, &actor, &catalogs(), 2).is_ok();
            assert_eq!(edited, may_edit, "{before} {after} {actor:?}");
            let facts_of_removal =
                PrincipalFacts { acting_user: stored(&actor), ..facts(principal(), has_other_owner, vec![]) };
            let removed = remove(&facts_of_removal, &actor, 2).is_ok();
            assert_eq!(removed, may_remove, "{before} {actor:?}");
        }
    }

    #[test]
    fn a_removal_revokes_each_token_once_and_ends_with_the_last() {
        let entries =
            |serials: &[u64]| serials.iter().map(|serial| RevocationTarget::Token { serial: *serial }).collect();
        for (removed_at, tokens, most, expected) in [
            (None, &[][..], 2, Some((&[][..], true))),
            (None, &[3], 2, Some((&[3], true))),
            (None, &[3, 5], 2, Some((&[3, 5], true))),
            (None, &[3, 5, 6], 2, Some((&[3, 5], false))),
            (Some(9), &[3], 2, None),
        ] {
            let facts = facts(principal(PrincipalKind::Application, None, removed_at), true, tokens.to_vec());
            let expected = expected.map(|(revoked, is_last)| Removal { revoked: entries(revoked), is_last });
            assert_eq!(remove(&facts, &Actor::Operator, most), Ok(expected), "{removed_at:?} {tokens:?}");
        }
        assert_eq!(remove(&missing(), &Actor::Operator, 2), Err(Error::NotFound));
    }
}
