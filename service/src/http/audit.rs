//! Who acts in a request, and its refusal, for the audit trail.

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{MatchedPath, Request};
use axum::response::Response;
use daypass::ErrorCode;

use super::audited_routes::{Audited, find};
use super::request_id::current_id;
use super::{ClientAddress, SharedApp};
use crate::domain::audit::action::Action;
use crate::domain::audit::{NewEntry, Outcome};
use crate::store::Acting;

/// Answers a request on behalf of its client, and notes its refusal if it is administrative.
pub(super) async fn record(
    app: &SharedApp,
    request: Request,
    answer: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let route = request.extensions().get::<MatchedPath>().and_then(|route| find(request.method(), route.as_str()));
    let address = ClientAddress::find(request.extensions(), request.headers(), app.sign_in.proxies);
    let address = address.map(|ClientAddress(address)| address);
    let acting = Acting::client(address, current_id());
    let response = Arc::clone(&acting).run(answer(request)).await;
    let action = match (acting.refusal(), route) {
        (Some((Some(action), _)), _) | (_, Some(Audited::Administrative(action))) => Some(action),
        _ => None,
    };
    if let (Some(action), Some(address)) = (action, address) {
        note(app, action, address, &acting, &response);
    }
    response
}

fn note(app: &SharedApp, action: Action, address: IpAddr, acting: &Acting, response: &Response) {
    let status = response.status().as_u16();
    let outcome = match (acting.refusal(), status) {
        (Some((_, code)), _) if code.status() >= 500 => Outcome::Failed,
        (Some(_), _) | (None, 401 | 403 | 429) => Outcome::Refused,
        (None, 500..) => Outcome::Failed,
        _ => return,
    };
    let code = acting.refusal().map(|(_, code)| code).or_else(|| response.extensions().get::<ErrorCode>().copied());
    let entry = NewEntry {
        organization: acting.organization(),
        actor: acting.actor(),
        action,
        target: acting.target(),
        address: acting.address(),
        request_id: acting.request_id(),
        outcome,
        code: Some(code.map_or_else(|| status.to_string(), |code| code.as_str().to_owned())),
        facts: Default::default(),
    };
    app.refusals.note(entry, address);
}
