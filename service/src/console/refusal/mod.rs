//! Why was this refused? The decision on a request, step by step.
//!
//! | module | what it has |
//! | --- | --- |
//! | `answer` | what a person has of the answer: its JSON, or a request id |
//! | `form` | the form, and what it tells of the request |
//! | `report` | the decision on a token |
//! | `steps` | the steps of a decision |

mod answer;
mod form;
mod report;
mod steps;

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use daypass::Error;
use maud::{Markup, html};

use super::fields::{Fields, QueryFields};
use super::flaw::Flaw;
use super::page::Page;
use super::sections::Section;
use super::visitor::{Answer, Visitor};
use crate::http::{SharedApp, TOKEN_READ};
use form::Question;

/// Returns the routes of the page.
pub(super) fn router() -> Router<SharedApp> {
    Router::new().route("/console/{organization}/refusal", get(show).post(explain))
}

/// `GET /console/{organization}/refusal?token=`: the form, filled in with the id of a token.
async fn show(State(app): State<SharedApp>, visitor: Visitor, QueryFields(query): QueryFields) -> Response {
    visitor.answer(Section::Refusal, open(&app, &visitor, &query).await)
}

/// `POST /console/{organization}/refusal`
///
/// SECURITY: a form that is posted, since people paste tokens into it: no address, history or log has what is in it.
async fn explain(State(app): State<SharedApp>, visitor: Visitor, form: Result<Fields, Error>) -> Response {
    visitor.answer(Section::Refusal, decide(&app, &visitor, form).await)
}

async fn open(_: &SharedApp, visitor: &Visitor, query: &Fields) -> Result<Answer, Error> {
    visitor.caller.require(&TOKEN_READ)?;
    let fields = Fields::of([("token", query.get("token").unwrap_or_default().to_owned())]);
    Ok(Answer::Page(Page::new(TITLE, form::shown(visitor, &fields, None))))
}

async fn decide(app: &SharedApp, visitor: &Visitor, form: Result<Fields, Error>) -> Result<Answer, Error> {
    visitor.caller.require(&TOKEN_READ)?;
    let fields = form?;
    let (found, flaw) = match judge(app, visitor, &fields).await {
        Ok(found) => (found, None),
        Err(flaw) => (Found::default(), Some(flaw)),
    };
    let again = form::kept(&fields, &app.foreign_formats, &visitor.organization, found.token.as_deref());
    let content = html! {
        (found.content)
        section {
            @if flaw.is_none() { h2 { "Another try" } }
            (form::shown(visitor, &again, flaw.as_ref()))
        }
    };
    let page = Page::new(TITLE, content);
    Ok(Answer::Page(match flaw {
        Some(flaw) => Page { status: flaw.status, code: Some(flaw.code), ..page },
        None => page,
    }))
}

const TITLE: &str = "Why was this refused?";

/// What was found out.
#[derive(Default)]
struct Found {
    content: Markup,
    /// The id of the token, which the form keeps instead of what was pasted.
    token: Option<String>,
}

async fn judge(app: &SharedApp, visitor: &Visitor, fields: &Fields) -> Result<Found, Flaw> {
    form::check_pasted(fields, &app.foreign_formats, &visitor.organization)?;
    let told = answer::read(app, visitor, fields).await?;
    let question = Question::read(fields, told.as_ref().and_then(|told| told.body.as_ref()))?;
    let decision = match fields.get("token") {
        Some(token) => Some(report::of(app, visitor, token, &question).await?),
        None => None,
    };
    let (said, decided) = (told.as_ref().and_then(answer::Told::code), decision.as_ref().and_then(|own| own.decided));
    Ok(Found {
        content: html! {
            @if let Some(told) = &told { (told.content) }
            @if let (Some(said), Some(decided)) = (said, decided) { (steps::comparison(said, decided)) }
            @match &decision {
                Some(decision) => (decision.content),
                None => p.note { "Add the token below, and the decision is shown step by step." },
            }
        },
        token: decision.and_then(|decision| decision.token),
    })
}
