//! What handlers take from a request.
//!
//! | module | what it extracts |
//! | --- | --- |
//! | `api_caller` | callers that may also authenticate as Basic |
//! | `caller` | the caller, by an authentic, active token |
//! | `form` | a form |
//! | `json` | a JSON body |

mod api_caller;
mod caller;
mod form;
mod json;

use std::time::Duration;

use daypass::Error;

pub(super) use api_caller::{ApiCaller, ClientCaller};
pub(crate) use caller::Caller;
pub(super) use caller::Follower;
pub(super) use form::{FormFields, TokenForm};
pub(crate) use json::JsonText;

/// Longest body, in bytes.
pub(crate) const MAX_BODY: usize = 64 * 1024;

/// How long the service waits for a body.
const PATIENCE: Duration = Duration::from_secs(15);

async fn in_time<T>(arrival: impl Future<Output = T>) -> Result<T, Error> {
    tokio::time::timeout(PATIENCE, arrival).await.map_err(|_| Error::TooSlow)
}
