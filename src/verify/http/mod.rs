//! The verifier in front of a router: [`VerifyLayer`] with CORS, [`Access`](super::Access) as an
//! axum extractor, and [`Error`](crate::Error) as a response.
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
//! Router::new()
//!     .route("/v2/floor/{id}", get(floor))
//!     .layer(VerifyLayer::new(verifier))
//!     // axum's layers apply to the routes before them: this one is public.
//!     .route("/health", get(async || "ok"))
//! # }
//! ```
//!
//! A client that got no token yet learns where it gets one from the API's own metadata (RFC 9728):
//! see [`VerifyLayer::resource`].
//!
//! The layer refuses requests without a token. Where a token is optional, let them through and
//! extract `Option<Access>`:
//!
//! ```
//! # use axum::{Router, routing::get};
//! use daypass::verify::{Access, Verifier, http::VerifyLayer};
//!
//! async fn floors(access: Option<Access>) -> &'static str {
//!     match access {
//!         Some(_) => "the floors that the token reaches",
//!         None => "the public floors",
//!     }
//! }
//!
//! # fn router(public: Router, protected: Router, verifier: Verifier) -> Router {
//! let layer = VerifyLayer::new(verifier).allow_missing_token();
//! let optional = Router::new().route("/v2/floor", get(floors)).layer(layer);
//! // Each router keeps the layers that it had before.
//! public.merge(protected).merge(optional)
//! # }
//! ```
//!
//! | file | what it is |
//! | --- | --- |
//! | `layer` | the layer |
//! | `future` | the response of the layer's service |
//! | `client` | the address of a client, behind proxies too |
//! | `credentials` | reads the credentials of a request |
//! | `locations` | a set of locations |
//! | `recognition` | which texts look like tokens |
//! | `extract` | the extractors |
//! | `open` | the routes that the layer leaves open |
//! | `cors` | which requests pages may send, and which responses they may read |
//! | `rates` | how far a rate limit is used |
//! | `resource` | the metadata of the API as a protected resource (RFC 9728) |
//! | `response` | the response to a refused request |
//! | `server` | a server that bounds what its clients can hold (feature `server`) |
//! | `frame_ancestors` | which pages may frame an embed's page |

mod client;
mod cors;
mod credentials;
mod extract;
mod frame_ancestors;
mod future;
mod layer;
mod locations;
mod open;
mod rates;
mod recognition;
mod resource;
mod response;
#[cfg(feature = "server")]
mod server;

pub use client::client_address;
pub use cors::Cors;
pub use frame_ancestors::FrameAncestors;
pub use future::VerifyFuture;
pub use layer::{VerifyLayer, VerifyService};
pub(super) use locations::Locations;
#[cfg(feature = "server")]
pub use server::{Connection, Place, Places, ServerLimits, raise_descriptor_limit, serve};
