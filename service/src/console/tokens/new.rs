//! `/console/{organization}/tokens/new`: one form for a new token, which adapts to the kind.

use axum::extract::State;
use axum::response::Response;
use daypass::api::CreateTokenRequest;
use daypass::{Error, Resource, Scope, TokenKind};
use maud::{Markup, html};

use super::super::fields::{Fields, QueryFields};
use super::super::flaw::Flaw;
use super::super::page::Page;
use super::super::sections::Section;
use super::super::text::purpose;
use super::super::visitor::{Answer, Visitor};
use super::owners::Owners;
use super::{created, form, scopes};
use crate::domain::catalogs::Catalogs;
use crate::http::{SharedApp, TOKEN_CREATE};
use crate::usecase::tokens;

/// The kinds of tokens that are created by themselves.
const KINDS: [(TokenKind, &str); 4] = [
    (TokenKind::Publishable, "Publishable"),
    (TokenKind::Secret, "Secret"),
    (TokenKind::Personal, "Personal"),
    (TokenKind::Application, "Application"),
];

/// `GET /console/{organization}/tokens/new?kind=`
pub(super) async fn show(State(app): State<SharedApp>, visitor: Visitor, QueryFields(query): QueryFields) -> Response {
    visitor.answer(Section::Tokens, open(&app, &visitor, &query).await)
}

/// `POST /console/{organization}/tokens/new`: answers with the page that shows the token this once.
pub(super) async fn create(State(app): State<SharedApp>, visitor: Visitor, form: Result<Fields, Error>) -> Response {
    visitor.answer(Section::Tokens, submit(&app, &visitor, form).await)
}

async fn open(app: &SharedApp, visitor: &Visitor, query: &Fields) -> Result<Answer, Error> {
    visitor.caller.require(&TOKEN_CREATE)?;
    let Some(kind) = kind(query)? else {
        return Ok(Answer::Page(Page::new("New token", html! { (kinds(visitor, None)) })));
    };
    let mut fields = Fields::default();
    if kind == TokenKind::Publishable {
        let view = app.catalog.view();
        let offered = scopes::offered(kind, visitor.role, &view.catalogs);
        offered.iter().for_each(|entry| fields.add("scope", entry.scope.as_str()));
    }
    page(app, visitor, kind, &fields, None).await
}

async fn submit(app: &SharedApp, visitor: &Visitor, form: Result<Fields, Error>) -> Result<Answer, Error> {
    visitor.caller.require(&TOKEN_CREATE)?;
    let fields = form?;
    let kind = kind(&fields)?.ok_or_else(|| Error::InvalidRequest("The form names no kind of token.".into()))?;
    match try_to_create(app, visitor, kind, &fields).await {
        Ok(created) => Ok(Answer::Page(created::page(app, visitor, &created))),
        Err(flaw) => page(app, visitor, kind, &fields, Some(&flaw)).await,
    }
}

async fn try_to_create(
    app: &SharedApp,
    visitor: &Visitor,
    kind: TokenKind,
    fields: &Fields,
) -> Result<tokens::CreateTokenResponse, Flaw> {
    let request = request(kind, fields)?;
    app.check_shared_suffix(request.accept_shared_suffix)?;
    let grantor = visitor.caller.grantor()?;
    Ok(tokens::create(&*app.store, &app.catalog.view().catalogs, &grantor, request).await?)
}

fn kind(fields: &Fields) -> Result<Option<TokenKind>, Error> {
    let Some(text) = fields.get("kind") else { return Ok(None) };
    let kind = KINDS.iter().find(|(kind, _)| kind.as_str() == text);
    kind.map(|(kind, _)| Some(*kind)).ok_or_else(|| Error::InvalidRequest(format!("There is no kind `{text}` here.")))
}

/// Reads the request that a form is.
fn request(kind: TokenKind, fields: &Fields) -> Result<CreateTokenRequest, Flaw> {
    let scopes = fields.all("scope").map(|text| {
        text.parse::<Scope>().map_err(|cause| Flaw::of("scopes", format!("{cause}. Choose scopes from the list.")))
    });
    let resources = fields.lines("resources").map(|line| match line.split_once(':') {
        Some((kind, id)) => Ok(Resource { kind: kind.trim().to_owned(), id: id.trim().to_owned() }),
        None => {
            let why = format!("Write the resource `{line}` as its type, a colon and its id, such as `floor:ground`.");
            Err(Flaw::of("resources", why))
        }
    });
    Ok(CreateTokenRequest {
        kind,
        name: fields.get("name").unwrap_or_default().to_owned(),
        scopes: Some(scopes.collect::<Result<_, _>>()?),
        origins: fields.lines("origins").map(str::to_owned).collect(),
        resources: resources.collect::<Result<_, _>>()?,
        tenant: None,
        grants: None,
        expires_at: form::end(fields)?,
        id: fields.get("id").map(str::to_owned),
        owner: fields.get("owner").map(str::to_owned),
        accept_shared_suffix: fields.has("accept", "yes"),
    })
}

