//! `/console/{organization}/members/{id}/remove`: says what ends with a member, and removes it.

use axum::extract::{Path, State};
use axum::response::Response;
use daypass::api::PrincipalKind;
use daypass::{Error, TokenKind};
use maud::html;

use super::super::ending::{agreement, is_agreed};
use super::super::fields::Fields;
use super::super::page::Page;
use super::super::sections::Section;
use super::super::text::outside;
use super::super::visitor::{Answer, Visitor};
use super::{detail, may};
use crate::domain::token_owner::ADMINISTER;
use crate::http::SharedApp;
use crate::store::acting;
use crate::usecase::principals;

/// `GET /console/{organization}/members/{id}/remove`
pub(super) async fn show(
    State(app): State<SharedApp>,
    visitor: Visitor,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    visitor.answer(Section::Members, ask(&app, &visitor, &id, false).await)
}

/// `POST /console/{organization}/members/{id}/remove`
pub(super) async fn submit(
    State(app): State<SharedApp>,
    visitor: Visitor,
    Path((_, id)): Path<(String, String)>,
    form: Result<Fields, Error>,
) -> Response {
    visitor.answer(Section::Members, remove(&app, &visitor, &id, form).await)
}

async fn remove(app: &SharedApp, visitor: &Visitor, id: &str, form: Result<Fields, Error>) -> Result<Answer, Error> {
    let organization = visitor.caller.require(&ADMINISTER)?;
    let owned = principals::count_owned(&*app.store, organization, id).await?;
    if !is_agreed(&form?, &text(&owned)) {
        return ask(app, visitor, id, true).await;
    }
    let (store, actor) = (app.store.clone(), visitor.caller.actor(organization)?);
    let (organization, member) = (organization.to_owned(), id.to_owned());
    // A task of its own goes on if the person leaves: the removal may take several transactions.
    let removal = async move { principals::remove(&*store, actor, &organization, &member).await };
    acting::spawn(removal).await.unwrap_or(Err(Error::Unavailable))?;
    Ok(Answer::Redirect(visitor.to(&["members", id])))
}

/// Returns what a form repeats of the tokens that end: how many they are.
fn text(owned: &[(TokenKind, u64)]) -> String {
    owned.iter().map(|(_, number)| number).sum::<u64>().to_string()
}

async fn ask(app: &SharedApp, visitor: &Visitor, id: &str, has_changed: bool) -> Result<Answer, Error> {
    let organization = visitor.caller.require(&ADMINISTER)?;
    let member = principals::find(&*app.store, organization, id).await?;
    let owned = principals::count_owned(&*app.store, organization, id).await?;
    let details = visitor.to(&["members", id]);
    let content = html! {
        p.crumb { a href=(details.clone()) { "← Back to the member" } }
        @if has_changed {
            p.warning role="alert" {
                "Nothing was removed: other tokens end with it than the page said. It is these now. If you go on, those that "
                "are made until then end too."
            }
        }
        section.panel {
            h2 { "This ends at once, and for good" }
            p {
                @match member.kind {
                    PrincipalKind::User => { (outside(&member.name)) " can no longer sign in to this organization." },
                    PrincipalKind::Application => "It is no OAuth client any more, and what users let it have ends.",
                    PrincipalKind::ServiceAccount => "The service account can own no more tokens.",
                }
            }
            h3.field { "Tokens that are revoked with it" }
            (detail::tokens(&owned))
        }
        @if may::manage(visitor, &member) {
            form method="post" action=(visitor.to(&["members", id, "remove"])) {
                (agreement(&text(&owned), has_changed))
                div.buttons {
                    button.danger type="submit" { "Remove the member" }
                    a href=(details) { "Keep it" }
                }
            }
        } @else {
            p.warning { "Your role may not remove it, or it was removed before." }
        }
    };
    Ok(Answer::Page(Page::new(format!("Remove {}?", member.name), content)))
}
