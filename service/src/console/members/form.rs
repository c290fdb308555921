//! The fields of a member, as the pages for a new one and for an edit have them.

use daypass::api::{PrincipalKind, Role};
use maud::{Markup, html};

use super::super::fields::Fields;
use super::super::flaw::Flaw;
use super::super::tokens::described_by;
use super::super::visitor::Visitor;
use super::may;

/// The kinds of members: each with its name and what it is for.
pub(super) const KINDS: [(PrincipalKind, &str, &str); 3] = [
    (PrincipalKind::User, "User", "A person, who signs in here by a role."),
    (
        PrincipalKind::ServiceAccount,
        "Service account",
        "Owns tokens of programs, so that they end with nobody who leaves.",
    ),
    (PrincipalKind::Application, "Application", "A program of yours or of a partner, that can be an OAuth client."),
];

/// Returns what a kind is, in words.
pub(super) fn kind_name(kind: PrincipalKind) -> &'static str {
    KINDS.iter().find(|(own, ..)| *own == kind).map_or("Member", |(_, name, _)| *name)
}

/// Returns the kind with this name on the wire.
pub(super) fn kind_of(text: &str) -> Option<PrincipalKind> {
    PrincipalKind::ALL.into_iter().find(|kind| kind.as_str() == text)
}

/// Returns the role with this name on the wire.
pub(super) fn role_of(text: &str) -> Option<Role> {
    Role::ALL.into_iter().find(|role| role.as_str() == text)
}

/// Returns what users with a role may do, in a sentence.
pub(super) fn role_meaning(role: Role) -> &'static str {
    match role {
        Role::Viewer => "Sees tokens, members and their use.",
        Role::Developer => "Also creates, edits and revokes tokens of the product.",
        Role::Admin => "Also manages members, applications and the audit trail.",
        Role::Owner => "Also manages owners, and gives tokens every scope.",
    }
}

/// Shows a field for a line of text.
pub(super) fn line(
    fields: &Fields,
    flaw: Option<&Flaw>,
    name: &'static str,
    label: &str,
    note: &str,
    kind: &str,
) -> Markup {
    html! {
        div.field {
            label for=(name) { (label) }
            p.note id={ (name) "-note" } { (note) }
            input id=(name) name=(name) type=(kind) value=(fields.raw(name)) required maxlength="512" autocomplete="off"
                aria-describedby=(described_by(flaw, name)) aria-invalid=[Flaw::is_in(flaw, name)];
            (Flaw::beside(flaw, name))
        }
    }
}

/// Shows the choice of a role, of those that the person may give.
pub(super) fn roles(visitor: &Visitor, fields: &Fields, flaw: Option<&Flaw>) -> Markup {
    html! {
        fieldset.field id="role" tabindex="-1" aria-describedby=[Flaw::is_in(flaw, "role").map(|_| "role-problem")] {
            legend { "Role" }
            (Flaw::beside(flaw, "role"))
            @for role in may::roles(visitor) {
                label.check {
                    input type="radio" name="role" value=(role) checked[fields.raw("role") == role.as_str()];
                    span { (role) span.note { (role_meaning(role)) } }
                }
            }
        }
    }
}
