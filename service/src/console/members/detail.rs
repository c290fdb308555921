//! `/console/{organization}/members/{id}`: a member, and the tokens that belong to it.

use axum::extract::{Path, State};
use axum::response::Response;
use daypass::api::{PrincipalKind, PrincipalRecord};
use daypass::{Error, TokenKind};
use maud::{Markup, html};

use super::super::applications::of_application;
use super::super::links::query;
use super::super::page::Page;
use super::super::sections::Section;
use super::super::text::{count, outside, time};
use super::super::visitor::{Answer, Visitor};
use super::{form, list, may};
use crate::http::{SharedApp, TOKEN_READ};
use crate::usecase::oauth::clients;
use crate::usecase::principals;

/// `GET /console/{organization}/members/{id}`
pub(super) async fn show(
    State(app): State<SharedApp>,
    visitor: Visitor,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    visitor.answer(Section::Members, details(&app, &visitor, &id).await)
}

async fn details(app: &SharedApp, visitor: &Visitor, id: &str) -> Result<Answer, Error> {
    let organization = visitor.caller.require(&TOKEN_READ)?;
    let member = principals::find(&*app.store, organization, id).await?;
    let owned = principals::count_owned(&*app.store, organization, id).await?;
    let can_be_client = member.kind == PrincipalKind::Application && member.removed_at.is_none();
    let client = match can_be_client {
        true => clients::settings(&*app.store, organization, id).await?,
        false => None,
    };
    let content = html! {
        p.crumb { a href=(visitor.to(&["members"])) { "← All members" } }
        section.panel { (facts(&member)) }
        @if can_be_client { (of_application(visitor, &member, client.as_ref())) }
        section {
            h2 { "Active tokens" }
            (tokens(&owned))
            p { a href={ (visitor.to(&["tokens"])) (query(&[("owner", id)])) } { "Show its tokens" } }
        }
    };
    Ok(Answer::Page(Page { actions: actions(visitor, &member), ..Page::new(member.name.clone(), content) }))
}

fn actions(visitor: &Visitor, member: &PrincipalRecord) -> Markup {
    let to = |action| visitor.to(&["members", &member.id, action]);
    html! {
        @if may::invite(visitor, member) {
            form method="post" action=(to("invite")) { button type="submit" { "Invite" } }
        }
        @if may::manage(visitor, member) {
            a.button.quiet href=(to("edit")) { "Edit" }
            a.button.quiet.danger href=(to("remove")) { "Remove" }
        }
    }
}

fn facts(member: &PrincipalRecord) -> Markup {
    html! {
        dl.facts {
            dt { "State" }
            dd { (list::state(member)) }
            dt { "Kind" }
            dd { (form::kind_name(member.kind)) }
            dt { "Id" }
            dd { code { (outside(&member.id)) } }
            @if let Some(email) = &member.email { dt { "Email" } dd { (outside(email)) } }
            @if let Some(role) = member.role {
                dt { "Role" }
                dd { (role) span.note { " – " (form::role_meaning(role)) } }
            }
            dt { "Added" }
            dd {
                (time(member.created_at)) " UTC"
                @if let Some(creator) = &member.created_by { " by " code { (outside(creator)) } }
            }
            @if let Some(at) = member.removed_at { dt { "Removed" } dd { (time(at)) " UTC" } }
        }
    }
}

/// Lists how many active tokens of each kind belong to a member.
pub(super) fn tokens(owned: &[(TokenKind, u64)]) -> Markup {
    html! {
        @if owned.is_empty() {
            p.none { "No active token belongs to it." }
        } @else {
            ul { @for (kind, number) in owned { li { (count(*number, &format!("{kind} token"))) } } }
        }
    }
}
