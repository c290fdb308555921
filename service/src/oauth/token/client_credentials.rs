//! The client itself: `scope` (RFC 6749, section 4.4.2).

use super::TokenRequest;
use crate::domain::oauth::refusal::Refusal;
use crate::usecase::oauth::client_credentials;
use crate::usecase::oauth::{Issuing, TokenResponse};

pub(super) async fn respond(issuing: &Issuing<'_>, request: &TokenRequest<'_>) -> Result<TokenResponse, Refusal> {
    client_credentials::issue(issuing, request.client, request.parameters.find("scope"), request.jkt.clone()).await
}
