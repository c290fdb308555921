//! `/console/{organization}/scopes`: the scopes that exist, what each opens, and which are publishable.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use daypass::{CatalogScope, Error};
use maud::{Markup, html};

use super::page::Page;
use super::sections::Section;
use super::table::{cards, cell, head, row};
use super::text::outside;
use super::visitor::{Answer, Visitor};
use crate::http::{SharedApp, TOKEN_READ};

/// Returns the route of the page.
pub(super) fn router() -> Router<SharedApp> {
    Router::new().route("/console/{organization}/scopes", get(show))
}

/// `GET /console/{organization}/scopes`
async fn show(State(app): State<SharedApp>, visitor: Visitor) -> Response {
    visitor.answer(Section::Catalog, list(&app, &visitor))
}

fn list(app: &SharedApp, visitor: &Visitor) -> Result<Answer, Error> {
    visitor.caller.require(&TOKEN_READ)?;
    let view = app.catalog.view();
    let (product, whole) = (view.catalogs.product(), view.catalogs.whole());
    let own = whole.scopes.iter().filter(|entry| entry.scope.is_of_daypass());
    let content = html! {
        p {
            "What tokens of this service can hold. Publishable scopes may be in a page that anyone can read. The "
            "operator sets the catalogue with " code { "daypass catalog set" } "."
        }
        section { h2 { (outside(&product.name)) } (table(product.scopes.iter())) }
        @if !product.aliases.is_empty() {
            section {
                h2 { "Older names" }
                (cards(&["Older name", "Stands for"], &html! {
                    @for alias in &product.aliases {
                        (row(&html! {
                            (head(&html! { code { (outside(alias.alias.as_str())) } }))
                            (cell("Stands for", &html! {
                                @for scope in alias.scopes.iter() { code { (scope) } " " }
                            }))
                        }))
                    }
                }))
            }
        }
        section {
            h2 { "Daypass itself" }
            p.note { "For backends and administrators: no page and no visitor ever has them." }
            (table(own))
        }
    };
    Ok(Answer::Page(Page::new("Scopes", content)))
}

fn table<'a>(entries: impl Iterator<Item = &'a CatalogScope>) -> Markup {
    cards(
        &["Scope", "What it opens", "Publishable"],
        &html! {
            @for entry in entries {
                (row(&html! {
                    (head(&html! { code { (outside(entry.scope.as_str())) } }))
                    (cell("Opens", &outside(&entry.description)))
                    (cell("Publishable", &html! {
                    @if entry.publishable { span.yes { "yes" } } @else { span.none { "no" } }
                }))
                }))
            }
        },
    )
}
