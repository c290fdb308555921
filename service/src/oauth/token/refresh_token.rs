//! Refresh tokens: `refresh_token` and `scope` (RFC 6749, section 6).

use super::TokenRequest;
use crate::domain::oauth::refusal::Refusal;
use crate::usecase::oauth::refresh::{self, RefreshRequest};
use crate::usecase::oauth::{Issuing, TokenResponse};

pub(super) async fn respond(issuing: &Issuing<'_>, request: &TokenRequest<'_>) -> Result<TokenResponse, Refusal> {
    let refresh = RefreshRequest {
        refresh_token: request.require("refresh_token")?,
        scope: request.find("scope"),
        jkt: request.jkt.clone(),
    };
    refresh::refresh(issuing, request.client, refresh).await
}
