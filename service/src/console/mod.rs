//! The console: the pages on which people manage the tokens of their organization, rendered by the service.
//!
//! It decides nothing by itself: its handlers call the use cases that the HTTP API calls, as the person who is signed in.
//!
//! | module | what it has |
//! | --- | --- |
//! | `applications` | the applications of the organization that are OAuth clients |
//! | `audit` | the audit trail, with filters and exports |
//! | `catalog` | the scopes that exist |
//! | `chart` | charts, drawn by the service |
//! | `ending` | what ends with a removal, which a form repeats |
//! | `errors` | errors of requests that reach no page |
//! | `fields` | the fields of a query or a form |
//! | `files` | the style sheet, the scripts, and the WebAssembly of the origin field |
//! | `flaw` | what is wrong with a form, beside its field |
//! | `home` | `/console`: the sign-in, or the first organization |
//! | `keys` | the signing keys, and what comes next |
//! | `links` | the addresses of its pages |
//! | `members` | users, service accounts and applications |
//! | `organization` | the organization, and its limits |
//! | `page` | what every page has: the layout and the headers |
//! | `refusal` | why a request was refused, step by step |
//! | `sections` | the parts of the console, as its navigation lists them |
//! | `sign_in` | the sign-in, the account, and the sign-out |
//! | `table` | tables whose rows are cards on a phone |
//! | `text` | times, numbers and names as pages show them |
//! | `token_use` | how tokens were used, as charts |
//! | `tokens` | lists, details, and all that is done with a token |
//! | `visitor` | the person who visits a page, within an organization |

mod applications;
mod audit;
mod catalog;
mod chart;
mod ending;
pub(crate) mod errors;
mod fields;
mod files;
mod flaw;
mod home;
mod keys;
mod links;
mod members;
mod organization;
mod page;
mod refusal;
mod sections;
mod sign_in;
mod table;
mod text;
mod token_use;
mod tokens;
mod visitor;

use axum::Router;
use axum::routing::get;

use crate::http::SharedApp;

/// Returns the routes of the console.
pub(crate) fn router() -> Router<SharedApp> {
    let pages = Router::new()
        .route("/console", get(home::open))
        .route("/console/{organization}", get(home::organization))
        .merge(applications::router())
        .merge(audit::router())
        .merge(catalog::router())
        .merge(keys::router())
        .merge(members::router())
        .merge(organization::router())
        .merge(refusal::router())
        .merge(sign_in::router())
        .merge(token_use::router())
        .merge(tokens::router());
    pages.method_not_allowed_fallback(errors::method_not_allowed).merge(files::router())
}
