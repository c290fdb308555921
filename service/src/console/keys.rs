//! `/console/{organization}/keys`: the service's signing keys, what each is for, and what comes next.

use axum::Router;
use axum::extract::State;
use axum::response::Response;
use axum::routing::get;
use daypass::Error;
use maud::{Markup, html};

use super::page::Page;
use super::sections::Section;
use super::table::{cards, cell, head, row};
use super::text::{relative, time};
use super::visitor::{Answer, Visitor};
use crate::domain::key::{KeyState, StoredKey};
use crate::http::{SharedApp, TOKEN_READ};
use crate::usecase::clock::now;
use crate::usecase::keys;

/// Returns the route of the page.
pub(super) fn router() -> Router<SharedApp> {
    Router::new().route("/console/{organization}/keys", get(show))
}

/// `GET /console/{organization}/keys`
async fn show(State(app): State<SharedApp>, visitor: Visitor) -> Response {
    visitor.answer(Section::Keys, list(&app, &visitor).await)
}

async fn list(app: &SharedApp, visitor: &Visitor) -> Result<Answer, Error> {
    visitor.caller.require(&TOKEN_READ)?;
    let (keys, now) = (keys::list(&*app.store).await?, now());
    let content = html! {
        p {
            "They sign temporary tokens, OAuth tokens and bundles, and are the same for every organization of this "
            "service. Products verify by their public halves at "
            a href=(visitor.links.beside(".well-known/jwks.json")) { code { ".well-known/jwks.json" } } "."
        }
        (cards(&["Key", "State", "Published", "Signs from", "What comes next"], &html! {
            // The newest is first.
            @for (key, state) in keys.iter().rev() { (shown(key, *state, now)) }
        }))
        section.panel {
            h2 { "For the operator" }
            p { "Keys are rotated and revoked on the machine of the service, where its store is:" }
            pre tabindex="0" role="region" aria-label="Commands" {
                code { "daypass key list\ndaypass key rotate\ndaypass key revoke KEY" }
            }
            p.field {
                "A rotation ends nothing: the new key signs once every verifier has it, and what the old one signed is "
                "accepted until it expires. A revocation ends at once all that the key signed."
            }
        }
    };
    Ok(Answer::Page(Page::new("Signing keys", content)))
}

fn shown(key: &StoredKey, state: KeyState, now: u64) -> Markup {
    let (name, next) = match state {
        KeyState::Pending => ("pending", format!("It signs {}.", relative(key.signs_from.max(now + 1), now))),
        KeyState::Active => ("active", "It signs until the next key does.".to_owned()),
        KeyState::Retired(end) => {
            ("retired", format!("What it signed is accepted until its end, {}.", relative(end, now)))
        }
        KeyState::Expired => ("expired", "Nothing: all that it signed has expired.".to_owned()),
        KeyState::Revoked => ("revoked", "Nothing: what it signed is refused.".to_owned()),
    };
    row(&html! {
        (head(&html! { code { (key.kid) } }))
        (cell("State", &html! { span class={ "state " (name) } { (name) } }))
        (cell("Published", &time(key.created_at)))
        (cell("Signs from", &time(key.signs_from)))
        (cell("Next", &html! {
            (next)
            @if let Some(at) = key.revoked_at { " Revoked " (time(at)) " UTC." }
        }))
    })
}
