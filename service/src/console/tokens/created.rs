//! The page that shows a new token this once.

use maud::html;

use super::super::page::Page;
use super::super::visitor::Visitor;
use super::snippets;
use crate::http::SharedApp;
use crate::usecase::tokens::CreateTokenResponse;

/// Returns the page with a token that was just created.
///
/// SECURITY: it answers the form itself, so that the text is at no address and in no history. No cache stores it.
pub(super) fn page(app: &SharedApp, visitor: &Visitor, created: &CreateTokenResponse) -> Page {
    let (record, text) = (&created.record, created.token.expose_secret());
    let details = visitor.to(&["tokens", &record.id]);
    let issuer = &app.jwt_issuer.issuer;
    let content = html! {
        section.warning role="status" {
            h2 { "Copy it now: it is shown this once" }
            p { "The service keeps only a fingerprint. A token that is lost is revoked and created once more." }
        }
        label for="token" { "The " (record.kind) " token “" (record.name) "”" }
        div.secret {
            input id="token" value=(text) readonly autocomplete="off" spellcheck="false";
            button type="button" data-copies="token" hidden { "Copy" }
        }
        section {
            h2 { "Try it" }
            @for (at, snippet) in snippets::of(record, text, issuer).iter().enumerate() {
                div.snippet {
                    div.snippet-head {
                        h3 { (snippet.title) }
                        button.quiet type="button" data-copies={ "snippet-" (at) } hidden { "Copy" }
                    }
                    p.note { (snippet.note) }
                    pre id={ "snippet-" (at) } tabindex="0" role="region" aria-label=(snippet.title) {
                        code { (snippet.text) }
                    }
                }
            }
        }
        div.buttons {
            a.button href=(details.clone()) { "I have copied it" }
            a href=(visitor.to(&["tokens"])) { "All tokens" }
        }
    };
    Page { status: 201, after: Some(details), ..Page::new("The token was created", content) }
}
