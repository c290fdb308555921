//! `/console/{organization}/tokens/{id}/revoke`: says what ends with a token, and revokes it.

use axum::extract::{Path, State};
use axum::response::Response;
use daypass::api::TokenRecord;
use daypass::{Error, TokenKind};
use maud::{Markup, html};

use super::super::fields::Fields;
use super::super::page::Page;
use super::super::sections::Section;
use super::super::text::{outside, relative};
use super::super::visitor::{Answer, Visitor};
use super::children::{self, Children};
use super::shown;
use crate::http::{SharedApp, TOKEN_REVOKE};
use crate::usecase::clock::now;
use crate::usecase::{revoke, tokens};

/// `GET /console/{organization}/tokens/{id}/revoke`
pub(super) async fn show(
    State(app): State<SharedApp>,
    visitor: Visitor,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    visitor.answer(Section::Tokens, open(&app, &visitor, &id).await)
}

/// `POST /console/{organization}/tokens/{id}/revoke`
pub(super) async fn submit(
    State(app): State<SharedApp>,
    visitor: Visitor,
    Path((_, id)): Path<(String, String)>,
    form: Result<Fields, Error>,
) -> Response {
    visitor.answer(Section::Tokens, end(&app, &visitor, &id, form).await)
}

/// Finds a token that the person may revoke.
async fn find(app: &SharedApp, visitor: &Visitor, id: &str) -> Result<TokenRecord, Error> {
    let organization = visitor.caller.require(&TOKEN_REVOKE)?;
    let record = tokens::find(&*app.store, organization, id).await?;
    visitor.caller.grantor()?.require_revocable(&record)?;
    Ok(record)
}

/// Revokes the token that the page showed: another one may have its id since.
async fn end(app: &SharedApp, visitor: &Visitor, id: &str, form: Result<Fields, Error>) -> Result<Answer, Error> {
    let record = find(app, visitor, id).await?;
    if form?.get("serial").and_then(|text| text.parse().ok()) != Some(record.serial) {
        return ask(app, visitor, &record, true).await;
    }
    revoke::stored(&*app.store, &record).await?;
    Ok(Answer::Redirect(visitor.to(&["tokens", id])))
}

async fn open(app: &SharedApp, visitor: &Visitor, id: &str) -> Result<Answer, Error> {
    let record = find(app, visitor, id).await?;
    ask(app, visitor, &record, false).await
}

async fn ask(app: &SharedApp, visitor: &Visitor, record: &TokenRecord, is_another: bool) -> Result<Answer, Error> {
    let now = now();
    let children = children::find(&*app.store, record, now).await?;
    let content = html! {
        p.crumb { a href=(visitor.to(&["tokens", &record.id])) { "← Back to the token" } }
        @if is_another {
            p.warning role="alert" { "Nothing was revoked: the id has another token since the page was shown. It is this one." }
        }
        section.panel {
            h2 { "This ends at once, and for good" }
            ul { (losses(record, children.as_ref(), now)) }
            p.field {
                "Every product that follows the service refuses it within moments. It cannot be undone: a new token has "
                "another text."
            }
        }
        form method="post" action=(visitor.to(&["tokens", &record.id, "revoke"])) {
            input type="hidden" name="serial" value=(record.serial);
            div.buttons {
                button.danger type="submit" { "Revoke the token" }
                a href=(visitor.to(&["tokens", &record.id])) { "Keep it" }
            }
        }
    };
    Ok(Answer::Page(Page::new(format!("Revoke {}?", record.name), content)))
}

/// Lists what ends with a token.
fn losses(record: &TokenRecord, children: Option<&Children>, now: u64) -> Markup {
    html! {
        li {
            "The " (record.kind) " token " (shown::ends(record)) ", “" (outside(&record.name)) "”, "
            @match record.last_used_at { Some(at) => { "last used " (relative(at, now)) }, None => "which was never used" }
            "."
        }
        @if record.kind == TokenKind::Publishable {
            li { "Every page that has it, on " (record.origins.len()) " origin patterns." }
        }
        @if let Some(children) = children { (children::items(children, now)) }
    }
}
