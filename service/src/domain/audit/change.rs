//! What an operation changes, as an entry of the trail tells it: [`Change`]. Pure functions from what a store has read and
//! writes.

use std::path::Path;

use daypass::api::{OrganizationLimits, RevocationTarget, TokenRecord};
use daypass::{Catalog, Grant, OriginPattern, Scope, ScopeSet, TokenKind};
use serde_json::{Value, json};

use super::action::Action;
use super::actor::Actor;
use super::{Facts, Target};
use crate::domain::account::Account;
use crate::domain::hidden;
use crate::domain::invitation::{Acceptance, InvitationFacts};
use crate::domain::membership::Membership;
use crate::domain::oauth::client::{Client, ClientSettings};
use crate::domain::oauth::consent::{ConsentFacts, Parties};
use crate::domain::organization::Organization;
use crate::domain::principal::Principal;
use crate::domain::principal_edit::EditedPrincipal;
use crate::domain::token_edit::EditedToken;
use crate::domain::token_fields::newly_shared;

/// How many values of a list are told; then how many more there are.
const MOST_VALUES: usize = 40;
/// How many characters of a text are told.
const MOST_CHARACTERS: usize = 200;

/// What an operation changes.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// What is done.
    pub(crate) action: Action,
    /// The organization that it concerns; none if it concerns the service itself.
    pub(crate) organization: Option<String>,
    /// To what it is done.
    pub(crate) target: Option<Target>,
    /// What changes.
    pub(crate) facts: Facts,
    /// The person who does it, if the caller is not known to be another.
    pub(crate) by: Option<Actor>,
}

impl Change {
    /// A change of something with an id.
    pub(crate) fn new(action: Action, organization: Option<&str>, kind: &str, id: &str) -> Change {
        let target = Target { kind: kind.to_owned(), id: id.to_owned() };
        let organization = organization.map(str::to_owned);
        Change { action, organization, target: Some(target), facts: Facts::new(), by: None }
    }

    /// Adds a fact, unless it is null.
    pub(crate) fn fact(mut self, name: &str, value: impl Into<Value>) -> Change {
        let value = value.into();
        if !value.is_null() {
            self.facts.insert(name.to_owned(), value);
        }
        self
    }

    /// Adds what a field was and is, if that differs.
    fn changed<T: PartialEq>(self, name: &str, [before, after]: [&T; 2], show: impl Fn(&T) -> Value) -> Change {
        if before == after { self } else { self.fact(name, json!({"from": show(before), "to": show(after)})) }
    }
}

/// Returns so many of the values of a list as an entry has room for.
fn list<T: ToString>(values: impl IntoIterator<Item = T>) -> Value {
    let mut values: Vec<_> = values.into_iter().map(|value| text(&value.to_string())).collect();
    let more = values.len().saturating_sub(MOST_VALUES);
    values.truncate(MOST_VALUES);
    if more > 0 {
        values.push(format!("… and {more} more").into());
    }
    Value::Array(values)
}

/// Returns so much of a text as an entry has room for.
fn text(text: &str) -> Value {
    match text.char_indices().nth(MOST_CHARACTERS) {
        Some((end, _)) => format!("{}…", &text[..end]).into(),
        None => text.into(),
    }
}

fn scopes_of(grants: &[Grant]) -> Value {
    scope_list(grants.iter().flat_map(|grant| grant.scopes.iter()))
}

/// Returns so many scopes as an entry has room for.
///
/// SECURITY: `*` and Daypass's own come first, so that no number of a product's scopes hides them.
fn scope_list<'a>(scopes: impl Iterator<Item = &'a Scope>) -> Value {
    let own = Catalog::daypass();
    let is_own = |scope: &Scope| own.scopes.iter().any(|entry| entry.scope.resource() == scope.resource());
    let (first, others): (Vec<_>, Vec<_>) = scopes.partition(|scope| **scope == Scope::ALL || is_own(scope));
    list(first.into_iter().chain(others))
}

/// What a catalogue, a consent or a client had and has.
fn scopes(before: Option<&ScopeSet>, after: &ScopeSet) -> Facts {
    let none = ScopeSet::default();
    let before = before.unwrap_or(&none);
    let only = |set: &ScopeSet, other: &ScopeSet| {
        scope_list(set.iter().filter(|scope| !other.iter().any(|also| also == *scope)))
    };
    let sides = [("scopesAdded", only(after, before)), ("scopesRemoved", only(before, after))];
    let sides = sides.into_iter().filter(|(_, scopes)| scopes.as_array().is_some_and(|scopes| !scopes.is_empty()));
    sides.map(|(name, scopes)| (name.to_owned(), scopes)).collect()
}

