//! A product that keeps tenants and profiles in memory, as Crafter Profile does, behind the verifier of `daypass`.
//!
//! | file | what it is |
//! | --- | --- |
//! | `api` | the requests: which action each needs, on which tenant |
//! | `caller` | the caller's token, from the query or a form |
//! | `data` | the tenants and profiles |
//! | `scopes` | the scopes of the API, generated from its catalogue |
//! | `error` | errors as Crafter Profile words them |

mod api;
mod caller;
mod data;
mod error;
mod scopes;

pub use api::router;
