//! The verifier in front of a router: [`VerifyLayer`], CORS included; [`Access`] as an axum extractor; a [`Error`] as an
//! answer.
//!
//! ```
//! # use axum::{Router, routing::get, extract::Path};
//! use daypass::verify::{Access, Verifier, http::VerifyLayer};
//! use daypass::{Error, Scope};
//!
//! const READ: Scope = Scope::literal("floor:readPrivate");
//!
//! async fn floor(access: Access, Path(id): Path<String>) -> Result<String, Error> {
//!     access.require(&READ).tenant("northlight").resource(&id).check()?;
//!     Ok(format!("floor {id}"))
//! }
//!
//! # fn router(verifier: Verifier) -> Router {
//! Router::new().route("/v2/floor/{id}", get(floor)).layer(VerifyLayer::new(verifier))
//! # }
//! ```

//!
//! | file | what it is |
//! | --- | --- |
//! | `credentials` | reads what a request credentials |
//! | `layer` | the layer |
//! | `cors` | what pages may read |
//! | `answer` | the answer to a refusal |
//! | `frame_ancestors` | which pages may frame an embed's page |

mod cors;
mod credentials;
mod frame_ancestors;
mod layer;
mod response;

use axum_core::extract::FromRequestParts;
use http::request::Parts;

pub use frame_ancestors::FrameAncestors;
pub use layer::{Verified, VerifyLayer};

use super::Access;
use crate::Error;

impl<S: Sync> FromRequestParts<S> for Access {
    type Rejection = Error;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Access, Error> {
        // Without the layer nothing was verified, so that nothing passes.
        parts.extensions.get::<Access>().cloned().ok_or(Error::Unavailable)
    }
}