/// Adds the patterns that anyone may match and that somebody accepted.
fn accepted(change: Change, origins: &[OriginPattern], before: &[OriginPattern]) -> Change {
    let shared: Vec<_> = newly_shared(origins, before).collect();
    if shared.is_empty() { change } else { change.fact("acceptedSharedSuffixes", list(shared)) }
}

/// A token was added.
pub(crate) fn token_added(record: &TokenRecord, owner: Option<&Principal>) -> Change {
    let change = Change::new(Action::TokenCreate, Some(&record.organization), "token", &record.id)
        .fact("kind", record.kind.as_str())
        .fact("name", text(&record.name))
        .fact("scopes", scopes_of(&record.grants))
        .fact("expiresAt", record.expires_at)
        .fact("owner", owner.map(|owner| owner.id.clone()));
    let tenants: Vec<_> = record.grants.iter().map(|grant| &*grant.tenant).collect();
    let is_own = tenants.iter().all(|tenant| *tenant == record.organization);
    let change = if is_own { change } else { change.fact("tenants", list(tenants)) };
    let change = if record.origins.is_empty() { change } else { change.fact("origins", list(&record.origins)) };
    accepted(change, &record.origins, &[])
}

/// A token was edited.
pub(crate) fn token_edited(before: &TokenRecord, edited: &EditedToken) -> Change {
    let change = Change::new(Action::TokenEdit, Some(&before.organization), "token", &before.id)
        .changed("name", [&before.name, &edited.name], |name| text(name))
        .changed("expiresAt", [&before.expires_at, &edited.expires_at], |at| (*at).into())
        .changed("origins", [&before.origins, &edited.origins], |origins| list(origins))
        .fact("version", edited.version);
    accepted(change, &edited.origins, &before.origins)
}

/// A token was revoked, alone or with what it belongs to.
pub(crate) fn token_revoked(organization: Option<&str>, id: &str, kind: TokenKind) -> Change {
    Change::new(Action::TokenRevoke, organization, "token", id).fact("kind", kind.as_str())
}

/// An entry was added to the feed. Of a token that is `None`: it needs what its row has, and an edit has a change of its
/// own.
pub(crate) fn entered(organization: Option<&str>, target: &RevocationTarget) -> Option<Change> {
    let of = |action, id: &str| Some(Change::new(action, Some(id), "organization", id));
    match target {
        RevocationTarget::Token { .. } | RevocationTarget::Changed { .. } => None,
        RevocationTarget::Jwt { jti } => Some(Change::new(Action::TokenRevoke, organization, "jwt", jti)),
        RevocationTarget::Organization { organization } => of(Action::OrganizationRevoke, organization),
        RevocationTarget::IssuedBefore { organization, time }
        | RevocationTarget::IssuedUpTo { organization, time, .. } => {
            of(Action::OrganizationRevokeIssuedBefore, organization).map(|change| change.fact("time", *time))
        }
        RevocationTarget::Key { kid } => Some(Change::new(Action::KeyRevoke, None, "key", kid)),
        RevocationTarget::Suspended { organization } => of(Action::OrganizationSuspend, organization),
        RevocationTarget::Resumed { organization } => of(Action::OrganizationResume, organization),
    }
}

/// An organization was added.
pub(crate) fn organization_added(organization: &Organization) -> Change {
    let id = &organization.id;
    Change::new(Action::OrganizationCreate, Some(id), "organization", id).fact("name", text(&organization.name))
}

/// An organization was renamed.
pub(crate) fn organization_renamed(before: &Organization, name: &str) -> Change {
    let id = &before.id;
    let change = Change::new(Action::OrganizationRename, Some(id), "organization", id);
    change.changed("name", [&&*before.name, &name], |name| text(name))
}

/// An organization's limits were set.
pub(crate) fn limits_set(before: &Organization, limits: &OrganizationLimits) -> Change {
    let id = &before.id;
    let mut change = Change::new(Action::OrganizationLimit, Some(id), "organization", id);
    let show = |limits: &OrganizationLimits| serde_json::to_value(limits).unwrap_or_default();
    let [before, after] = [&before.limits, limits].map(show);
    for (name, after) in after.as_object().into_iter().flatten() {
        change = change.changed(name, [&before[name], after], Value::clone);
    }
    change
}

