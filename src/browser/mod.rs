//! The half that runs in a visitor's browser. The npm package's entry, `pkg/index.js`, is the one user of what is exported
//! here; `pkg/index.d.ts` documents it.
//!
//! | file | what it is |
//! | --- | --- |
//! | `connection` | one credential kept fresh: carries out what [`crate::refresh`] says |
//! | `options` | what `connect` is given, checked |
//! | `credential` | how a token is put on a request |
//! | `request` | `fetch`: the request, its replay, the explanation of a refused origin |
//! | `provider` | asks for temporary tokens |
//! | `bundle` | unpacks parameter bundles |
//! | `clock` | a clock that never runs backwards, and the timer |
//! | `failure` | every code that the browser half adds to [`crate::Denied`] |
//! | `js` | reading JavaScript values |

mod bundle;
mod clock;
mod connection;
mod credential;
mod failure;
mod js;
mod options;
mod provider;
mod request;

pub use connection::{Connection, connect};
pub use failure::Failure;
