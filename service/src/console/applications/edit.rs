//! `/console/{organization}/applications/{id}/edit`: makes an application an OAuth client, and edits its settings.

use axum::extract::{Path, State};
use axum::response::Response;
use daypass::Error;
use maud::html;

use super::super::fields::Fields;
use super::super::flaw::Flaw;
use super::super::page::Page;
use super::super::sections::Section;
use super::super::visitor::{Answer, Visitor};
use super::form;
use super::settings::Found;
use crate::domain::oauth::client::MeantFor;
use crate::http::SharedApp;
use crate::usecase::oauth::clients;

/// `GET /console/{organization}/applications/{id}/edit`
pub(super) async fn show(
    State(app): State<SharedApp>,
    visitor: Visitor,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    visitor.answer(Section::Applications, open(&app, &visitor, &id).await)
}

/// `POST /console/{organization}/applications/{id}/edit`
pub(super) async fn submit(
    State(app): State<SharedApp>,
    visitor: Visitor,
    Path((_, id)): Path<(String, String)>,
    form: Result<Fields, Error>,
) -> Response {
    visitor.answer(Section::Applications, save(&app, &visitor, &id, form).await)
}

async fn open(app: &SharedApp, visitor: &Visitor, id: &str) -> Result<Answer, Error> {
    let found = Found::find(app, visitor, id).await?;
    let fields = form::fields(found.settings.as_ref(), found.tag());
    Ok(Answer::Page(page(app, visitor, &found, &fields, None)))
}

async fn save(app: &SharedApp, visitor: &Visitor, id: &str, form: Result<Fields, Error>) -> Result<Answer, Error> {
    let found = Found::find(app, visitor, id).await?;
    let fields = form?;
    match try_to_save(app, visitor, &found, &fields).await {
        Ok(()) => Ok(Answer::Redirect(visitor.to(&["members", id]))),
        Err(flaw) => Ok(Answer::Page(page(app, visitor, &found, &fields, Some(&flaw)))),
    }
}

async fn try_to_save(app: &SharedApp, visitor: &Visitor, found: &Found, fields: &Fields) -> Result<(), Flaw> {
    let stale = || {
        let why = "The OAuth settings have changed since this page was shown. Open it again to see those of now.";
        Flaw::stale(why)
    };
    if !found.is_shown_by(fields) {
        return Err(stale());
    }
    let (registration, view) = (form::read(fields)?, app.catalog.view());
    let meant_for = MeantFor::Shown(found.settings.clone());
    let (organization, id) = (&visitor.organization, &found.application.id);
    match clients::set(&*app.store, &view.catalogs, organization, id, registration, meant_for).await {
        Ok(_) => Ok(()),
        Err(Error::VersionConflict(_)) => Err(stale()),
        Err(error) => Err(form::flaw(error)),
    }
}

fn page(app: &SharedApp, visitor: &Visitor, found: &Found, fields: &Fields, flaw: Option<&Flaw>) -> Page {
    let Found { application, settings } = found;
    let details = visitor.to(&["members", &application.id]);
    let view = app.catalog.view();
    let content = html! {
        p.crumb { a href=(details.clone()) { "← Back to the application" } }
        form method="post" action=(visitor.to(&["applications", &application.id, "edit"])) novalidate {
            (Flaw::summary(flaw, "The OAuth settings were not saved"))
            p.note {
                @if settings.is_some() {
                    "Applies at once. What people let it have stays: each refresh gives what is still allowed here."
                } @else {
                    "As an OAuth client the application can ask people for tokens, within what you choose here."
                }
            }
            (form::show(&view.catalogs, settings.as_ref(), fields, flaw))
            div.buttons {
                button type="submit" {
                    @if settings.is_some() { "Save" } @else { "Make it an OAuth client" }
                }
                a href=(details) { "Cancel" }
            }
        }
    };
    let page = Page::new(format!("OAuth settings of {}", application.name), content);
    match flaw {
        Some(flaw) => Page { status: flaw.status, code: Some(flaw.code), ..page },
        None => page,
    }
}
