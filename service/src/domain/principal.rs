//! Principals: their fields, and when one may be added.

use daypass::Error;
use daypass::api::{CreatePrincipalRequest, PrincipalKind, PrincipalRecord, Role};

use super::hidden;
use super::organization::Organization;
use super::role::may_manage;
use super::token_fields::check_name;

/// Longest email address, in bytes (RFC 5321, section 4.5.3.1.3).
const MAX_EMAIL: usize = 254;

/// A principal as it is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Principal {
    /// Its number, which the store gives. No other principal of the store has or ever had it.
    pub(crate) number: u64,
    /// The organization that it belongs to.
    pub(crate) organization: String,
    /// Its id.
    pub(crate) id: String,
    /// What it is.
    pub(crate) kind: PrincipalKind,
    /// A name by which people recognize it.
    pub(crate) name: String,
    /// A user's email address.
    pub(crate) email: Option<String>,
    /// A user's role.
    pub(crate) role: Option<Role>,
    /// When it was created.
    pub(crate) created_at: u64,
    /// The id of the token or of the user that created it; none for the command line.
    pub(crate) created_by: Option<String>,
    /// When it was removed, if it was.
    pub(crate) removed_at: Option<u64>,
    /// 1, and 1 more with each edit.
    pub(crate) version: u64,
}

impl From<Principal> for PrincipalRecord {
    fn from(principal: Principal) -> PrincipalRecord {
        let Principal {
            organization, id, kind, name, email, role, created_at, created_by, removed_at, version, ..
        } = principal;
        PrincipalRecord { id, organization, kind, name, email, role, created_at, created_by, removed_at, version }
    }
}

/// Who adds, edits or removes a principal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Actor {
    /// The operator, who has the store's file.
    Operator,
    /// A token that may administer the organization, by its id.
    Token(String),
    /// A user of the organization, by its id and with its role.
    User(String, Role),
}

impl Actor {
    /// Returns the id by which a principal names who created it.
    fn id(&self) -> Option<String> {
        match self {
            Actor::Operator => None,
            Actor::Token(id) | Actor::User(id, _) => Some(id.clone()),
        }
    }

    /// Returns the id of the user that it is, if it is one.
    pub(crate) fn user(&self) -> Option<&str> {
        match self {
            Actor::Operator | Actor::Token(_) => None,
            Actor::User(id, _) => Some(id),
        }
    }

    /// Requires that the user that it is, if it is one, still has the role by which its request was let in.
    ///
    /// # Errors
    /// Those of [`require_still`].
    pub(super) fn require_still(&self, user: Option<&Principal>) -> Result<(), Error> {
        match self {
            Actor::Operator | Actor::Token(_) => Ok(()),
            Actor::User(_, role) => require_still(*role, user),
        }
    }

    /// Requires that the actor may manage principals of this role. Only users have one.
    pub(super) fn require(&self, other: Option<Role>) -> Result<(), Error> {
        match self {
            Actor::Operator | Actor::Token(_) => Ok(()),
            Actor::User(_, own) if may_manage(*own, other.unwrap_or(Role::Viewer)) => Ok(()),
            Actor::User(..) => refuse("Your role may not do this: ask an owner of the organization."),
        }
    }
}

/// Requires that a user whose request was let in by a role was not removed meanwhile, and has no lower role.
///
/// SECURITY: the role is read before the request's body, which a client can hold back. So it is read again in the
/// transaction that writes.
///
/// # Errors
/// [`Error::NotFound`] for a removed user, [`Error::InsufficientRole`] for one with a lower role.
pub(super) fn require_still(role: Role, user: Option<&Principal>) -> Result<(), Error> {
    match user.filter(|user| user.removed_at.is_none()).and_then(|user| user.role) {
        None => Err(Error::NotFound),
        Some(now) if now < role => Err(Error::InsufficientRole(now.to_string())),
        Some(_) => Ok(()),
    }
}

pub(super) fn refuse<T>(why: impl Into<String>) -> Result<T, Error> {
    Err(Error::InvalidRequest(why.into()))
}

