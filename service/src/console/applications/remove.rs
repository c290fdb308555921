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
use crate::domain::oauth::client::MeantFor;
use crate::domain::oauth::removal::ClientEnd;
use crate::http::SharedApp;
use crate::store::acting;
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

/// Removes the settings that the page showed, if it named what ends with them or has warned that this changes.
async fn remove(app: &SharedApp, visitor: &Visitor, id: &str, form: Result<Fields, Error>) -> Result<Answer, Error> {
    let found = Found::find(app, visitor, id).await?;
    let fields = form?;
    if found.settings.is_none() {
        // They were removed before, such as by a second click.
        return Ok(Answer::Redirect(visitor.to(&["members", id])));
    }
    let ending = clients::count_ending(&*app.store, &visitor.organization, id).await?;
    if !found.is_shown_by(&fields) || !is_agreed(&fields, &text(ending)) {
        return ask(app, visitor, id, true).await;
    }
    let (store, organization, client) = (app.store.clone(), visitor.organization.clone(), id.to_owned());
    let meant_for = MeantFor::Shown(found.settings);
    // A task of its own goes on if the person leaves: the removal may take several transactions.
    let removal = async move { clients::remove(&*store, &organization, &client, meant_for).await };
    match acting::spawn(removal).await.unwrap_or(Err(Error::Unavailable)) {
        // Another click may have removed them meanwhile.
        Ok(()) | Err(Error::NotFound) => Ok(Answer::Redirect(visitor.to(&["members", id]))),
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
                "Nothing was removed: the settings or what ends with them have changed. This page shows those of now. If you "
                "go on, what users let it have until then ends too."
            }
        }
        section.panel {
            h2 { "This ends at once, and for good" }
            ul {
                li { (outside(&application.name)) " can ask nobody for tokens any more." }
                li { (count(ending.consents, "user")) " let it have something: that ends, and a later client asks again." }
                li { (count(ending.families, "sign-in")) ": their refresh tokens and access tokens are revoked." }
            }
            h3.field { "This stays" }
            ul {
                li { "The application itself, and the tokens that belong to it." }
                li {
                    "Access tokens that it may have got for itself or by an exchange, until they expire within the hour. Revoke "
                    "the token that they were made from to end them now."
                }
            }
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
