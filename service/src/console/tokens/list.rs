//! `/console/{organization}/tokens`: the tokens of an organization, by the page.

use std::collections::BTreeMap;

use axum::extract::State;
use axum::response::Response;
use daypass::api::{TokenPage, TokenRecord};
use daypass::{Error, TokenKind};
use maud::{Markup, html};

use super::super::fields::{Fields, QueryFields};
use super::super::links::query;
use super::super::page::Page;
use super::super::sections::Section;
use super::super::text::{outside, relative, time};
use super::super::visitor::{Answer, Visitor};
use super::owners::{self, Owners};
use super::shown;
use crate::domain::page_limit::PageLimit;
use crate::domain::token::TokenStatus;
use crate::domain::token_list::{Cursor, NamePart, TokenFilter, TokenList};
use crate::http::{SharedApp, TOKEN_CREATE, TOKEN_READ};
use crate::usecase::clock::now;
use crate::usecase::tokens;

/// How many tokens a page has.
const ROWS: usize = 50;

/// The kinds that a list can be limited to.
const KINDS: [(TokenKind, &str); 5] = [
    (TokenKind::Publishable, "Publishable"),
    (TokenKind::Secret, "Secret"),
    (TokenKind::Personal, "Personal"),
    (TokenKind::Application, "Application"),
    (TokenKind::Bundle, "Bundle"),
];

/// `GET /console/{organization}/tokens`
pub(super) async fn show(State(app): State<SharedApp>, visitor: Visitor, QueryFields(query): QueryFields) -> Response {
    visitor.answer(Section::Tokens, list(&app, &visitor, &query).await)
}

async fn list(app: &SharedApp, visitor: &Visitor, fields: &Fields) -> Result<Answer, Error> {
    let organization = visitor.caller.require(&TOKEN_READ)?;
    let (asked, mut owners) = (asked(fields)?, Owners::find(&*app.store, organization).await?);
    let has_owner = match &asked.filter.owner {
        Some(owner) => owners.choose(&*app.store, organization, owner).await?,
        None => true,
    };
    let page = match has_owner {
        true => tokens::list(&*app.store, organization, asked).await?,
        false => TokenPage { tokens: vec![], next_cursor: None },
    };
    let ids = page.tokens.iter().filter_map(|token| token.owner.as_deref());
    let names = owners.names(&*app.store, organization, ids).await?;
    let content = html! {
        (filter(visitor, fields, &owners))
        @if page.tokens.is_empty() { (nothing(visitor, fields, &page, has_owner)) } @else { (table(visitor, &page.tokens, &names)) }
        (pages(visitor, fields, &page))
    };
    let new = html! {
        @if visitor.may(&TOKEN_CREATE) { a.button href=(visitor.to(&["tokens", "new"])) { "New token" } }
    };
    Ok(Answer::Page(Page { actions: new, ..Page::new("Tokens", content) }))
}

/// Returns the page of the list that a query asks for.
fn asked(fields: &Fields) -> Result<TokenList, Error> {
    let unknown = |name: &str| Error::InvalidRequest(format!("The filter `{name}` has a value that it cannot have."));
    let kind = match fields.get("kind") {
        Some(kind) => Some(kind.parse().map_err(|_| unknown("kind"))?),
        None => None,
    };
    let status = match fields.get("state") {
        Some(state) => {
            let found = TokenStatus::ALL.into_iter().find(|status| status.as_str() == state);
            Some(found.ok_or_else(|| unknown("state"))?)
        }
        None => None,
    };
    let name = fields.get("name").map(|part| NamePart::try_from(part.to_owned())).transpose();
    let name = name.map_err(|_| unknown("name"))?;
    let cursor = fields.get("cursor").map(|text| Cursor::try_from(text.to_owned())).transpose();
    let cursor = cursor.map_err(|_| unknown("cursor"))?;
    let owner = fields.get("owner").map(str::to_owned);
    Ok(TokenList { filter: TokenFilter { kind, status, name, owner }, limit: PageLimit::at_most(ROWS), cursor })
}

