//! What the audit trail tells of a token, for those who may read the trail.

use daypass::api::TokenRecord;
use daypass::{Error, Scope};
use maud::{Markup, html};

use super::super::links::query;
use super::super::text::{outside, time};
use super::super::visitor::Visitor;
use crate::domain::audit::Entry;
use crate::domain::audit::list::AuditFilter;
use crate::domain::page_limit::PageLimit;
use crate::http::SharedApp;
use crate::usecase::audit;

/// What the audit trail needs, as the HTTP API has it.
const ADMINISTER: Scope = Scope::literal("daypass:administer");

/// How many entries are shown.
const MOST: usize = 20;

/// Shows the newest entries about a token; nothing to those who may not read the trail.
pub(super) async fn section(app: &SharedApp, visitor: &Visitor, record: &TokenRecord) -> Result<Markup, Error> {
    if !visitor.may(&ADMINISTER) {
        return Ok(html! {});
    }
    let (organization, target) = (Some(visitor.organization.clone()), Some(record.id.clone()));
    let filter = AuditFilter { organization, target, ..AuditFilter::default() };
    let page = audit::list(&*app.store, filter, None, PageLimit::at_most(MOST)).await?;
    Ok(html! {
        section {
            h2 { "What happened" }
            @if page.entries.is_empty() && page.next_cursor.is_some() {
                p.none { "Nothing among the newest entries of the audit trail." }
            } @else if page.entries.is_empty() {
                p.none { "No entry: the trail was kept later, or older entries were deleted." }
            } @else {
                table.cards role="table" {
                    thead role="rowgroup" {
                        tr role="row" {
                            @for name in ["When (UTC)", "What", "Who", "Outcome"] {
                                th role="columnheader" scope="col" { (name) }
                            }
                        }
                    }
                    tbody role="rowgroup" { @for entry in &page.entries { (row(entry)) } }
                }
            }
            @if page.next_cursor.is_some() {
                p.note {
                    a href={ (visitor.to(&["audit"])) (query(&[("target", &record.id)])) } { "Look for older entries" }
                    " in the audit trail."
                }
            }
        }
    })
}

fn row(entry: &Entry) -> Markup {
    let actor = &entry.actor;
    html! {
        tr role="row" {
            td role="cell" data-label="When" { (time(entry.at)) }
            td role="cell" data-label="What" { (entry.action) }
            td role="cell" data-label="Who" {
                (actor.kind) " "
                @if let Some(name) = actor.name.as_ref().or(actor.id.as_ref()) { (outside(name)) }
            }
            td role="cell" data-label="Outcome" {
                (entry.outcome.as_str())
                @if let Some(code) = &entry.code { " (" (code) ")" }
            }
        }
    }
}
