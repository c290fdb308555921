//! A token that the client holds: `subject_token`, `subject_token_type`, `scope` and `audience` (RFC 8693, section 2.1).

use super::TokenRequest;
use crate::domain::oauth::exchange::{ExchangeRequest, TokenType};
use crate::domain::oauth::refusal::{Refusal, RefusalCode};
use crate::usecase::oauth::token_exchange;
use crate::usecase::oauth::{Issuing, TokenResponse};
use crate::usecase::token_uses::TokenUses;

pub(super) async fn respond(
    issuing: &Issuing<'_>,
    request: &TokenRequest<'_>,
    uses: &TokenUses,
) -> Result<TokenResponse, Refusal> {
    let parameters = request.parameters;
    if ["actor_token", "actor_token_type"].into_iter().any(|name| parameters.find(name).is_some()) {
        let why = "There is no delegation here, only impersonation: leave `actor_token` out.";
        return Err(Refusal::new(RefusalCode::InvalidRequest, why));
    }
    let issued_type = parameters.find("requested_token_type").map_or(Ok(TokenType::AccessToken), TokenType::named)?;
    let exchange = ExchangeRequest {
        subject_type: TokenType::named(parameters.require("subject_token_type")?)?,
        issued_type,
        scope: parameters.find("scope"),
        targets: parameters.all("audience").collect(),
        jkt: request.jkt.as_deref(),
        is_from_browser: request.is_from_browser,
    };
    token_exchange::exchange(issuing, uses, request.client, parameters.require("subject_token")?, &exchange).await
}
