//! `/console/{organization}/tokens/{id}/recreate`: a new text for an application token that was revoked or has expired,
//! under the same id and with the same grants.

use axum::extract::{Path, State};
use axum::response::Response;
use daypass::api::{CreateTokenRequest, TokenRecord};
use daypass::{Error, TokenKind};
use maud::html;

use super::super::page::Page;
use super::super::sections::Section;
use super::super::text::outside;
use super::super::visitor::{Answer, Visitor};
use super::{created, grants, may};
use crate::http::{SharedApp, TOKEN_CREATE};
use crate::usecase::clock::now;
use crate::usecase::{principals, tokens};

/// `GET /console/{organization}/tokens/{id}/recreate`
pub(super) async fn show(
    State(app): State<SharedApp>,
    visitor: Visitor,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    visitor.answer(Section::Tokens, ask(&app, &visitor, &id).await)
}

/// `POST /console/{organization}/tokens/{id}/recreate`: answers with the page that shows the token this once.
pub(super) async fn submit(
    State(app): State<SharedApp>,
    visitor: Visitor,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    visitor.answer(Section::Tokens, create(&app, &visitor, &id).await)
}

/// Finds a token that can be created once more.
async fn find(app: &SharedApp, visitor: &Visitor, id: &str) -> Result<TokenRecord, Error> {
    let organization = visitor.caller.require(&TOKEN_CREATE)?;
    let record = tokens::find(&*app.store, organization, id).await?;
    if record.kind != TokenKind::Application {
        let why = "Only an application token has an id of your choice: create a new token instead.";
        return Err(Error::InvalidRequest(why.into()));
    }
    Ok(record)
}

async fn ask(app: &SharedApp, visitor: &Visitor, id: &str) -> Result<Answer, Error> {
    let record = find(app, visitor, id).await?;
    let view = app.catalog.view();
    let owner = match &record.owner {
        Some(owner) => Some(principals::find(&*app.store, &visitor.organization, owner).await?),
        None => None,
    };
    let is_owner_here = owner.as_ref().is_none_or(|owner| owner.removed_at.is_none());
    let may_create = may::recreate(app, visitor, &record, now()) && is_owner_here;
    let content = html! {
        p.crumb { a href=(visitor.to(&["tokens", &record.id])) { "← Back to the token" } }
        @if may_create {
            p {
                "A new token with the id " code { (outside(&record.id)) } " and the same scopes. It has another text, and no "
                "expiry. The earlier one stays refused."
            }
            p {
                @match &owner {
                    Some(owner) => { "It belongs to " (outside(&owner.name)) ", as the earlier one did." },
                    None => "The earlier one belonged to nobody. This one belongs to you, and ends with your membership.",
                }
            }
            section { h2 { "What it may do" } (grants::matrix(&record.grants, view.catalogs.whole(), &visitor.organization)) }
            form method="post" action=(visitor.to(&["tokens", &record.id, "recreate"])) {
                div.buttons {
                    button type="submit" { "Create the token" }
                    a href=(visitor.to(&["tokens", &record.id])) { "Cancel" }
                }
            }
        } @else {
            p.warning {
                "It can be created once more when it was revoked or has expired, by a person who may give all that it "
                "holds, also to the owner that it had. An owner that was removed has no more tokens."
            }
        }
    };
    Ok(Answer::Page(Page::new(format!("Create {} once more", record.name), content)))
}

async fn create(app: &SharedApp, visitor: &Visitor, id: &str) -> Result<Answer, Error> {
    let TokenRecord { kind, id, name, grants, owner, .. } = find(app, visitor, id).await?;
    let request = CreateTokenRequest {
        kind,
        name,
        scopes: None,
        origins: vec![],
        resources: vec![],
        tenant: None,
        grants: Some(grants),
        expires_at: None,
        id: Some(id),
        owner,
        accept_shared_suffix: false,
    };
    let grantor = visitor.caller.grantor()?;
    let created = tokens::create(&*app.store, &app.catalog.view().catalogs, &grantor, request).await?;
    Ok(Answer::Page(created::page(app, visitor, &created)))
}
