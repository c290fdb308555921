//! `/console/{organization}/members/{id}/edit`: the name and the role of a member. A lower role ends tokens: the page
//! says first how many.

use axum::extract::{Path, State};
use axum::response::Response;
use daypass::Error;
use daypass::api::{PrincipalRecord, UpdatePrincipalRequest};
use maud::html;

use super::super::ending::{agreement, is_agreed};
use super::super::fields::Fields;
use super::super::flaw::Flaw;
use super::super::page::Page;
use super::super::sections::Section;
use super::super::text::count;
use super::super::visitor::{Answer, Visitor};
use super::form;
use crate::domain::token_owner::ADMINISTER;
use crate::http::SharedApp;
use crate::store::acting;
use crate::usecase::principals;

/// `GET /console/{organization}/members/{id}/edit`
pub(super) async fn show(
    State(app): State<SharedApp>,
    visitor: Visitor,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    visitor.answer(Section::Members, open(&app, &visitor, &id).await)
}

/// `POST /console/{organization}/members/{id}/edit`
pub(super) async fn submit(
    State(app): State<SharedApp>,
    visitor: Visitor,
    Path((_, id)): Path<(String, String)>,
    form: Result<Fields, Error>,
) -> Response {
    visitor.answer(Section::Members, save(&app, &visitor, &id, form).await)
}

async fn open(app: &SharedApp, visitor: &Visitor, id: &str) -> Result<Answer, Error> {
    let organization = visitor.caller.require(&ADMINISTER)?;
    let member = principals::find(&*app.store, organization, id).await?;
    let fields = Fields::of([
        ("name", member.name.clone()),
        ("role", member.role.map(|role| role.to_string()).unwrap_or_default()),
        ("version", member.version.to_string()),
    ]);
    Ok(Answer::Page(page(visitor, &member, &fields, None, None)))
}

async fn save(app: &SharedApp, visitor: &Visitor, id: &str, form: Result<Fields, Error>) -> Result<Answer, Error> {
    let organization = visitor.caller.require(&ADMINISTER)?;
    let fields = form?;
    let member = principals::find(&*app.store, organization, id).await?;
    let ending = ending(app, organization, &member, &fields).await?;
    if ending > 0 && !is_agreed(&fields, &ending.to_string()) {
        return Ok(Answer::Page(page(visitor, &member, &fields, None, Some(ending))));
    }
    match try_to_save(app, visitor, organization, &member, &fields).await {
        Ok(()) => Ok(Answer::Redirect(visitor.to(&["members", id]))),
        Err(flaw) => Ok(Answer::Page(page(visitor, &member, &fields, Some(&flaw), None))),
    }
}

/// Counts the tokens that end with the role that a form gives.
async fn ending(
    app: &SharedApp,
    organization: &str,
    member: &PrincipalRecord,
    fields: &Fields,
) -> Result<usize, Error> {
    let role = fields.get("role").and_then(form::role_of).filter(|role| Some(*role) < member.role);
    let Some(role) = role else { return Ok(0) };
    let view = app.catalog.view();
    principals::count_exceeding(&*app.store, &view.catalogs, organization, &member.id, role).await
}

async fn try_to_save(
    app: &SharedApp,
    visitor: &Visitor,
    organization: &str,
    member: &PrincipalRecord,
    fields: &Fields,
) -> Result<(), Flaw> {
    let request = UpdatePrincipalRequest {
        name: Some(fields.get("name").unwrap_or_default().to_owned()),
        role: fields.get("role").and_then(form::role_of).filter(|_| member.role.is_some()),
    };
    // The form is meant for the member that it showed.
    let version = fields.get("version").and_then(|text| text.parse().ok()).unwrap_or_default();
    let (actor, view) = (visitor.caller.actor(organization)?, app.catalog.view());
    let (store, versions) = (app.store.clone(), Some(vec![version]));
    let (organization, member) = (organization.to_owned(), member.id.clone());
    // A task of its own goes on if the person leaves: the edit may take several transactions.
    let edit = async move {
        principals::edit(&*store, &view.catalogs, actor, &organization, &member, request, versions).await
    };
    acting::spawn(edit).await.unwrap_or(Err(Error::Unavailable))?;
    Ok(())
}

fn page(
    visitor: &Visitor,
    member: &PrincipalRecord,
    fields: &Fields,
    flaw: Option<&Flaw>,
    ending: Option<usize>,
) -> Page {
    let content = html! {
        p.crumb { a href=(visitor.to(&["members", &member.id])) { "← Back to the member" } }
        form method="post" action=(visitor.to(&["members", &member.id, "edit"])) novalidate {
            (Flaw::summary(flaw, "The member was not changed"))
            @if let Some(ending) = ending {
                section.warning role="alert" {
                    h2 { "The lower role ends " (count(ending as u64, "token")) }
                    p { "They grant more than the role may keep, and are revoked for good. Save once more to do that." }
                    (agreement(&ending.to_string(), false))
                }
            }
            input type="hidden" name="version" value=(fields.raw("version"));
            (form::line(fields, flaw, "name", "Name", "By which people recognize it.", "text"))
            @if member.role.is_some() { (form::roles(visitor, fields, flaw)) }
            div.buttons {
                button.danger[ending.is_some()] type="submit" {
                    @if ending.is_some() { "Save, and revoke these tokens" } @else { "Save" }
                }
                a href=(visitor.to(&["members", &member.id])) { "Cancel" }
            }
        }
    };
    let page = Page::new(format!("Edit {}", member.name), content);
    match flaw {
        Some(flaw) => Page { status: flaw.status, code: Some(flaw.code), ..page },
        None => page,
    }
}
