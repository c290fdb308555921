//! Members in the console: users, service accounts and applications, and all that is done with one.
//!
//! | module | what it has |
//! | --- | --- |
//! | `detail` | a member |
//! | `edit` | the form that edits a member, and says which tokens end with a lower role |
//! | `form` | the fields that several forms have |
//! | `invite` | the page that shows the link of an invitation this once |
//! | `list` | the members of an organization, by kind and by the page |
//! | `may` | what a person may do with a member |
//! | `new` | the form for a new member |
//! | `remove` | what ends with a member, and its removal |

mod detail;
mod edit;
mod form;
mod invite;
mod list;
mod may;
mod new;
mod remove;

use axum::Router;
use axum::routing::{get, post};

use crate::http::SharedApp;

/// Returns the routes of the pages about members.
pub(super) fn router() -> Router<SharedApp> {
    Router::new()
        .route("/console/{organization}/members", get(list::show))
        .route("/console/{organization}/members/new", get(new::show).post(new::create))
        .route("/console/{organization}/members/{id}", get(detail::show))
        .route("/console/{organization}/members/{id}/edit", get(edit::show).post(edit::submit))
        .route("/console/{organization}/members/{id}/invite", post(invite::submit))
        .route("/console/{organization}/members/{id}/remove", get(remove::show).post(remove::submit))
}
