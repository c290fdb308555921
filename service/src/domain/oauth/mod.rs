//! OAuth 2.1: what clients may ask for, and when they get it.
//!
//! | module | what it has |
//! | --- | --- |
//! | `authorization` | authorization requests: who gets the answer, what is asked for, what comes next |
//! | `client` | clients: their settings, and when one may be used |
//! | `code` | authorization codes: when one may be issued, and what its use gives |
//! | `consent` | what users let clients have, and what ends when they withdraw it |
//! | `credentials` | what a client gets for itself |
//! | `exchange` | token exchange: a narrower access token for a token that the client holds |
//! | `family` | families of refresh tokens: how long they last, and what a use of one gives |
//! | `parameters` | the parameters of a request, each at most once |
//! | `pkce` | proof keys for code exchange (RFC 7636) |
//! | `redirect_uri` | redirect URIs: which a client can have, and which request names one of them |
//! | `refusal` | why a request is refused, in the words of RFC 6749 |
//! | `registration` | what an administrator says of a client |
//! | `removal` | the removal of a client's settings |
//! | `request` | authorization requests that are kept for a while |
//! | `scope` | the scopes that a client asks for |

pub(crate) mod authorization;
pub(crate) mod client;
pub(crate) mod code;
pub(crate) mod consent;
pub(crate) mod credentials;
pub(crate) mod exchange;
pub(crate) mod family;
pub(crate) mod parameters;
pub(crate) mod pkce;
pub(crate) mod redirect_uri;
pub(crate) mod refusal;
pub(crate) mod registration;
pub(crate) mod removal;
pub(crate) mod request;
pub(crate) mod scope;
