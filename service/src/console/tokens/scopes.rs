//! The scopes that a person can give a new token of a kind: [`offered`].

use daypass::api::Role;
use daypass::{CatalogScope, TokenKind};
use maud::{Markup, html};

use super::super::fields::Fields;
use super::super::flaw::Flaw;
use super::super::text::outside;
use crate::domain::catalogs::Catalogs;
use crate::domain::personal_token;
use crate::domain::role;

/// Returns the scopes that a user with this role can give a token of this kind, in the catalogue's order.
pub(super) fn offered(kind: TokenKind, role: Role, catalogs: &Catalogs) -> Vec<&CatalogScope> {
    let (grantable, own) = (role::grantable(role, catalogs), catalogs.own());
    let may_hold = |entry: &CatalogScope| match kind {
        TokenKind::Publishable => entry.publishable,
        TokenKind::Personal => !own.covers(&entry.scope) && !entry.scope.covers(&personal_token::WRITE),
        _ => true,
    };
    let all = catalogs.whole().scopes.iter();
    all.filter(|entry| grantable.covers(&entry.scope) && may_hold(entry)).collect()
}

/// Shows the choice of scopes, those of one resource together.
pub(in crate::console) fn field(
    legend: &str,
    offered: &[&CatalogScope],
    fields: &Fields,
    flaw: Option<&Flaw>,
) -> Markup {
    let mut groups: Vec<(&str, Vec<&CatalogScope>)> = vec![];
    for entry in offered {
        let resource = entry.scope.resource();
        match groups.iter_mut().find(|(name, _)| *name == resource) {
            Some((_, group)) => group.push(entry),
            None => groups.push((resource, vec![entry])),
        }
    }
    html! {
        fieldset.field id="scopes" tabindex="-1" aria-describedby=[Flaw::is_in(flaw, "scopes").map(|_| "scopes-problem")] {
            legend { (legend) }
            p.note { "Give it as few as it needs. Each is named as your product's API checks it." }
            (Flaw::beside(flaw, "scopes"))
            div.groups {
                @for (resource, group) in groups {
                    div.group role="group" aria-label=(resource) {
                        h2 { (outside(resource)) }
                        @for entry in group { (check(entry, fields)) }
                    }
                }
            }
        }
    }
}

fn check(entry: &CatalogScope, fields: &Fields) -> Markup {
    let scope = entry.scope.as_str();
    html! {
        label.check {
            input type="checkbox" name="scope" value=(scope) checked[fields.has("scope", scope)];
            span {
                code { (scope) }
                @if entry.publishable { span.badge { "publishable" } }
                span.note { (outside(&entry.description)) }
            }
        }
    }
}
