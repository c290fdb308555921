//! What a holder may know of its own token.

use axum::Json;
use axum::extract::{Request, State};
use axum::response::IntoResponse;
use daypass::Error;
use daypass::verify::Credentials;

use super::{NO_STORE, Shared};

/// `GET /v2/access-token/self`: describes the token in the request, dead or from a wrong origin too.
pub(super) async fn describe(State(service): State<Shared>, request: Request) -> Result<impl IntoResponse, Error> {
    let (parts, _) = request.into_parts();
    let description = service.verifier.describe(&Credentials::from_parts(&parts)).await?;
    Ok((NO_STORE, Json(description)))
}
