//! OAuth 2.1: what the authorization server does.
//!
//! | module | what it does |
//! | --- | --- |
//! | `authorize` | answers authorization requests with codes |
//! | `clients` | registers, finds and lists clients |
//! | `consents` | lists and withdraws what users let clients have |
//! | `kept_requests` | keeps the requests that clients push |

pub(crate) mod authorize;
pub(crate) mod clients;
pub(crate) mod consents;
pub(crate) mod kept_requests;
