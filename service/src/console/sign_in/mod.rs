//! `/sign-in` and `/sign-out`: people sign in, see their account, and sign out, by forms that need no script.
//!
//! | module | what it has |
//! | --- | --- |
//! | `account` | the account of a person who is signed in |
//! | `card` | the layout of these pages |
//! | `form` | the sign-in with a password |
//! | `provider` | the sign-in by the OpenID Connect provider, and the link with it |
//! | `sign_out` | the end of the session |

mod account;
mod card;
mod form;
mod provider;
mod sign_out;

use axum::Router;
use axum::routing::{get, post};
use daypass::Error;
use maud::{Markup, html};

use super::fields::Fields;
use crate::http::{Onward, SharedApp};

/// Returns the routes of the pages.
pub(super) fn router() -> Router<SharedApp> {
    Router::new()
        .route("/sign-in", get(form::show).post(form::submit))
        .route("/sign-in/openid-connect", post(provider::start))
        .route("/sign-in/link", post(provider::start_link))
        .route("/sign-out", post(sign_out::submit))
}

/// Returns where a sign-in leads, as its link or form says.
fn onward(fields: &Fields) -> Result<Onward, Error> {
    Onward::read(fields.get("to"), fields.get("authorize"))
}

/// Keeps in a form where the sign-in leads.
fn kept(onward: &Onward) -> Markup {
    html! {
        @if let Some((name, value)) = onward.parameter() { input type="hidden" name=(name) value=(value); }
    }
}