/// Shows the kinds, each with what it is for.
fn kinds(visitor: &Visitor, chosen: Option<TokenKind>) -> Markup {
    html! {
        nav aria-label="Kind of token" {
            ul.kinds {
                @for (kind, name) in KINDS {
                    li {
                        a href={ (visitor.to(&["tokens", "new"])) "?kind=" (kind) }
                            aria-current=[(chosen == Some(kind)).then_some("true")] {
                            strong { (name) } (purpose(kind))
                        }
                    }
                }
            }
        }
    }
}

async fn page(
    app: &SharedApp,
    visitor: &Visitor,
    kind: TokenKind,
    fields: &Fields,
    flaw: Option<&Flaw>,
) -> Result<Answer, Error> {
    let view = app.catalog.view();
    let offered = scopes::offered(kind, visitor.role, &view.catalogs);
    let is_administrator = visitor.caller.grantor()?.is_administrator();
    let owners = match is_administrator {
        true => Some(Owners::find(&*app.store, &visitor.organization).await?),
        false => None,
    };
    let content = html! {
        (Flaw::summary(flaw, "The token was not created"))
        (kinds(visitor, Some(kind)))
        form method="post" action=(visitor.to(&["tokens", "new"])) novalidate {
            input type="hidden" name="kind" value=(kind);
            (form::name(fields, flaw))
            @if form::has_origins(kind) {
                (form::origins(fields, flaw, app.accepts_shared_suffixes))
            }
            @if kind == TokenKind::Application { (id(fields, flaw)) }
            @if offered.is_empty() {
                p.field.warning { "The catalogue has no scope that you can give a token of this kind." }
            } @else {
                (scopes::field("Scopes: what it may do", &offered, fields, flaw))
            }
            (resources(fields, flaw, &view.catalogs))
            (form::expires(fields, flaw))
            @if let Some(owners) = &owners { (owner(fields, flaw, owners)) }
            div.buttons {
                button type="submit" { "Create the token" }
                a href=(visitor.to(&["tokens"])) { "Cancel" }
            }
        }
    };
    let page = Page { runs: form::runs(kind), ..Page::new("New token", content) };
    Ok(Answer::Page(match flaw {
        Some(flaw) => Page { status: flaw.status, code: Some(flaw.code), ..page },
        None => page,
    }))
}

fn id(fields: &Fields, flaw: Option<&Flaw>) -> Markup {
    html! {
        div.field {
            label for="id" { "Id (optional)" }
            p.note id="id-note" { "By which your programs name it. After a revocation it can be created once more." }
            input id="id" name="id" value=(fields.raw("id")) autocomplete="off" autocapitalize="none" spellcheck="false"
                aria-describedby=(form::described_by(flaw, "id")) aria-invalid=[Flaw::is_in(flaw, "id")];
            (Flaw::beside(flaw, "id"))
        }
    }
}

fn resources(fields: &Fields, flaw: Option<&Flaw>, catalogs: &Catalogs) -> Markup {
    let own = ["bundle", "daypass", "token"];
    let types: Vec<_> = catalogs.resource_types().into_iter().filter(|kind| !own.contains(kind)).collect();
    let example = catalogs.product().scopes.first().map_or("floor", |entry| entry.scope.resource());
    html! {
        div.field {
            label for="resources" { "Only these resources (optional)" }
            p.note id="resources-note" {
                "One on a line, as " code { (example) ":ID" } ". Empty for all. Types: "
                @for (at, kind) in types.iter().enumerate() { @if at > 0 { ", " } code { (kind) } }
                "."
            }
            textarea id="resources" name="resources" rows="2" spellcheck="false" autocapitalize="none"
                aria-describedby=(form::described_by(flaw, "resources"))
                aria-invalid=[Flaw::is_in(flaw, "resources")] { "\n" (fields.raw("resources")) }
            (Flaw::beside(flaw, "resources"))
        }
    }
}

fn owner(fields: &Fields, flaw: Option<&Flaw>, owners: &Owners) -> Markup {
    html! {
        div.field {
            label for="owner" { "Owner" }
            p.note { "The user, service account or application with which it ends." }
            (owners.field("owner", fields.raw("owner"), "You"))
            (Flaw::beside(flaw, "owner"))
        }
    }
}