fn filter(visitor: &Visitor, fields: &Fields, owners: &Owners) -> Markup {
    let of = |name| fields.get(name).unwrap_or_default();
    html! {
        form.filter method="get" action=(visitor.to(&["tokens"])) role="search" aria-label="Tokens" {
            div {
                label for="name" { "Name contains" }
                input id="name" name="name" type="search" value=(of("name")) autocomplete="off";
            }
            div {
                label for="kind" { "Kind" }
                select id="kind" name="kind" {
                    option value="" { "All" }
                    @for (kind, name) in KINDS {
                        option value=(kind) selected[of("kind") == kind.as_str()] { (name) }
                    }
                }
            }
            div {
                label for="state" { "State" }
                select id="state" name="state" {
                    option value="" { "All" }
                    @for status in TokenStatus::ALL {
                        option value=(status.as_str()) selected[of("state") == status.as_str()] { (status.as_str()) }
                    }
                }
            }
            div {
                label for="owner" { "Owner" }
                (owners.field("owner", of("owner"), "All"))
            }
            button.quiet type="submit" { "Filter" }
        }
    }
}

/// Returns whether a query limits the list.
fn is_limited(fields: &Fields) -> bool {
    ["name", "kind", "state", "owner"].iter().any(|name| fields.get(name).is_some())
}

fn nothing(visitor: &Visitor, fields: &Fields, page: &TokenPage, has_owner: bool) -> Markup {
    html! {
        section.empty {
            @if !has_owner {
                p {
                    "No member of the organization has the id " code { (outside(fields.get("owner").unwrap_or_default())) }
                    ", so that no token belongs to it."
                }
                p { a href=(visitor.to(&["tokens"])) { "Show all tokens" } }
            } @else if page.next_cursor.is_some() {
                p { "None of the tokens that were compared so far matches. Go on with the older ones." }
            } @else if is_limited(fields) {
                p { "No token matches." }
                p { a href=(visitor.to(&["tokens"])) { "Show all tokens" } }
            } @else {
                h2 { "No tokens yet" }
                p { "A token lets a page, a backend or a person use your product's API, within limits that you choose." }
                @if visitor.may(&TOKEN_CREATE) {
                    p { a.button href=(visitor.to(&["tokens", "new"])) { "Create the first token" } }
                }
            }
        }
    }
}

fn table(visitor: &Visitor, tokens: &[TokenRecord], names: &BTreeMap<&str, String>) -> Markup {
    let now = now();
    let head = ["Token", "Scopes", "Origins", "Owner", "Last used", "Expires", "State"];
    html! {
        // On a phone each row is a card, so that the roles are named: the style takes those of the elements.
        table.cards.tokens role="table" {
            thead role="rowgroup" {
                tr role="row" { @for name in head { th role="columnheader" scope="col" { (name) } } }
            }
            tbody role="rowgroup" {
                @for token in tokens { (row(visitor, token, names, now)) }
            }
        }
    }
}

fn row(visitor: &Visitor, token: &TokenRecord, names: &BTreeMap<&str, String>, now: u64) -> Markup {
    html! {
        tr role="row" {
            th role="rowheader" scope="row" {
                a.name href=(visitor.to(&["tokens", &token.id])) { (outside(&token.name)) }
                span.kind { (token.kind) }
                (shown::ends(token))
            }
            td role="cell" data-label="Scopes" { (shown::some_scopes(token)) }
            td role="cell" data-label="Origins" { (shown::some_origins(&token.origins)) }
            td role="cell" data-label="Owner" {
                @match &token.owner {
                    Some(owner) => (owners::name(names, owner)),
                    None => span.none { "–" },
                }
            }
            td role="cell" data-label="Last used" {
                @match token.last_used_at { Some(at) => (relative(at, now)), None => span.none { "never" } }
            }
            td role="cell" data-label="Expires" {
                @match token.expires_at { Some(at) => (time(at)), None => span.none { "never" } }
            }
            td role="cell" data-label="State" { (shown::state(token, now)) }
        }
    }
}

/// Shows the ways to the newest and to older tokens.
fn pages(visitor: &Visitor, fields: &Fields, page: &TokenPage) -> Markup {
    let of = |name| fields.get(name).unwrap_or_default();
    let to = |cursor: &str| {
        let pairs = ["name", "kind", "state", "owner"].map(|name| (name, of(name)));
        let pairs = [&pairs[..], &[("cursor", cursor)]].concat();
        format!("{}{}", visitor.to(&["tokens"]), query(&pairs))
    };
    if page.next_cursor.is_none() && fields.get("cursor").is_none() {
        return html! {};
    }
    html! {
        nav.pages aria-label="Pages" {
            @if fields.get("cursor").is_some() { a href=(to("")) { "Newest tokens" } }
            @if let Some(cursor) = &page.next_cursor { a rel="next" href=(to(cursor)) { "Older tokens" } }
        }
    }
}
