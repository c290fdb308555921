//! What a person has of an answer that refused: its JSON, or the id of the request.

use daypass::{ErrorBody, ErrorCode};
use maud::{Markup, html};

use super::super::fields::Fields;
use super::super::flaw::Flaw;
use super::super::table::{cards, cell, or_dash, row};
use super::super::text::{outside, time};
use super::super::visitor::Visitor;
use crate::domain::audit::Entry;
use crate::domain::token_owner::ADMINISTER;
use crate::http::SharedApp;
use crate::http::request_id::is_well_formed;
use crate::usecase::audit;

/// What is shown of an entry.
const COLUMNS: [&str; 5] = ["When (UTC)", "What", "Who", "About", "Outcome"];

/// What an answer told.
pub(super) struct Told {
    /// The answer's JSON, if that was given.
    pub(super) body: Option<ErrorBody>,
    pub(super) content: Markup,
}

impl Told {
    /// Returns the code of the answer, if it is one of Daypass's.
    pub(super) fn code(&self) -> Option<ErrorCode> {
        self.body.as_ref().and_then(|body| ErrorCode::find(&body.error))
    }
}

/// Reads the field for the answer; nothing if it is empty.
///
/// SECURITY: any text that is no answer may be a token, and is not repeated: a request id is shown from its entry.
pub(super) async fn read(app: &SharedApp, visitor: &Visitor, fields: &Fields) -> Result<Option<Told>, Flaw> {
    let Some(text) = fields.get("answer") else { return Ok(None) };
    if text.starts_with('{') {
        return of_json(text).map(Some);
    }
    if !is_request_id(text) {
        let why = "This is neither the JSON of an answer nor a request id. A token goes into the field for the token.";
        return Err(Flaw::of("answer", why));
    }
    of_request(app, visitor, text).await.map(Some)
}

/// Returns whether a text may be the id of a request.
fn is_request_id(text: &str) -> bool {
    is_well_formed(text.as_bytes()) && text.parse::<daypass::OpaqueToken>().is_err()
}

fn of_json(text: &str) -> Result<Told, Flaw> {
    let body: ErrorBody = serde_json::from_str(text).map_err(|_| {
        let why = "This JSON is no refusal of Daypass: copy the whole body, from `{\"error\": …` to the last `}`.";
        Flaw::of("answer", why)
    })?;
    let code = ErrorCode::find(&body.error);
    let content = html! {
        section.panel {
            h2 { "What the answer says" }
            dl.facts {
                dt { "Code" }
                dd {
                    @match code {
                        Some(code) => { code { (code) } " (" (code.status()) ")" },
                        None => { code { (outside(&body.error)) } ", which is no code of Daypass" },
                    }
                }
                @if let Some(origin) = &body.origin { dt { "Origin seen" } dd { code { (outside(origin)) } } }
                @if let Some(scope) = &body.scope { dt { "Scope needed" } dd { code { (outside(scope.as_str())) } } }
                @if let Some(tenant) = &body.tenant { dt { "Tenant" } dd { code { (outside(tenant)) } } }
                @if let Some(code) = code { dt { "What to do" } dd { (code.help()) } }
            }
        }
    };
    Ok(Told { body: Some(body), content })
}

async fn of_request(app: &SharedApp, visitor: &Visitor, id: &str) -> Result<Told, Flaw> {
    if !visitor.may(&ADMINISTER) {
        let why = "Only admins and owners read the audit trail: ask one of them, or paste the answer's JSON.";
        return Err(Flaw::of("answer", why));
    }
    let entries = audit::of_request(&*app.store, &visitor.organization, id).await?;
    let content = html! {
        section {
            h2 {
                "The request"
                @if let Some(id) = entries.first().and_then(|entry| entry.request_id.as_ref()) { " " code { (outside(id)) } }
            }
            @if entries.is_empty() {
                p {
                    "The audit trail has no entry of it among the newest " (audit::SEARCHED) ". It has what is "
                    "administered here. Requests to your product\'s API are in your product\'s own log: "
                    "paste the answer's JSON instead."
                }
            } @else {
                (cards(&COLUMNS, &html! { @for entry in &entries { (shown(entry)) } }))
            }
        }
    };
    Ok(Told { body: None, content })
}

fn shown(entry: &Entry) -> Markup {
    let who = entry.actor.name.as_ref().or(entry.actor.id.as_ref());
    let about = entry.target.as_ref().map(|target| html! { (target.kind) " " code { (outside(&target.id)) } });
    let code = entry.code.as_deref().and_then(ErrorCode::find);
    row(&html! {
        (cell("When", &time(entry.at)))
        (cell("What", &html! { (entry.action) }))
        (cell("Who", &html! { (entry.actor.kind) " " @if let Some(who) = who { (outside(who)) } }))
        (cell("About", &or_dash(about)))
        (cell("Outcome", &html! {
            (entry.outcome.as_str())
            @if let Some(code) = &entry.code { " (" code { (code) } ")" }
            @if let Some(code) = code { " – " (code.help()) }
        }))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_and_a_token_is_taken_for_no_request_id() {
        let told = of_json(r#"{"error":"origin_not_allowed","message":"m","origin":"https://evil.example"}"#);
        let told = told.ok().expect("an answer");
        assert_eq!(told.code(), Some(ErrorCode::OriginNotAllowed));
        assert!(told.content.into_string().contains("https://evil.example"));
        assert!(of_json("{}").is_err() && of_json(r#"{"error":7}"#).is_err());
        let token = daypass::OpaqueToken::generate(daypass::TokenKind::Secret, |bytes| bytes.fill(7)).expect("a token");
        assert!(!is_request_id(token.expose_secret()));
        assert!(is_request_id("0198c2a4-93fd-7d2b-a1b2-0123456789ab") && !is_request_id("<script>"));
        assert!(is_request_id("Root=1-67891233-abcdef012345678912345678"));
    }
}
