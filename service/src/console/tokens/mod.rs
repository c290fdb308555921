//! Tokens in the console: the list, the details, and all that is done with a token.
//!
//! | module | what it has |
//! | --- | --- |
//! | `children` | what was made from a token |
//! | `created` | the page that shows a new token this once |
//! | `detail` | a token |
//! | `edit` | the form that edits a token |
//! | `form` | the fields that several forms have |
//! | `grants` | what a token may do, as a matrix |
//! | `history` | what the audit trail tells of a token |
//! | `list` | the tokens of an organization, by the page |
//! | `may` | what a person may do with a token |
//! | `new` | the form for a new token |
//! | `origins` | what patterns of origins match |
//! | `owners` | the principals that tokens belong to |
//! | `recreate` | a token once more, under the id that it had |
//! | `revoke` | what ends with a token, and its revocation |
//! | `scopes` | the choice of scopes |
//! | `shown` | a token's parts, as several pages show them |
//! | `snippets` | commands and code with a new token in them |

mod children;
mod created;
mod detail;
mod edit;
mod form;
mod grants;
mod history;
mod list;
mod may;
mod new;
mod origins;
mod owners;
mod recreate;
mod revoke;
mod scopes;
mod shown;
mod snippets;

use axum::Router;
use axum::routing::get;

use crate::http::SharedApp;
pub(super) use form::described_by;
pub(super) use scopes::field as scope_field;

/// Returns the routes of the pages about tokens.
pub(super) fn router() -> Router<SharedApp> {
    Router::new()
        .route("/console/{organization}/tokens", get(list::show))
        .route("/console/{organization}/tokens/new", get(new::show).post(new::create))
        .route("/console/{organization}/tokens/{id}", get(detail::show))
        .route("/console/{organization}/tokens/{id}/edit", get(edit::show).post(edit::submit))
        .route("/console/{organization}/tokens/{id}/recreate", get(recreate::show).post(recreate::submit))
        .route("/console/{organization}/tokens/{id}/revoke", get(revoke::show).post(revoke::submit))
}
