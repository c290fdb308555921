//! `/console/{organization}/tokens/{id}/edit`: the name, the origins and the end of a token.

use axum::extract::{Path, State};
use axum::response::Response;
use daypass::Error;
use daypass::api::{TokenRecord, UpdateTokenRequest};
use maud::html;

use super::super::fields::Fields;
use super::super::flaw::Flaw;
use super::super::page::Page;
use super::super::sections::Section;
use super::super::visitor::{Answer, Visitor};
use super::form;
use crate::domain::token_edit::Editor;
use crate::http::{SharedApp, TOKEN_CREATE, TOKEN_READ};
use crate::usecase::tokens;

/// `GET /console/{organization}/tokens/{id}/edit`
pub(super) async fn show(
    State(app): State<SharedApp>,
    visitor: Visitor,
    Path((_, id)): Path<(String, String)>,
) -> Response {
    visitor.answer(Section::Tokens, open(&app, &visitor, &id).await)
}

/// `POST /console/{organization}/tokens/{id}/edit`
pub(super) async fn submit(
    State(app): State<SharedApp>,
    visitor: Visitor,
    Path((_, id)): Path<(String, String)>,
    form: Result<Fields, Error>,
) -> Response {
    visitor.answer(Section::Tokens, save(&app, &visitor, &id, form).await)
}

async fn open(app: &SharedApp, visitor: &Visitor, id: &str) -> Result<Answer, Error> {
    let organization = visitor.caller.require(&TOKEN_CREATE)?;
    let record = tokens::find(&*app.store, organization, id).await?;
    let origins: Vec<_> = record.origins.iter().map(ToString::to_string).collect();
    let fields = Fields::of([
        ("name", record.name.clone()),
        ("origins", origins.join("\n")),
        ("expires", form::local(record.expires_at)),
        ("version", record.version.to_string()),
    ]);
    Ok(Answer::Page(page(app, visitor, &record, &fields, None)))
}

async fn save(app: &SharedApp, visitor: &Visitor, id: &str, form: Result<Fields, Error>) -> Result<Answer, Error> {
    visitor.caller.require(&TOKEN_CREATE)?;
    let organization = visitor.caller.require(&TOKEN_READ)?;
    let fields = form?;
    let record = tokens::find(&*app.store, organization, id).await?;
    match try_to_save(app, visitor, &record, &fields).await {
        Ok(()) => Ok(Answer::Redirect(visitor.to(&["tokens", id]))),
        Err(flaw) => Ok(Answer::Page(page(app, visitor, &record, &fields, Some(&flaw)))),
    }
}

async fn try_to_save(app: &SharedApp, visitor: &Visitor, record: &TokenRecord, fields: &Fields) -> Result<(), Flaw> {
    let request = UpdateTokenRequest {
        name: Some(fields.get("name").unwrap_or_default().to_owned()),
        origins: form::has_origins(record.kind).then(|| fields.lines("origins").map(str::to_owned).collect()),
        expires_at: Some(form::end(fields)?),
        accept_shared_suffix: fields.has("accept", "yes"),
    };
    app.check_shared_suffix(request.accept_shared_suffix)?;
    // The form is meant for the token that it showed.
    let version = fields.get("version").and_then(|text| text.parse().ok()).unwrap_or_default();
    let grantor = visitor.caller.grantor()?;
    let view = app.catalog.view();
    let editor = Editor::Holder { grantor: &grantor, catalogs: &view.catalogs };
    app.rates.count_edit(&visitor.organization)?;
    let versions = Some(vec![version]);
    tokens::edit(&*app.store, &editor, &visitor.organization, &record.id, request, versions).await?;
    Ok(())
}

fn page(app: &SharedApp, visitor: &Visitor, record: &TokenRecord, fields: &Fields, flaw: Option<&Flaw>) -> Page {
    let content = html! {
        p.crumb { a href=(visitor.to(&["tokens", &record.id])) { "← Back to the token" } }
        p.note { "What was made from it stays as it is: temporary tokens and bundles have claims of their own." }
        form method="post" action=(visitor.to(&["tokens", &record.id, "edit"])) novalidate {
            (Flaw::summary(flaw, "The token was not changed"))
            input type="hidden" name="version" value=(fields.raw("version"));
            (form::name(fields, flaw))
            @if form::has_origins(record.kind) { (form::origins(fields, flaw, app.accepts_shared_suffixes)) }
            (form::expires(fields, flaw))
            div.buttons {
                button type="submit" { "Save" }
                a href=(visitor.to(&["tokens", &record.id])) { "Cancel" }
            }
        }
    };
    let page = Page { runs: form::runs(record.kind), ..Page::new(format!("Edit {}", record.name), content) };
    match flaw {
        Some(flaw) => Page { status: flaw.status, code: Some(flaw.code), ..page },
        None => page,
    }
}
