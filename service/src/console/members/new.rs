//! `/console/{organization}/members/new`: one form for a new member, which adapts to the kind.

use axum::extract::State;
use axum::response::Response;
use daypass::Error;
use daypass::api::{CreatePrincipalRequest, PrincipalKind, PrincipalRecord, Role};
use maud::{Markup, html};

use super::super::fields::{Fields, QueryFields};
use super::super::flaw::Flaw;
use super::super::page::Page;
use super::super::sections::Section;
use super::super::visitor::{Answer, Visitor};
use super::form;
use crate::domain::token_owner::ADMINISTER;
use crate::http::SharedApp;
use crate::usecase::principals;

/// What the page says of the email.
const EMAIL_NOTE: &str = "With which the person signs in. You get a link to hand on: no mail is sent.";

/// `GET /console/{organization}/members/new?kind=`
pub(super) async fn show(visitor: Visitor, QueryFields(query): QueryFields) -> Response {
    visitor.answer(Section::Members, open(&visitor, &query))
}

/// `POST /console/{organization}/members/new`
pub(super) async fn create(State(app): State<SharedApp>, visitor: Visitor, form: Result<Fields, Error>) -> Response {
    visitor.answer(Section::Members, submit(&app, &visitor, form).await)
}

fn open(visitor: &Visitor, query: &Fields) -> Result<Answer, Error> {
    visitor.caller.require(&ADMINISTER)?;
    let kind = kind(query)?;
    let fields = Fields::of([("role", Role::Developer.to_string())]);
    Ok(Answer::Page(page(visitor, kind, &fields, None)))
}

async fn submit(app: &SharedApp, visitor: &Visitor, form: Result<Fields, Error>) -> Result<Answer, Error> {
    let organization = visitor.caller.require(&ADMINISTER)?;
    let fields = form?;
    let kind = kind(&fields)?;
    match add(app, visitor, organization, kind, &fields).await {
        Ok(member) => Ok(Answer::Redirect(visitor.to(&["members", &member.id]))),
        Err(flaw) => Ok(Answer::Page(page(visitor, kind, &fields, Some(&flaw)))),
    }
}

fn kind(fields: &Fields) -> Result<PrincipalKind, Error> {
    let Some(text) = fields.get("kind") else { return Ok(PrincipalKind::User) };
    form::kind_of(text).ok_or_else(|| Error::InvalidRequest(format!("There is no kind `{text}` of members.")))
}

async fn add(
    app: &SharedApp,
    visitor: &Visitor,
    organization: &str,
    kind: PrincipalKind,
    fields: &Fields,
) -> Result<PrincipalRecord, Flaw> {
    let is_user = kind == PrincipalKind::User;
    let request = CreatePrincipalRequest {
        kind,
        name: fields.get("name").unwrap_or_default().to_owned(),
        email: fields.get("email").filter(|_| is_user).map(str::to_owned),
        role: fields.get("role").filter(|_| is_user).and_then(form::role_of),
    };
    let actor = visitor.caller.actor(organization)?;
    principals::add(&*app.store, actor, organization, request).await.map_err(|error| match error {
        Error::AlreadyExists => Flaw::of("email", "A user of this organization has this email already."),
        error => error.into(),
    })
}

fn page(visitor: &Visitor, kind: PrincipalKind, fields: &Fields, flaw: Option<&Flaw>) -> Page {
    let content = html! {
        p.crumb { a href=(visitor.to(&["members"])) { "← All members" } }
        (kinds(visitor, kind))
        form method="post" action=(visitor.to(&["members", "new"])) novalidate {
            (Flaw::summary(flaw, "The member was not added"))
            input type="hidden" name="kind" value=(kind.as_str());
            (form::line(fields, flaw, "name", "Name", "By which people recognize it.", "text"))
            @if kind == PrincipalKind::User {
                (form::line(fields, flaw, "email", "Email", EMAIL_NOTE, "email"))
                (form::roles(visitor, fields, flaw))
            }
            div.buttons {
                button type="submit" { "Add the member" }
                a href=(visitor.to(&["members"])) { "Cancel" }
            }
        }
    };
    let page = Page::new("Add a member", content);
    match flaw {
        Some(flaw) => Page { status: flaw.status, code: Some(flaw.code), ..page },
        None => page,
    }
}

/// Shows the kinds, each with what it is for.
fn kinds(visitor: &Visitor, chosen: PrincipalKind) -> Markup {
    html! {
        nav aria-label="Kind of member" {
            ul.kinds {
                @for (kind, name, purpose) in form::KINDS {
                    li {
                        a href={ (visitor.to(&["members", "new"])) "?kind=" (kind.as_str()) }
                            aria-current=[(chosen == kind).then_some("true")] {
                            strong { (name) } (purpose)
                        }
                    }
                }
            }
        }
    }
}
