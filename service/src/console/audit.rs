//! `/console/{organization}/audit`: the audit trail of the organization, with filters, by the page, and as an export.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use daypass::{Error, ErrorCode};
use maud::{Markup, html};
use serde_json::Value;

use super::fields::{Fields, QueryFields};
use super::flaw::Flaw;
use super::links::query;
use super::page::{self, Page};
use super::sections::Section;
use super::table::{cards, cell, or_dash, row};
use super::text::{outside, time, word};
use super::visitor::{Answer, Visitor};
use crate::domain::audit::action::Action;
use crate::domain::audit::export::Format;
use crate::domain::audit::list::{ActionFilter, AuditCursor, AuditFilter};
use crate::domain::audit::{Entry, Outcome};
use crate::domain::page_limit::PageLimit;
use crate::domain::timestamp;
use crate::domain::token_owner::ADMINISTER;
use crate::http::{SharedApp, send_export};
use crate::usecase::audit::{self, AuditPage, Export};

/// How many entries a page has.
const ROWS: usize = 50;

/// The fields of the filter.
const FIELDS: [&str; 6] = ["action", "actor", "target", "outcome", "since", "until"];

/// Returns the routes of the page.
pub(super) fn router() -> Router<SharedApp> {
    Router::new()
        .route("/console/{organization}/audit", get(show))
        .route("/console/{organization}/audit/export", get(export))
}

/// `GET /console/{organization}/audit?action=&actor=&target=&outcome=&since=&until=&cursor=`
async fn show(State(app): State<SharedApp>, visitor: Visitor, QueryFields(query): QueryFields) -> Response {
    visitor.answer(Section::Audit, list(&app, &visitor, &query).await)
}

/// `GET /console/{organization}/audit/export?format=`, with the fields of the filter.
async fn export(State(app): State<SharedApp>, visitor: Visitor, QueryFields(query): QueryFields) -> Response {
    match begin(&app, &visitor, &query).await {
        Ok((format, export)) => send_export(format, export),
        Err(error) => visitor.answer(Section::Audit, Ok(Answer::Page(page::problem(&error)))),
    }
}

async fn begin(app: &SharedApp, visitor: &Visitor, fields: &Fields) -> Result<(Format, Export), Error> {
    let organization = visitor.caller.require(&ADMINISTER)?;
    let format = fields.get("format").and_then(Format::named);
    let format = format.ok_or_else(|| Error::InvalidRequest("The `format` is `csv` or `ndjson`.".into()))?;
    let filter = filter(organization, fields).map_err(|flaw| Error::InvalidRequest(flaw.into_message()))?;
    Ok((format, Export::begin(app.store.clone(), filter).await?))
}

async fn list(app: &SharedApp, visitor: &Visitor, fields: &Fields) -> Result<Answer, Error> {
    let organization = visitor.caller.require(&ADMINISTER)?;
    let read = filter(organization, fields).and_then(|filter| Ok((filter, cursor(fields)?)));
    let (filter, cursor) = match read {
        Ok(read) => read,
        Err(flaw) => {
            let content = html! {
                (Flaw::summary(Some(&flaw), "The filter cannot be used"))
                (form(visitor, fields, Some(&flaw)))
            };
            return Ok(Answer::Page(Page { status: flaw.status, code: Some(flaw.code), ..Page::new(TITLE, content) }));
        }
    };
    let page = audit::list(&*app.store, filter, cursor, PageLimit::at_most(ROWS)).await?;
    let columns = ["When (UTC)", "What", "Who", "About", "From", "Outcome"];
    let content = html! {
        (form(visitor, fields, None))
        @if page.entries.is_empty() {
            section.empty {
                @if page.next_cursor.is_some() {
                    p { "None of the entries that were compared so far matches. Go on with the older ones." }
                } @else {
                    p { "No entry matches." }
                }
            }
        } @else {
            (cards(&columns, &html! { @for entry in &page.entries { (shown(visitor, entry)) } }))
        }
        (pages(visitor, fields, &page))
        @if let Some(at) = page.oldest_at { p.note { "The oldest entry that is kept is of " (time(at)) " UTC." } }
    };
    Ok(Answer::Page(Page { actions: exports(visitor, fields), ..Page::new(TITLE, content) }))
}

const TITLE: &str = "Audit trail";

/// Reads the filter that a query is.
fn filter(organization: &str, fields: &Fields) -> Result<AuditFilter, Flaw> {
    let action = fields.get("action").map(|text| ActionFilter::try_from(text.to_owned()));
    let action = action.transpose().map_err(|why| Flaw::of("action", format!("The action is wrong: {why}.")))?;
    let outcome = match fields.get("outcome") {
        Some(text) => {
            let found = Outcome::ALL.into_iter().find(|outcome| outcome.as_str() == text);
            Some(found.ok_or_else(|| Flaw::of("outcome", "There is no such outcome."))?)
        }
        None => None,
    };
    let day = |name: &'static str| {
        let read = fields.get(name).map(timestamp::parse).transpose();
        read.map_err(|_| Flaw::of(name, "Write the day as 2027-01-31."))
    };
    Ok(AuditFilter {
        organization: Some(organization.to_owned()),
        actor: fields.get("actor").map(str::to_owned),
        action,
        target: fields.get("target").map(str::to_owned),
        outcome,
        since: day("since")?,
        until: day("until")?,
    })
}

fn cursor(fields: &Fields) -> Result<Option<AuditCursor>, Flaw> {
    let cursor = fields.get("cursor").map(|text| AuditCursor::try_from(text.to_owned())).transpose();
    cursor.map_err(|_| Flaw::of("action", "The page is not one of this list: begin with the newest entries."))
}

