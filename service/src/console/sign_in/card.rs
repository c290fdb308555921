//! The layout of the sign-in's pages, a narrow card without a script: [`Card`].

use axum::response::Response;
use daypass::ErrorCode;
use maud::{DOCTYPE, Markup, html};

use super::super::flaw::Flaw;
use super::super::links::Links;
use super::super::page;

/// SECURITY: a page runs no script, sends its forms to the service alone, and is in no frame.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src data:; form-action 'self'; base-uri 'none'; \
                      frame-ancestors 'none'";

/// A page of the sign-in.
pub(super) struct Card {
    title: String,
    content: Markup,
    status: u16,
    code: Option<ErrorCode>,
    /// Where the browser goes by itself.
    next: Option<String>,
}

impl Card {
    /// A page with this title and content.
    pub(super) fn new(title: impl Into<String>, content: Markup) -> Card {
        Card { title: title.into(), content, status: 200, code: None, next: None }
    }

    /// The page that leads the browser on after a form, without a click.
    ///
    /// SECURITY: no redirect does it, since browsers apply `form-action` to the redirects of a form too. The policy would
    /// have to name every site to which those of the provider and of clients lead.
    pub(super) fn leading_to(title: &str, address: String) -> Card {
        let content = html! {
            h1 { (title) }
            p.note { "If nothing happens: " a href=(address) { "continue" } "." }
        };
        Card { next: Some(address), ..Card::new(title, content) }
    }

    /// Gives the page the status and the code of what is wrong with its form.
    pub(super) fn refusing(self, flaw: &Flaw) -> Card {
        Card { status: flaw.status, code: Some(flaw.code), ..self }
    }

    /// Renders the page.
    pub(super) fn respond(self, links: &Links) -> Response {
        page::respond(self.status, self.code, POLICY, self.document(links))
    }

    fn document(&self, links: &Links) -> Markup {
        html! {
            (DOCTYPE)
            html lang="en" {
                head {
                    meta charset="utf-8";
                    meta name="viewport" content="width=device-width";
                    meta name="color-scheme" content="light dark";
                    @if let Some(next) = &self.next { meta http-equiv="refresh" content={ "0; url=" (next) }; }
                    title { (self.title) " · Daypass" }
                    link rel="icon" href="data:,";
                    link rel="stylesheet" href=(links.beside("pages/page.css"));
                }
                body {
                    main {
                        p.brand { "Daypass" }
                        (self.content)
                    }
                }
            }
        }
    }
}
