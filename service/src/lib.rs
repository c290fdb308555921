//! The Daypass token service: creates, lists and revokes the tokens of embeds. The binary `daypass`
//! calls [`run`].
//!
//! Imports point down this table, never up:
//!
//! | module | what it is |
//! | --- | --- |
//! | `cli` | the command line |
//! | `codegen` | what is generated from the code |
//! | `router` | every path of the service |
//! | `console` | the pages on which people manage tokens |
//! | `oauth` | the endpoints of OAuth 2.1 |
//! | `protocols` | the paths, names and errors of the systems that Daypass replaces |
//! | `http` | the native HTTP API |
//! | `app` | what requests share |
//! | `config` | how a service runs |
//! | `usecase` | what the service does |
//! | `store` | what the service keeps: facts in, facts out |
//! | `crypto` | keys, encryption and randomness |
//! | `metrics` | the figures of the process, for Prometheus |
//! | `private_files` | files that only their owner may read |
//! | `domain` | records and rules, pure |

mod app;
mod cli;
pub mod codegen;
mod config;
mod console;
mod crypto;
mod domain;
mod http;
mod metrics;
mod oauth;
mod private_files;
mod protocols;
mod router;
mod store;
mod usecase;

use std::process::ExitCode;

pub use cli::command;

/// Describes the API of a service at this URL that speaks every protocol: the body of its `GET /openapi.json`.
#[must_use]
pub fn openapi(issuer: &str) -> serde_json::Value {
    router::describe(issuer, &domain::protocol::Protocol::ALL)
}

/// Runs the command that the process's arguments name, and returns its exit code.
pub async fn run() -> ExitCode {
    cli::run().await
}
