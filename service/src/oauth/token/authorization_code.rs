//! Codes: `code`, `redirect_uri` and `code_verifier` (RFC 6749, section 4.1.3; RFC 7636, section 4.5).

use super::TokenRequest;
use crate::domain::oauth::refusal::Refusal;
use crate::usecase::oauth::code::{self, CodeRequest};
use crate::usecase::oauth::{Issuing, TokenResponse};

pub(super) async fn respond(issuing: &Issuing<'_>, request: &TokenRequest<'_>) -> Result<TokenResponse, Refusal> {
    let code = CodeRequest {
        code: request.require("code")?,
        redirect_uri: request.find("redirect_uri"),
        code_verifier: request.require("code_verifier")?,
        jkt: request.jkt.clone(),
    };
    code::redeem(issuing, request.client, code).await
}