/// Returns the address of a page, or of an export, with the filter and one more field.
fn with_filter(address: &str, fields: &Fields, more: (&str, &str)) -> String {
    let pairs = FIELDS.map(|name| (name, fields.get(name).unwrap_or_default()));
    format!("{address}{}", query(&[&pairs[..], &[more]].concat()))
}

fn exports(visitor: &Visitor, fields: &Fields) -> Markup {
    let to = |format| with_filter(&visitor.to(&["audit", "export"]), fields, ("format", format));
    html! {
        a.button.quiet href=(to("csv")) download="daypass-audit.csv" { "Export CSV" }
        a.button.quiet href=(to("ndjson")) download="daypass-audit.ndjson" { "Export JSON Lines" }
    }
}

fn form(visitor: &Visitor, fields: &Fields, flaw: Option<&Flaw>) -> Markup {
    html! {
        form.filter method="get" action=(visitor.to(&["audit"])) role="search" aria-label="Audit trail" {
            div {
                label for="action" { "What" }
                select id="action" name="action" aria-invalid=[Flaw::is_in(flaw, "action")] {
                    option value="" { "All" }
                    @for group in groups() {
                        option value=(group) selected[fields.raw("action") == group] { (group) " (all)" }
                        @for action in Action::ALL.iter().filter(|action| Action::is_in(action.as_str(), group)) {
                            @let name = action.as_str();
                            option value=(name) selected[fields.raw("action") == name] { (name) }
                        }
                    }
                }
                (Flaw::beside(flaw, "action"))
            }
            (line(fields, "actor", "Who (id or email)"))
            (line(fields, "target", "About (id)"))
            div {
                label for="outcome" { "Outcome" }
                select id="outcome" name="outcome" aria-invalid=[Flaw::is_in(flaw, "outcome")] {
                    option value="" { "All" }
                    @for outcome in Outcome::ALL {
                        @let name = outcome.as_str();
                        option value=(name) selected[fields.raw("outcome") == name] { (name) }
                    }
                }
                (Flaw::beside(flaw, "outcome"))
            }
            (day(fields, flaw, "since", "From (UTC day)"))
            (day(fields, flaw, "until", "Before (UTC day)"))
            button.quiet type="submit" { "Filter" }
        }
    }
}

/// Returns the groups of actions: the parts before the point, each once.
fn groups() -> Vec<&'static str> {
    let mut groups: Vec<_> = Action::ALL.iter().filter_map(|action| action.as_str().split('.').next()).collect();
    groups.dedup();
    groups
}

fn line(fields: &Fields, name: &str, label: &str) -> Markup {
    html! {
        div {
            label for=(name) { (label) }
            input id=(name) name=(name) value=(fields.raw(name)) autocomplete="off" spellcheck="false";
        }
    }
}

fn day(fields: &Fields, flaw: Option<&Flaw>, name: &'static str, label: &str) -> Markup {
    html! {
        div {
            label for=(name) { (label) }
            input id=(name) name=(name) type="date" value=(fields.raw(name)) aria-invalid=[Flaw::is_in(flaw, name)]
                aria-describedby=[Flaw::is_in(flaw, name).map(|_| format!("{name}-problem"))];
            (Flaw::beside(flaw, name))
        }
    }
}

fn shown(visitor: &Visitor, entry: &Entry) -> Markup {
    let who = entry.actor.name.as_ref().or(entry.actor.id.as_ref());
    let is_ok = entry.outcome == Outcome::Ok;
    let help = entry.code.as_deref().and_then(ErrorCode::find).map(ErrorCode::message);
    row(&html! {
        (cell("When", &time(entry.at)))
        (cell("What", &html! { (word(&entry.action)) (facts(entry)) }))
        (cell("Who", &html! { (entry.actor.kind) " " @if let Some(who) = who { (outside(who)) } }))
        (cell("About", &or_dash(entry.target.as_ref().map(|target| html! {
            (target.kind) " "
            @match address(visitor, &target.kind, &target.id) {
                Some(address) => a href=(address) { code { (outside(&target.id)) } },
                None => code { (outside(&target.id)) },
            }
        }))))
        (cell("From", &or_dash(entry.address.as_ref().map(|address| word(address)))))
        (cell("Outcome", &html! {
            span.state.active[is_ok].revoked[!is_ok] { (entry.outcome.as_str()) }
            @if let Some(code) = &entry.code { " " code title=[help] { (code) } }
            @if let Some(id) = &entry.request_id { span.note.request { "request " code { (outside(id)) } } }
        }))
    })
}

/// Returns the page of what an entry is about, if it has one here.
fn address(visitor: &Visitor, kind: &str, id: &str) -> Option<String> {
    match kind {
        "token" => Some(visitor.to(&["tokens", id])),
        "user" | "serviceAccount" | "application" | "principal" => Some(visitor.to(&["members", id])),
        _ => None,
    }
}

fn facts(entry: &Entry) -> Markup {
    let plain = |value: &Value| value.as_str().map_or_else(|| value.to_string(), str::to_owned);
    html! {
        @if !entry.facts.is_empty() {
            details {
                summary { "Details" }
                dl { @for (name, value) in &entry.facts { dt { (name) } dd { code { (outside(&plain(value))) } } } }
            }
        }
    }
}

fn pages(visitor: &Visitor, fields: &Fields, page: &AuditPage) -> Markup {
    let to = |cursor: &str| with_filter(&visitor.to(&["audit"]), fields, ("cursor", cursor));
    html! {
        @if page.next_cursor.is_some() || fields.get("cursor").is_some() {
            nav.pages aria-label="Pages" {
                @if fields.get("cursor").is_some() { a href=(to("")) { "Newest entries" } }
                @if let Some(cursor) = &page.next_cursor { a rel="next" href=(to(cursor)) { "Older entries" } }
            }
        }
    }
}
