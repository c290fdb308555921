//! The Daypass token service: creates, lists and revokes the tokens of embeds. The binary `daypass` calls [`run`].
//!
//! | module | what it is |
//! | --- | --- |
//! | `cli` | the command line |
//! | `api` | the HTTP surface of `docs/http.md` |
//! | `protocols` | the paths, names and errors of the systems that Daypass replaces |
//! | `issue` | the rules: what may be made, by whom, for how long |
//! | `even_hour` | whether the clock is to be believed, before anything is forgotten by it |
//! | `feed` | the revocations, as those who follow them are told |
//! | `store` | what is remembered |
//! | `catalogs` | the scopes there are |
//! | `codegen` | what is generated from the code |
//! | `signing` | the keys, and what they sign |
//! | `sdk` | the browser SDK, for pages that load it from here |
//! | `seal` | how a bundle's parameters lie in the store |
//! | `service` | what all requests share |
//! | `watcher` | notices what other processes write in the store |
//! | `start` | the first start |

mod api;
mod catalogs;
mod cli;
pub mod codegen;
mod domain;
mod even_hour;
mod feed;
mod issue;
mod protocols;
mod sdk;
mod seal;
mod service;
mod signing;
mod start;
mod store;
mod unique;
mod watcher;

use std::process::ExitCode;

pub use cli::command;

/// Runs the command that the process's arguments name, and returns its exit code.
pub async fn run() -> ExitCode {
    cli::run().await
}
