//! OAuth 2.1: what an authorization server decides.
//!
//! | module | what it has |
//! | --- | --- |
//! | `authorization` | authorization requests: who gets the answer, what is asked for, what comes next |
//! | `parameters` | the parameters of a request, each at most once |
//! | `redirect_uri` | redirect URIs: which a client can have, and which request names one of them |

pub(crate) mod authorization;
pub(crate) mod parameters;
pub(crate) mod redirect_uri;
