//! The console: the pages on which people manage the tokens of their organization, rendered by the service.
//!
//! It decides nothing by itself: its handlers call the use cases that the HTTP API calls, as the person who is signed in.
//!
//! | module | what it has |
//! | --- | --- |
//! | `fields` | the fields of a query or a form |
//! | `files` | the style sheet, the scripts, and the WebAssembly of the origin field |
//! | `flaw` | what is wrong with a form, beside its field |
//! | `home` | `/console`: the sign-in, or the first organization |
//! | `links` | the addresses of its pages |
//! | `page` | what every page has: the layout and the headers |
//! | `sections` | the parts of the console, as its navigation lists them |
//! | `text` | times, numbers and names as pages show them |
//! | `tokens` | lists, details, and all that is done with a token |
//! | `visitor` | the person who visits a page, within an organization |

mod fields;
mod files;
mod flaw;
mod home;
mod links;
mod page;
mod sections;
mod text;
mod tokens;
mod visitor;

use axum::Router;
use axum::routing::get;

use crate::http::{SharedApp, backend_routes};

/// Returns the routes of the console.
pub(crate) fn router() -> Router<SharedApp> {
    let pages = Router::new()
        .route("/console", get(home::open))
        .route("/console/{organization}", get(home::organization))
        .merge(tokens::router());
    backend_routes(pages).merge(files::router())
}