/// Checks the fields of a new principal, and returns it with a new id that ends with `random`.
///
/// # Errors
/// [`Error::InvalidRequest`], which names the first field that is wrong.
pub(crate) fn new(
    request: CreatePrincipalRequest,
    organization: &str,
    random: &str,
    actor: &Actor,
    now: u64,
) -> Result<Principal, Error> {
    let CreatePrincipalRequest { kind, name, email, role } = request;
    check_name(&name)?;
    let email = match (kind, email, role) {
        (PrincipalKind::User, Some(email), Some(_)) => Some(normalize_email(&email)?),
        (PrincipalKind::User, None, _) => return refuse("A user needs an `email`."),
        (PrincipalKind::User, _, None) => return refuse("A user needs a `role`: viewer, developer, admin or owner."),
        (_, None, None) => None,
        (_, Some(_), _) => return refuse("Only a user has an `email`."),
        (_, _, Some(_)) => return refuse("Only a user has a `role`."),
    };
    let id = format!("{}_{random}", prefix(kind));
    let organization = organization.to_owned();
    let created_by = actor.id();
    Ok(Principal {
        number: 0,
        organization,
        id,
        kind,
        name,
        email,
        role,
        created_at: now,
        created_by,
        removed_at: None,
        version: 1,
    })
}

/// Returns what the ids of principals of a kind begin with.
const fn prefix(kind: PrincipalKind) -> &'static str {
    match kind {
        PrincipalKind::User => "usr",
        PrincipalKind::ServiceAccount => "svc",
        PrincipalKind::Application => "app",
    }
}

/// Returns whether an id is that of a principal of this kind.
pub(crate) fn is_id_of(id: &str, kind: PrincipalKind) -> bool {
    id.split_once('_').is_some_and(|(start, _)| start == prefix(kind))
}

/// Returns an email address as it is compared: without space around it and in lower case.
///
/// # Errors
/// [`Error::InvalidRequest`] for a text that cannot be one. Whether it exists is not known before somebody is invited
/// by it.
pub(crate) fn normalize_email(text: &str) -> Result<String, Error> {
    let email = text.trim().to_lowercase();
    hidden::refuse_in("`email`", &email)?;
    let is_plain = email.len() <= MAX_EMAIL && !email.chars().any(char::is_whitespace);
    match email.rsplit_once('@') {
        Some((local, domain)) if is_plain && !local.is_empty() && !local.contains('@') && !domain.is_empty() => {
            Ok(email)
        }
        _ => refuse(format!("The `email` must be an address such as ada@example.com, at most {MAX_EMAIL} bytes.")),
    }
}

/// What the store knows when a principal is to be added.
pub(crate) struct AddPrincipalFacts {
    /// The organization, if the store has it.
    pub(crate) organization: Option<Organization>,
    /// How many principals of it are not removed, counted up to its limit.
    pub(crate) count: usize,
    /// Whether a user of the organization that is not removed has the new one's email address.
    pub(crate) is_email_taken: bool,
    /// The user that adds it, if one does.
    pub(crate) creator: Option<Principal>,
}

