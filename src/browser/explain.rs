//! Why a request failed: the error in a response, and why there is no response.

use wasm_bindgen::JsValue;
use web_sys::AbortSignal;

use super::client::Client;
use super::error::Error;
use super::http::{json, request};
use super::js::{call, get, has_method, joined, list, set, text, texts};
use super::signal::at_most;
use super::token::Token;
use super::url::{Target, with_publishable};
use crate::{ErrorCode, TokenKind};

/// How long the service may take to explain a failure, in milliseconds.
const TIMEOUT: u32 = 5_000;

/// Explains why there is no response. An API does not let a page of a wrong origin read why it was refused: the service tells
/// what the token allows.
pub(super) async fn explained(client: &Client, token: &Token, signal: &AbortSignal, cause: &JsValue) -> Error {
    let own = describe_token(client, token, signal).await.unwrap_or_default();
    if get(&own, "originAllowed") != false {
        return Error::caused(ErrorCode::NetworkFailed, client.api.origin(), cause);
    }
    let seen = text(&own, "originSeen").unwrap_or_else(|| "null".into());
    let allowed = list(&own, "origins").and_then(|origins| texts(&origins)).unwrap_or_default();
    let code = ErrorCode::OriginNotAllowed;
    let error = Error::caused(code, &seen, cause);
    let message = [&error.message(), " It allows: ", &joined(&allowed, ", "), "."].concat();
    set(error.js(), "message", &message.into());
    error
}

/// Asks the service, unless the token is bound to no origin: then its origin cannot be the reason.
async fn describe_token(client: &Client, token: &Token, signal: &AbortSignal) -> Option<JsValue> {
    let has_origins = token.contents.as_ref().is_none_or(|contents| !contents.origins.is_empty());
    let service = client.service.as_ref().filter(|_| has_origins)?;
    let url = Target::parse(&service.join("v2/access-token/self"), None)?;
    let signal = at_most(TIMEOUT, signal);
    let response = if client.kind == TokenKind::Publishable {
        request(&with_publishable(&url, token.text()), &signal).send().await
    } else {
        request(url.href(), &signal).header("authorization", &token.authorization).send().await
    };
    json(&response.ok()?).await.ok()
}

/// Returns the error in a response's body, which stays readable; `None` if it contains none.
pub(super) async fn refusal(response: &JsValue) -> Option<Error> {
    if !has_method(response, "clone") || get(response, "ok") != false || get(response, "bodyUsed") != false {
        return None;
    }
    let body = json(&call(response, "clone", &[]).ok()?).await.ok()?;
    let (code, message) = (ErrorCode::find(&text(&body, "error")?)?, text(&body, "message")?);
    let status = get(response, "status").as_f64()? as u16;
    let help = text(&body, "help").unwrap_or_else(|| "Look the code up: the API sent no help.".into());
    // The browser half's own codes are not for APIs.
    (code.status() > 0).then(|| Error::read(code, status, &message, &help, &JsValue::UNDEFINED))
}
