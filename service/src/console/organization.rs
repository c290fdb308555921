//! `/console/{organization}/organization`: its name, its state, and how much of its limits is used.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use daypass::api::{OrganizationLimits, OrganizationRecord};
use daypass::{Error, TokenKind};
use maud::{Markup, html};

use super::fields::Fields;
use super::flaw::Flaw;
use super::page::Page;
use super::sections::Section;
use super::table::{cards, cell, head, row};
use super::text::{grouped, outside, time};
use super::tokens::described_by;
use super::visitor::{Answer, Visitor};
use crate::domain::token_owner::ADMINISTER;
use crate::http::{SharedApp, TOKEN_READ};
use crate::usecase::{organizations, tokens};

/// Returns the routes of the page.
pub(super) fn router() -> Router<SharedApp> {
    Router::new().route("/console/{organization}/organization", get(show).post(rename))
}

/// `GET /console/{organization}/organization`
async fn show(State(app): State<SharedApp>, visitor: Visitor) -> Response {
    visitor.answer(Section::Organization, open(&app, &visitor, None, None).await)
}

/// `POST /console/{organization}/organization`: renames it.
async fn rename(State(app): State<SharedApp>, visitor: Visitor, form: Result<Fields, Error>) -> Response {
    visitor.answer(Section::Organization, save(&app, &visitor, form).await)
}

async fn save(app: &SharedApp, visitor: &Visitor, form: Result<Fields, Error>) -> Result<Answer, Error> {
    let organization = visitor.caller.require(&ADMINISTER)?;
    let fields = form?;
    match organizations::rename(&*app.store, organization, fields.get("name").unwrap_or_default()).await {
        Ok(_) => Ok(Answer::Redirect(visitor.to(&["organization"]))),
        Err(error) => open(app, visitor, Some(&fields), Some(&error.into())).await,
    }
}

async fn open(
    app: &SharedApp,
    visitor: &Visitor,
    fields: Option<&Fields>,
    flaw: Option<&Flaw>,
) -> Result<Answer, Error> {
    let id = visitor.caller.require(&TOKEN_READ)?;
    let record = organizations::find(&*app.store, id).await?;
    let active = tokens::count_active(&*app.store, id, None).await?;
    let content = html! {
        (Flaw::summary(flaw, "The organization was not renamed"))
        section.panel { (facts(&record)) }
        section { h2 { "Limits" } (limits(&record.limits, &active)) }
        @if visitor.may(&ADMINISTER) {
            section {
                h2 { "Rename" }
                form method="post" action=(visitor.to(&["organization"])) novalidate {
                    div.field {
                        label for="name" { "Name" }
                        p.note id="name-note" { "By which people recognize it. Its id stays." }
                        input id="name" name="name" required maxlength="512" autocomplete="off"
                            value=(fields.map_or(&*record.name, |fields| fields.raw("name")))
                            aria-describedby=(described_by(flaw, "name")) aria-invalid=[Flaw::is_in(flaw, "name")];
                        (Flaw::beside(flaw, "name"))
                    }
                    div.buttons { button type="submit" { "Rename" } }
                }
            }
        }
    };
    let page = Page::new("Organization", content);
    Ok(Answer::Page(match flaw {
        Some(flaw) => Page { status: flaw.status, code: Some(flaw.code), ..page },
        None => page,
    }))
}

fn facts(record: &OrganizationRecord) -> Markup {
    html! {
        dl.facts {
            dt { "Name" }
            dd { (outside(&record.name)) }
            dt { "Id" }
            dd { code { (outside(&record.id)) } span.note { " The tenant of its tokens." } }
            dt { "State" }
            dd {
                // Of one that is suspended or revoked, this page is not shown.
                span.state.active { (record.state) }
                span.note { " The operator suspends and resumes it: then all its tokens are refused meanwhile." }
            }
            dt { "Created" }
            dd { (time(record.created_at)) " UTC" }
            @if let Some(at) = record.issued_before {
                dt { "Revoked before" }
                dd { (time(at)) " UTC" span.note { " Tokens that were issued earlier are refused." } }
            }
        }
    }
}

fn limits(limits: &OrganizationLimits, active: &[(TokenKind, u64)]) -> Markup {
    let OrganizationLimits { publishable, secret, application, personal, principals, bundles, bundle_bytes } = *limits;
    let of = |kind| Some(active.iter().find(|(own, _)| *own == kind).map_or(0, |(_, number)| *number));
    let rows = [
        ("Active publishable tokens", of(TokenKind::Publishable), publishable.map(u64::from)),
        ("Active secret tokens", of(TokenKind::Secret), secret.map(u64::from)),
        ("Active application tokens", of(TokenKind::Application), application.map(u64::from)),
        ("Active personal tokens", of(TokenKind::Personal), personal.map(u64::from)),
        ("Members", None, principals.map(u64::from)),
        ("Bundle references of the last two days", None, bundles.map(u64::from)),
        ("Bytes of bundle references", None, bundle_bytes),
    ];
    html! {
        (cards(&["What", "Used", "At most"], &html! {
            @for (name, used, most) in rows {
                (row(&html! {
                    (head(&html! { (name) }))
                    (cell("Used", &used_of(name, used, most)))
                    (cell("At most", &html! {
                        @match most { Some(most) => (grouped(most)), None => "as many as it likes" }
                    }))
                }))
            }
        }))
        p.note { "The operator sets them with " code { "daypass organization limits" } ". What there is stays." }
    }
}

/// Shows how much of a limit is used.
fn used_of(name: &str, used: Option<u64>, most: Option<u64>) -> Markup {
    html! {
        @match (used, most) {
            (Some(used), Some(most)) => {
                (grouped(used)) " " meter min="0" max=(most.max(1)) value=(used) aria-label=(name) {}
            },
            (Some(used), None) => (grouped(used)),
            (None, _) => span.none { "–" },
        }
    }
}
