//! What handlers take from a request.
//!
//! | module | what it extracts |
//! | --- | --- |
//! | `api_caller` | callers that may also authenticate as Basic |
//! | `basic` | what a request presents as Basic |
//! | `caller` | the caller, by a token or a session |
//! | `form` | a form |
//! | `json` | a JSON body |
//! | `oauth_client` | the OAuth client that makes a request |
//! | `session` | the person who is signed in, the page and the address that a request comes from |
//! | `token_caller` | the caller, by an authentic, active token alone |

mod api_caller;
mod basic;
mod caller;
mod form;
mod json;
mod oauth_client;
mod session;
mod token_caller;

use std::time::Duration;

use daypass::Error;

pub(super) use api_caller::{ApiCaller, ClientCaller};
pub(crate) use caller::Caller;
pub(crate) use form::FormFields;
pub(crate) use json::JsonText;
pub(super) use oauth_client::TokenForm;
pub(crate) use oauth_client::{authenticate_by, authenticate_client};
pub(crate) use session::{ClientAddress, OwnPage, SignedIn};
pub(super) use token_caller::Follower;
pub(crate) use token_caller::{TokenCaller, actor, credentials};

/// Longest body, in bytes.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// How long the service waits for a body.
const PATIENCE: Duration = Duration::from_secs(15);

async fn in_time<T>(arrival: impl Future<Output = T>) -> Result<T, Error> {
    tokio::time::timeout(PATIENCE, arrival).await.map_err(|_| Error::TooSlow)
}