fn of_principal(action: Action, principal: &Principal) -> Change {
    Change::new(action, Some(&principal.organization), principal.kind.as_str(), &principal.id)
}

/// A principal was added.
pub(crate) fn principal_added(principal: &Principal) -> Change {
    of_principal(Action::PrincipalAdd, principal)
        .fact("name", text(&principal.name))
        .fact("email", principal.email.clone())
        .fact("role", principal.role.map(|role| role.as_str()))
}

/// A principal was edited, or tokens of it were revoked for that.
pub(crate) fn principal_edited(before: &Principal, edited: &EditedPrincipal) -> Change {
    of_principal(Action::PrincipalEdit, before)
        .changed("name", [&before.name, &edited.name], |name| text(name))
        .changed("role", [&before.role, &edited.role], |role| role.map(|role| role.as_str()).into())
        .fact("version", edited.version)
}

/// A principal was removed.
pub(crate) fn principal_removed(principal: &Principal) -> Change {
    of_principal(Action::PrincipalRemove, principal)
        .fact("name", text(&principal.name))
        .fact("email", principal.email.clone())
}

/// An application was made an OAuth client, or its settings were set.
pub(crate) fn client_set(principal: &Principal, before: Option<&ClientSettings>, settings: &ClientSettings) -> Change {
    let mut change = of_principal(Action::ClientSet, principal)
        .fact("isConfidential", settings.is_confidential)
        .fact("redirectUris", list(&settings.redirect_uris))
        .fact("grantTypes", list(settings.grant_types.iter().map(|grant| grant.as_str())));
    change.facts.extend(scopes(before.map(|before| &before.scopes), &settings.scopes));
    change
}

/// The settings of an OAuth client were removed, which so many users had let have something.
pub(crate) fn client_removed(client: &Client, consents: u64) -> Change {
    of_principal(Action::ClientRemove, &client.principal)
        .fact("redirectUris", list(&client.settings.redirect_uris))
        .fact("consents", consents)
}

/// A user lets a client have scopes.
pub(crate) fn consent_given(parties: &Parties, facts: &ConsentFacts, after: &ScopeSet) -> Change {
    let mut change = of_consent(Action::ConsentGrant, parties, facts.owner.as_ref());
    change.facts.extend(scopes(facts.given.as_ref(), after));
    change
}

/// A user withdrew what a client may have.
pub(crate) fn consent_withdrawn(parties: &Parties, owner: &Principal) -> Change {
    of_consent(Action::ConsentWithdraw, parties, Some(owner))
}

fn of_consent(action: Action, parties: &Parties, owner: Option<&Principal>) -> Change {
    let Parties { organization, owner: id, client } = parties;
    let email = owner.and_then(|owner| owner.email.clone()).unwrap_or_default();
    let users = vec![(organization.clone(), id.clone())];
    let by = Actor::Person { account: String::new(), email, users };
    Change { by: Some(by), ..Change::new(action, Some(organization), "application", client) }
}

/// A user was invited.
pub(crate) fn invited(principal: &Principal, expires_at: u64) -> Change {
    of_principal(Action::InvitationCreate, principal)
        .fact("email", principal.email.clone())
        .fact("role", principal.role.map(|role| role.as_str()))
        .fact("expiresAt", expires_at)
}

/// A person accepted an invitation, and has a new account or an earlier one.
pub(crate) fn accepted_invitation(facts: &InvitationFacts, acceptance: &Acceptance) -> Change {
    let InvitationFacts { organization, principal, email, .. } = facts;
    let account = facts.account.as_ref().map(|account| account.id.clone()).unwrap_or_default();
    let users = vec![(organization.clone(), principal.clone())];
    let by = Actor::Person { account, email: email.clone(), users };
    let change = Change::new(Action::InvitationAccept, Some(organization), "user", principal);
    Change { by: Some(by), ..change.fact("isNewAccount", matches!(acceptance, Acceptance::New(_))) }
}