/// Requires that a principal may be added.
///
/// # Errors
/// [`Error::NotFound`] if the organization does not exist, [`Error::InvalidRequest`] if it was revoked or the actor may
/// not give the role, [`Error::AlreadyExists`] if it has a user with the email address, [`Error::LimitReached`], and
/// those of [`require_still`].
pub(crate) fn may_add(new: &Principal, actor: &Actor, facts: &AddPrincipalFacts) -> Result<(), Error> {
    let organization = facts.organization.as_ref().ok_or(Error::NotFound)?;
    if organization.revoked_at.is_some() {
        return refuse("The organization was revoked, permanently.");
    }
    actor.require_still(facts.creator.as_ref())?;
    actor.require(new.role)?;
    if facts.is_email_taken {
        return Err(Error::AlreadyExists);
    }
    match organization.limits.principals {
        Some(most) if facts.count >= most as usize => {
            Err(Error::LimitReached { most: most.into(), what: "principals" })
        }
        Some(_) | None => Ok(()),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A principal of the organization `o`, in its third version.
    pub(in crate::domain) fn principal(kind: PrincipalKind, role: Option<Role>, removed_at: Option<u64>) -> Principal {
        let email = role.map(|_| "ada@example.com".to_owned());
        let request = CreatePrincipalRequest { kind, name: "Ada".into(), email, role };
        let new = new(request, "o", "1", &Actor::Operator, 50).expect("a principal");
        Principal { removed_at, version: 3, ..new }
    }

    pub(in crate::domain) fn user(role: Role) -> Actor {
        Actor::User("usr_2".into(), role)
    }

    /// The user that an actor is, as it is stored.
    pub(in crate::domain) fn stored(actor: &Actor) -> Option<Principal> {
        match actor {
            Actor::User(_, role) => Some(principal(PrincipalKind::User, Some(*role), None)),
            Actor::Operator | Actor::Token(_) => None,
        }
    }

    pub(in crate::domain) fn code<T>(result: Result<T, Error>) -> Result<T, &'static str> {
        result.map_err(|error| error.code().as_str())
    }

    fn request(json: &str) -> CreatePrincipalRequest {
        serde_json::from_str(json).expect("a request")
    }

    #[test]
    fn a_user_has_an_email_and_a_role_and_no_other_kind_has() {
        for (json, id) in [
            (r#"{"kind":"user","name":"n","email":" Ada@Example.com","role":"viewer"}"#, Some("usr_1")),
            (r#"{"kind":"user","name":"n","email":"ada@example.com"}"#, None),
            (r#"{"kind":"user","name":"n","role":"viewer"}"#, None),
            (r#"{"kind":"user","name":"","email":"ada@example.com","role":"viewer"}"#, None),
            (r#"{"kind":"user","name":"n","email":"ada","role":"viewer"}"#, None),
            (r#"{"kind":"serviceAccount","name":"n"}"#, Some("svc_1")),
            (r#"{"kind":"serviceAccount","name":"n","role":"viewer"}"#, None),
            (r#"{"kind":"application","name":"n"}"#, Some("app_1")),
            (r#"{"kind":"application","name":"n","email":"ada@example.com"}"#, None),
        ] {
            let new = code(new(request(json), "o", "1", &Actor::Token("tok_1".into()), 50));
            assert_eq!(new.as_ref().map(|new| &*new.id).map_err(|code| *code), id.ok_or("invalid_request"), "{json}");
            if let Ok(new) = new {
                assert_eq!(new.created_by.as_deref(), Some("tok_1"));
                assert_eq!(new.email.as_deref(), (new.kind == PrincipalKind::User).then_some("ada@example.com"));
            }
        }
    }

    #[test]
    fn an_email_address_is_compared_in_lower_case_and_without_space_around_it() {
        let longest = format!("{}@example.com", "a".repeat(242));
        for (text, expected) in [
            ("ada@example.com", Some("ada@example.com")),
            (" Ada.B+c@Example.COM\n", Some("ada.b+c@example.com")),
            ("ÄDA@example.com", Some("äda@example.com")),
            ("ada@localhost", Some("ada@localhost")),
            (&longest, Some(&longest)),
            (&format!("a{longest}"), None),
            ("", None),
            ("ada", None),
            ("@example.com", None),
            ("ada@", None),
            ("a@b@example.com", None),
            ("a da@example.com", None),
            ("ada@exa\u{0}mple.com", None),
        ] {
            assert_eq!(normalize_email(text).ok().as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_user_still_needs_the_role_by_which_a_request_was_let_in() {
        let with = |role, removed_at| Some(principal(PrincipalKind::User, Some(role), removed_at));
        for (actor, stored, expected) in [
            (user(Role::Admin), with(Role::Admin, None), Ok(())),
            (user(Role::Admin), with(Role::Owner, None), Ok(())),
            (user(Role::Admin), with(Role::Developer, None), Err("insufficient_role")),
            (user(Role::Admin), with(Role::Admin, Some(9)), Err("not_found")),
            (user(Role::Admin), None, Err("not_found")),
            (Actor::Token("t".into()), None, Ok(())),
            (Actor::Operator, None, Ok(())),
        ] {
            assert_eq!(code(actor.require_still(stored.as_ref())), expected, "{actor:?} {stored:?}");
        }
    }

    #[test]
    fn a_principal_is_added_while_its_organization_stands_and_its_email_is_free() {
        let with = |revoked_at| Some(Organization { revoked_at, ..Organization::new("o".into(), "O".into(), 1) });
        let new = principal(PrincipalKind::User, Some(Role::Admin), None);
        for (organization, is_email_taken, actor, expected) in [
            (with(None), false, Actor::Operator, Ok(())),
            (with(None), true, Actor::Operator, Err("already_exists")),
            (with(Some(7)), false, Actor::Operator, Err("invalid_request")),
            (None, false, Actor::Operator, Err("not_found")),
            (with(None), false, Actor::Token("t".into()), Ok(())),
            (with(None), false, user(Role::Owner), Ok(())),
            (with(None), false, user(Role::Admin), Ok(())),
            (with(None), false, user(Role::Developer), Err("invalid_request")),
        ] {
            let facts = AddPrincipalFacts { organization, count: 9_999, is_email_taken, creator: stored(&actor) };
            assert_eq!(code(may_add(&new, &actor, &facts)), expected, "{is_email_taken} {actor:?}");
        }
        let full = AddPrincipalFacts { organization: with(None), count: 10_000, is_email_taken: false, creator: None };
        assert_eq!(code(may_add(&new, &Actor::Operator, &full)), Err("limit_reached"));
    }
}
