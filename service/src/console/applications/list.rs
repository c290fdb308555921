//! `/console/{organization}/applications`: the applications of the organization that are OAuth clients.

use axum::extract::State;
use axum::response::Response;
use daypass::Error;
use daypass::api::PrincipalKind;
use maud::{Markup, html};

use super::super::links::query;
use super::super::page::Page;
use super::super::sections::Section;
use super::super::text::outside;
use super::super::visitor::{Answer, Visitor};
use super::settings::facts;
use crate::domain::oauth::client::Client;
use crate::domain::token_owner::ADMINISTER;
use crate::http::{SharedApp, TOKEN_READ};
use crate::usecase::oauth::clients;

/// `GET /console/{organization}/applications`
pub(super) async fn show(State(app): State<SharedApp>, visitor: Visitor) -> Response {
    visitor.answer(Section::Applications, list(&app, &visitor).await)
}

async fn list(app: &SharedApp, visitor: &Visitor) -> Result<Answer, Error> {
    let organization = visitor.caller.require(&TOKEN_READ)?;
    let clients = clients::list(&*app.store, organization).await?;
    let kind = PrincipalKind::Application.as_str();
    let content = html! {
        p {
            "Applications that ask for tokens by OAuth, each within what it is allowed here. What you yourself let "
            "applications have is on " a href=(visitor.links.beside("applications")) { "your own page" }
            ", where you can withdraw it."
        }
        @if clients.is_empty() {
            section.empty {
                h2 { "No OAuth client yet" }
                p { "An application of the organization becomes one by its redirect URIs and scopes." }
                p { "Open it, and make it an OAuth client there." }
            }
        }
        @for client in &clients { (panel(visitor, client)) }
        p.field { a href={ (visitor.to(&["members"])) (query(&[("kind", kind)])) } { "All applications" } }
    };
    let new = html! {
        @if visitor.may(&ADMINISTER) {
            a.button href={ (visitor.to(&["members", "new"])) (query(&[("kind", kind)])) } { "Add an application" }
        }
    };
    Ok(Answer::Page(Page { actions: new, ..Page::new("Applications", content) }))
}

fn panel(visitor: &Visitor, client: &Client) -> Markup {
    html! {
        section.panel {
            h2 { a href=(visitor.to(&["members", client.id()])) { (outside(&client.principal.name)) } }
            dl.facts {
                dt { "Client id" }
                dd { code { (outside(client.id())) } }
                (facts(&client.settings))
            }
        }
    }
}
