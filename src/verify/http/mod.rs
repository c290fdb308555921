//! The verifier in front of a router: [`VerifyLayer`], CORS included; [`Access`] as an axum extractor; a [`Denied`] as an
//! answer.
//!
//! ```
//! # use axum::{Router, routing::get, extract::Path};
//! use daypass::verify::{Access, Verifier, http::VerifyLayer};
//! use daypass::{Denied, Scope};
//!
//! const READ: Scope = Scope::literal("floor:readPrivate");
//!
//! async fn floor(access: Access, Path(id): Path<String>) -> Result<String, Denied> {
//!     access.require(&READ).on("northlight").of(&id).check()?;
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
//! | `presented` | reads what a request presented |
//! | `layer` | the layer |
//! | `cors` | what pages may read |
//! | `answer` | the answer to a refusal |
//! | `frame_ancestors` | which pages may frame an embed's page |

mod answer;
mod cors;
mod frame_ancestors;
mod layer;
mod presented;

use axum_core::extract::FromRequestParts;
use http::request::Parts;

pub use frame_ancestors::FrameAncestors;
pub use layer::{Verified, VerifyLayer};

use super::Access;
use crate::Denied;

impl<S: Sync> FromRequestParts<S> for Access {
    type Rejection = Denied;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Access, Denied> {
        // Without the layer nothing was verified, so that nothing passes.
        parts.extensions.get::<Access>().cloned().ok_or(Denied::Unavailable)
    }
}