/// What a person does with an account: a change for each organization of which the person is a user, or for the service
/// itself.
pub(crate) fn of_account(action: Action, account: &Account, memberships: &[Membership]) -> Vec<Change> {
    let user = |membership: &Membership| (membership.organization.clone(), membership.principal.clone());
    let users: Vec<_> = memberships.iter().map(user).collect();
    let organizations: Vec<_> = match &users[..] {
        [] => vec![None],
        users => users.iter().map(|(organization, _)| Some(organization.clone())).collect(),
    };
    let by = Actor::Person { account: account.id.clone(), email: account.email.clone(), users };
    let change = |organization: Option<String>| {
        let change = Change::new(action, organization.as_deref(), "account", &account.id);
        Change { by: Some(by.clone()), ..change }
    };
    organizations.into_iter().map(change).collect()
}

/// The product's scopes were set.
pub(crate) fn catalog_set(before: Option<&Catalog>, after: &Catalog, version: u64) -> Change {
    let mut change = Change::new(Action::CatalogSet, None, "catalog", &version.to_string()).fact("version", version);
    change.facts.extend(scopes(before.map(Catalog::all).as_ref(), &after.all()));
    change
}

/// A signing key was added.
pub(crate) fn key_added(kid: &str, signs_from: u64) -> Change {
    Change::new(Action::KeyRotate, None, "key", kid).fact("signsFrom", signs_from)
}

/// A signing key signs from another time on.
pub(crate) fn key_promoted(kid: &str, signs_from: u64) -> Change {
    Change::new(Action::KeyPromote, None, "key", kid).fact("signsFrom", signs_from)
}

/// A signing key was sealed by the master key with this id.
pub(crate) fn key_sealed(kid: &str, master_key: Option<&str>) -> Change {
    Change::new(Action::KeySeal, None, "key", kid).fact("masterKey", master_key)
}

/// The store was restored from this backup.
pub(crate) fn store_restored(file: &Path) -> Change {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let change = Change { target: None, ..Change::new(Action::StoreRestore, None, "", "") };
    change.fact("backup", text(&hidden::show(&name)))
}

/// Old entries of the trail were deleted.
pub(crate) fn entries_deleted(count: u64, days: u64) -> Change {
    let change = Change { target: None, ..Change::new(Action::AuditDelete, None, "", "") };
    change.fact("entries", count).fact("olderThanDays", days)
}

#[cfg(test)]
mod tests {
    use daypass::api::{PrincipalKind, Role};

    use super::*;
    use crate::domain::principal::tests::principal;

    #[test]
    fn lists_and_texts_have_an_end() {
        let many = list((0..50).map(|number| format!("s{number}")));
        let many = many.as_array().expect("a list");
        assert_eq!((many.len(), many.last()), (41, Some(&json!("… and 10 more"))));
        let long = text(&"ß".repeat(300));
        assert_eq!(long.as_str().map(|text| text.chars().count()), Some(201));
        assert_eq!(text("short"), json!("short"));
    }

    #[test]
    fn the_scopes_of_daypass_are_told_before_those_of_a_product() {
        let product = (0..50).map(|number| format!("a:b{number}").parse().expect("a scope"));
        let scopes: ScopeSet =
            product.chain([Scope::literal("token:revoke"), Scope::literal("bundle:create")]).collect();
        let facts = super::scopes(None, &scopes);
        let told = facts["scopesAdded"].as_array().expect("a list");
        assert_eq!(told[..2], [json!("bundle:create"), json!("token:revoke")]);
        assert_eq!((told.len(), told.last()), (41, Some(&json!("… and 12 more"))));
    }

    #[test]
    fn an_edit_tells_what_differs_alone() {
        let before = principal(PrincipalKind::User, Some(Role::Viewer), None);
        let edited = EditedPrincipal {
            name: before.name.clone(),
            role: Some(Role::Admin),
            version: 2,
            revoked: vec![],
            next: None,
            ends_invitation: false,
        };
        let change = principal_edited(&before, &edited);
        assert_eq!(Value::Object(change.facts), json!({"role": {"from": "viewer", "to": "admin"}, "version": 2}));
        assert_eq!(change.target.map(|target| target.kind).as_deref(), Some("user"));
    }

    #[test]
    fn scopes_are_told_as_what_was_added_and_removed() {
        let set = |text: &str| text.split(' ').map(|scope| scope.parse().expect("a scope")).collect::<ScopeSet>();
        let facts = scopes(Some(&set("a:b c:d")), &set("c:d e:f"));
        assert_eq!(Value::Object(facts), json!({"scopesAdded": ["e:f"], "scopesRemoved": ["a:b"]}));
        assert!(scopes(Some(&set("a:b")), &set("a:b")).is_empty());
    }
}
