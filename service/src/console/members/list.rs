//! `/console/{organization}/members`: the users, service accounts and applications of an organization, by the page.

use axum::extract::State;
use axum::response::Response;
use daypass::Error;
use daypass::api::{PrincipalKind, PrincipalPage, PrincipalRecord};
use maud::{Markup, html};

use super::super::fields::{Fields, QueryFields};
use super::super::links::query;
use super::super::page::Page;
use super::super::sections::Section;
use super::super::table::{cards, cell, head, or_dash, row};
use super::super::text::{outside, time, word};
use super::super::visitor::{Answer, Visitor};
use super::{form, may};
use crate::domain::page_limit::PageLimit;
use crate::http::{SharedApp, TOKEN_READ};
use crate::usecase::principals;

/// How many members a page has.
const ROWS: usize = 50;

/// `GET /console/{organization}/members?kind=&cursor=`
pub(super) async fn show(State(app): State<SharedApp>, visitor: Visitor, QueryFields(query): QueryFields) -> Response {
    visitor.answer(Section::Members, list(&app, &visitor, &query).await)
}

async fn list(app: &SharedApp, visitor: &Visitor, fields: &Fields) -> Result<Answer, Error> {
    let organization = visitor.caller.require(&TOKEN_READ)?;
    let kind = match fields.get("kind") {
        Some(text) => {
            let unknown = || Error::InvalidRequest("The filter `kind` has a value that it cannot have.".into());
            Some(form::kind_of(text).ok_or_else(unknown)?)
        }
        None => None,
    };
    let page =
        principals::list(&*app.store, organization, kind, PageLimit::at_most(ROWS), fields.get("cursor")).await?;
    let content = html! {
        (kinds(visitor, kind))
        @if page.principals.is_empty() {
            section.empty { p { "No members of this kind yet." } }
        } @else {
            (cards(&["Name", "Email", "Role", "Added", "State"], &html! {
                @for member in &page.principals { (shown(visitor, member)) }
            }))
        }
        (pages(visitor, fields, &page))
    };
    let new = html! {
        @if may::add(visitor) { a.button href=(visitor.to(&["members", "new"])) { "Add a member" } }
    };
    Ok(Answer::Page(Page { actions: new, ..Page::new("Members", content) }))
}

/// Shows the kinds to which the list can be limited.
fn kinds(visitor: &Visitor, chosen: Option<PrincipalKind>) -> Markup {
    let all = visitor.to(&["members"]);
    html! {
        nav.tabs aria-label="Kind of member" {
            a href=(all) aria-current=[chosen.is_none().then_some("true")] { "All" }
            @for (kind, name, _) in form::KINDS {
                a href={ (all) (query(&[("kind", kind.as_str())])) }
                    aria-current=[(chosen == Some(kind)).then_some("true")] {
                    (name) "s"
                }
            }
        }
    }
}

fn shown(visitor: &Visitor, member: &PrincipalRecord) -> Markup {
    row(&html! {
        (head(&html! {
            a.name href=(visitor.to(&["members", &member.id])) { (outside(&member.name)) }
            span.kind { (form::kind_name(member.kind)) }
        }))
        (cell("Email", &or_dash(member.email.as_ref().map(|email| outside(email)))))
        (cell("Role", &or_dash(member.role.map(|role| word(role.as_str())))))
        (cell("Added", &time(member.created_at)))
        (cell("State", &state(member)))
    })
}

/// Shows whether a member was removed.
pub(super) fn state(member: &PrincipalRecord) -> Markup {
    match member.removed_at {
        Some(_) => html! { span.state.revoked { "removed" } },
        None => html! { span.state.active { "active" } },
    }
}

fn pages(visitor: &Visitor, fields: &Fields, page: &PrincipalPage) -> Markup {
    let to = |cursor: &str| {
        let pairs = [("kind", fields.get("kind").unwrap_or_default()), ("cursor", cursor)];
        format!("{}{}", visitor.to(&["members"]), query(&pairs))
    };
    html! {
        @if page.next_cursor.is_some() || fields.get("cursor").is_some() {
            nav.pages aria-label="Pages" {
                @if fields.get("cursor").is_some() { a href=(to("")) { "First members" } }
                @if let Some(cursor) = &page.next_cursor { a rel="next" href=(to(cursor)) { "Later members" } }
            }
        }
    }
}
