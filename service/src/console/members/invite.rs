//! `/console/{organization}/members/{id}/invite`: answers with the link of a new invitation, which is shown this once.

use axum::extract::{Path, State};
use axum::response::Response;
use daypass::Error;
use maud::html;

use super::super::page::Page;
use super::super::sections::Section;
use super::super::text::{outside, relative};
use super::super::visitor::{Answer, Visitor};
use crate::domain::token_owner::ADMINISTER;
use crate::http::SharedApp;
use crate::usecase::clock::now;
use crate::usecase::{invitations, principals};

/// `POST /console/{organization}/members/{id}/invite`
///
/// SECURITY: it answers the form itself, so that the link is at no address and in no history. No cache stores it.
pub(super) async fn submit(
    State(app): State<SharedApp>,
    visitor: Visitor,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    visitor.answer(Section::Members, invite(&app, &visitor, &id).await)
}

async fn invite(app: &SharedApp, visitor: &Visitor, id: &str) -> Result<Answer, Error> {
    let organization = visitor.caller.require(&ADMINISTER)?;
    let member = principals::find(&*app.store, organization, id).await?;
    let actor = visitor.caller.actor(organization)?;
    let invited = invitations::invite(&*app.store, organization, id, actor).await?;
    let details = visitor.to(&["members", id]);
    let content = html! {
        section.warning role="status" {
            h2 { "Copy the link now: it is shown this once" }
            p {
                "Hand it to " (outside(&member.name)) ". Who has it can join as "
                (outside(member.email.as_deref().unwrap_or_default())) ", once, until it ends "
                (relative(invited.expires_at, now())) ". An earlier link no longer works."
            }
        }
        label for="link" { "Link of the invitation" }
        div.secret {
            input id="link" value=(invited.link(&app.jwt_issuer.issuer)) readonly autocomplete="off" spellcheck="false";
            button type="button" data-copies="link" hidden { "Copy" }
        }
        div.buttons { a.button href=(details.clone()) { "I have copied it" } }
    };
    Ok(Answer::Page(Page { status: 201, after: Some(details), ..Page::new("The invitation was made", content) }))
}
