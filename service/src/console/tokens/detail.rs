//! `/console/{organization}/tokens/{id}`: a token, what was made from it, and what happened to it.

use axum::extract::{Path, State};
use axum::response::Response;
use daypass::api::TokenRecord;
use daypass::{Error, OriginPattern, TokenKind};
use maud::{Markup, html};

use super::super::links::query;
use super::super::page::Page;
use super::super::sections::Section;
use super::super::text::{outside, purpose, relative, time};
use super::super::visitor::{Answer, Visitor};
use super::owners::{self, Owners};
use super::{children, grants, history, may, origins, shown};
use crate::http::{SharedApp, TOKEN_READ};
use crate::usecase::clock::now;
use crate::usecase::tokens;

/// `GET /console/{organization}/tokens/{id}`
pub(super) async fn show(
    State(app): State<SharedApp>,
    visitor: Visitor,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    visitor.answer(Section::Tokens, details(&app, &visitor, &id).await)
}

async fn details(app: &SharedApp, visitor: &Visitor, id: &str) -> Result<Answer, Error> {
    let organization = visitor.caller.require(&TOKEN_READ)?;
    let record = tokens::find(&*app.store, organization, id).await?;
    let (view, now) = (app.catalog.view(), now());
    let owners = Owners::find(&*app.store, organization).await?;
    let names = owners.names(&*app.store, organization, record.owner.as_deref().into_iter()).await?;
    let owner = record.owner.as_deref().map(|owner| owners::name(&names, owner));
    let children = match shown::is_usable(&record, now) {
        true => children::find(&*app.store, &record, now).await?,
        false => None,
    };
    let content = html! {
        (back(visitor))
        section.panel { (facts(&record, owner, now)) }
        @if !record.origins.is_empty() {
            section {
                h2 { "Where it may be used" }
                (origins::shown(&record.origins.iter().map(OriginPattern::to_string).collect::<Vec<_>>()))
            }
        }
        @if let Some(children) = &children {
            section.panel {
                h2 { "Made from it" }
                ul { (children::items(children, now)) }
                p.field { "All of it ends at once if this token is revoked." }
            }
        }
        section {
            h2 { "What it may do" }
            (grants::matrix(&record.grants, view.catalogs.whole(), &visitor.organization))
        }
        p.field {
            a href={ (visitor.to(&["use"])) (query(&[("token", id)])) } { "Its use by the day" } " · "
            a href={ (visitor.to(&["refusal"])) (query(&[("token", id)])) } { "Why was it refused?" }
        }
        (history::section(app, visitor, &record).await?)
    };
    let actions = actions(app, visitor, &record, now);
    Ok(Answer::Page(Page { actions, ..Page::new(record.name.clone(), content) }))
}

/// Shows the way back to the list.
pub(super) fn back(visitor: &Visitor) -> Markup {
    html! { p.crumb { a href=(visitor.to(&["tokens"])) { "← All tokens" } } }
}

/// Shows the links to what the person may do with a token.
fn actions(app: &SharedApp, visitor: &Visitor, record: &TokenRecord, now: u64) -> Markup {
    let to = |action| visitor.to(&["tokens", &record.id, action]);
    html! {
        @if may::edit(app, visitor, record, now) { a.button.quiet href=(to("edit")) { "Edit" } }
        @if may::recreate(app, visitor, record, now) { a.button.quiet href=(to("recreate")) { "Create once more" } }
        @if may::revoke(visitor, record, now) { a.button.quiet.danger href=(to("revoke")) { "Revoke" } }
    }
}

fn facts(record: &TokenRecord, owner: Option<Markup>, now: u64) -> Markup {
    html! {
        dl.facts {
            dt { "State" }
            dd { (shown::state(record, now)) }
            dt { "Kind" }
            dd { (record.kind) span.note { " – " (purpose(record.kind)) } }
            dt { "Token" }
            dd { (shown::ends(record)) span.note { " The service keeps a fingerprint of the rest." } }
            dt { "Id" }
            dd { code { (outside(&record.id)) } }
            dt { "Owner" }
            dd { @match owner { Some(owner) => (owner), None => span.none { "none" } } }
            dt { "Created" }
            dd {
                (time(record.created_at)) " UTC"
                @if let Some(creator) = &record.created_by { " by " code { (outside(creator)) } }
            }
            dt { "Last used" }
            dd { @match record.last_used_at {
                Some(at) => { (relative(at, now)) " (" (time(at)) " UTC)" },
                None => span.none { "never" },
            } }
            dt { "Expires" }
            dd { @match record.expires_at {
                Some(at) => { (time(at)) " UTC, " (relative(at, now)) },
                None => span.none { "never" },
            } }
            @if let Some(at) = record.revoked_at { dt { "Revoked" } dd { (time(at)) " UTC" } }
            @if record.kind == TokenKind::Bundle { dt { "Root" } dd { (record.root_serial.unwrap_or_default()) } }
        }
    }
}
