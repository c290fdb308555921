//! `/console/{organization}/applications/{id}/remove`: says what ends with the OAuth settings of an application, and
//! removes them.

use axum::extract::{Path, State};
use axum::response::Response;
use daypass::Error;
use maud::html;

use super::super::ending::{agreement, is_agreed};
use super::super::fields::Fields;
use super::super::page::Page;
use super::super::sections::Section;
use super::super::text::{count, outside};
use super::super::visitor::{Answer, Visitor};
use super::settings::{Found, facts};
use crate::domain::oauth::client::{ClientSettings, GrantType, MeantFor};
use crate::domain::oauth::removal::ClientEnd;
use crate::http::SharedApp;
use crate::usecase::oauth::clients;

/// `GET /console/{organization}/applications/{id}/remove`
pub(super) async fn show(
    State(app): State<SharedApp>,
    visitor: Visitor,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    visitor.answer(Section::Applications, ask(&app, &visitor, &id, false).await)
}

/// `POST /console/{organization}/applications/{id}/remove`
pub(super) async fn submit(
    State(app): State<SharedApp>,
    visitor: Visitor,
    Path((_, id)): Path<(String, String)>,
    form: Result<Fields, Error>,
) -> Response {
    visitor.answer(Section::Applications, remove(&app, &visitor, &id, form).await)
}

/// Removes the settings that the page showed, if what it named ends with them, and no more.
async fn remove(app: &SharedApp, visitor: &Visitor, id: &str, form: Result<Fields, Error>) -> Result<Answer, Error> {
    let found = Found::find(app, visitor, id).await?;
    let fields = form?;
    let ending = clients::count_ending(&*app.store, &visitor.organization, id).await?;
    if !found.is_shown_by(&fields) || !is_agreed(&fields, &text(ending)) {
        return ask(app, visitor, id, true).await;
    }
    match clients::remove(&*app.store, &visitor.organization, id, MeantFor::Shown(found.settings)).await {
        Ok(()) => Ok(Answer::Redirect(visitor.to(&["members", id]))),
        Err(Error::VersionConflict(_)) => ask(app, visitor, id, true).await,
        Err(error) => Err(error),
    }
}

/// Returns what a form repeats of what ends.
fn text(ending: ClientEnd) -> String {
    format!("{} {}", ending.consents, ending.families)
}

async fn ask(app: &SharedApp, visitor: &Visitor, id: &str, has_changed: bool) -> Result<Answer, Error> {
    let found = Found::find(app, visitor, id).await?;
    let tag = found.tag();
    let Found { application, settings } = found;
    let settings = settings.ok_or(Error::NotFound)?;
    let ending = clients::count_ending(&*app.store, &visitor.organization, id).await?;
    let details = visitor.to(&["members", id]);
    let content = html! {
        p.crumb { a href=(details.clone()) { "← Back to the application" } }
        @if has_changed {
            p.warning role="alert" {
                "Nothing was removed: it is not as the page said any more. It is this now. If you go on, sign-ins that are made "
                "until then end too."
            }
        }
        section.panel {
            h2 { "This ends at once, and for good" }
            ul {
                li { (outside(&application.name)) " can ask nobody for tokens any more." }
                li { (count(ending.consents, "user")) " let it have something: that ends, and a later client asks again." }
                li { (count(ending.families, "sign-in")) " with refresh tokens: they and their access tokens are revoked." }
            }
            h3.field { "This stays" }
            (stays(&settings))
        }
        section.panel { h2 { "The settings that are removed" } dl.facts { (facts(&settings)) } }
        form method="post" action=(visitor.to(&["applications", id, "remove"])) {
            input type="hidden" name="shown" value=(tag);
            (agreement(&text(ending), has_changed))
            div.buttons {
                button.danger type="submit" { "Remove the OAuth settings" }
                a href=(details) { "Keep them" }
            }
        }
    };
    Ok(Answer::Page(Page::new(format!("Remove the OAuth settings of {}?", application.name), content)))
}

/// Says what of a client does not end with its settings.
fn stays(settings: &ClientSettings) -> maud::Markup {
    let gets_own = [GrantType::ClientCredentials, GrantType::TokenExchange];
    html! {
        ul {
            li { "The application itself, and the tokens that belong to it." }
            @if gets_own.iter().any(|own| settings.grant_types.contains(own)) {
                li {
                    "Access tokens that it got for itself or by an exchange, until they expire within the hour. Revoke the "
                    "token that they were made from to end them now."
                }
            }
        }
    }
}
