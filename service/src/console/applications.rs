//! `/console/{organization}/applications`: the applications of the organization that are OAuth clients.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use daypass::Error;
use daypass::api::PrincipalKind;
use maud::{Markup, html};

use super::links::query;
use super::page::Page;
use super::sections::Section;
use super::text::outside;
use super::visitor::{Answer, Visitor};
use crate::domain::oauth::registration::ClientRecord;
use crate::domain::token_owner::ADMINISTER;
use crate::http::{SharedApp, TOKEN_READ};
use crate::usecase::oauth::clients;
use crate::usecase::principals;

/// Returns the route of the page.
pub(super) fn router() -> Router<SharedApp> {
    Router::new().route("/console/{organization}/applications", get(show))
}

/// `GET /console/{organization}/applications`
async fn show(State(app): State<SharedApp>, visitor: Visitor) -> Response {
    visitor.answer(Section::Applications, list(&app, &visitor).await)
}

async fn list(app: &SharedApp, visitor: &Visitor) -> Result<Answer, Error> {
    let organization = visitor.caller.require(&TOKEN_READ)?;
    let mut shown = vec![];
    for client in clients::list(&*app.store, organization).await? {
        let name = principals::find(&*app.store, organization, &client.client_id).await?.name;
        shown.push(panel(visitor, &name, &client));
    }
    let kind = PrincipalKind::Application.as_str();
    let content = html! {
        p {
            "Applications that ask for tokens by OAuth, each within what it is allowed here. What you yourself let "
            "applications have is on " a href=(visitor.links.beside("applications")) { "your own page" }
            ", where you can withdraw it."
        }
        @if shown.is_empty() {
            section.empty {
                h2 { "No OAuth client yet" }
                p { "An application of the organization becomes one by its redirect URIs and scopes." }
                p {
                    "With the command " code { "daypass application edit --redirect-uri" } ", or "
                    code { "PUT …/oauth-client" } "."
                }
            }
        }
        @for client in &shown { (client) }
        p.field { a href={ (visitor.to(&["members"])) (query(&[("kind", kind)])) } { "All applications" } }
    };
    let new = html! {
        @if visitor.may(&ADMINISTER) {
            a.button href={ (visitor.to(&["members", "new"])) (query(&[("kind", kind)])) } { "Add an application" }
        }
    };
    Ok(Answer::Page(Page { actions: new, ..Page::new("Applications", content) }))
}

fn panel(visitor: &Visitor, name: &str, client: &ClientRecord) -> Markup {
    let settings = client.settings();
    let grant_types = settings.grant_types.iter().flatten().map(|kind| kind.as_str());
    html! {
        section.panel {
            h2 { a href=(visitor.to(&["members", &client.client_id])) { (outside(name)) } }
            dl.facts {
                dt { "Client id" }
                dd { code { (outside(&client.client_id)) } }
                dt { "Secret" }
                dd {
                    @if settings.confidential { "It keeps one: an application token that belongs to it." }
                    @else { "It keeps none: a page or an app on a device, with PKCE." }
                }
                dt { "Redirect URIs" }
                dd {
                    @if settings.redirect_uris.is_empty() { span.none { "–" } }
                    ul { @for uri in &settings.redirect_uris { li { code { (outside(uri)) } } } }
                }
                dt { "May ask for" }
                dd { @for (at, scope) in settings.scopes.iter().enumerate() { @if at > 0 { ", " } code { (scope) } } }
                dt { "By" }
                dd { (grant_types.collect::<Vec<_>>().join(", ")) }
            }
        }
    }
}
