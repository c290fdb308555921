//! Applications in the console: which of them are OAuth clients, and their settings.
//!
//! | module | what it has |
//! | --- | --- |
//! | `edit` | the form that makes an application a client, and edits its settings |
//! | `form` | the fields of the settings |
//! | `list` | the applications of an organization that are clients |
//! | `remove` | what ends with the settings, and their removal |
//! | `settings` | the settings: found, shown, and compared with those that a form is meant for |

mod edit;
mod form;
mod list;
mod remove;
mod settings;

use axum::Router;
use axum::routing::get;

use crate::http::SharedApp;
pub(super) use settings::of_application;

/// Returns the routes of the pages about applications.
pub(super) fn router() -> Router<SharedApp> {
    Router::new()
        .route("/console/{organization}/applications", get(list::show))
        .route("/console/{organization}/applications/{id}/edit", get(edit::show).post(edit::submit))
        .route("/console/{organization}/applications/{id}/remove", get(remove::show).post(remove::submit))
}
