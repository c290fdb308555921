//! What is recorded of every request: its id, its figures and its line of the access log.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Instant;

use axum::body::{Body, HttpBody};
use axum::extract::{MatchedPath, Request};
use axum::http::Method;
use axum::response::Response;
use daypass::verify::Access;
use futures_util::StreamExt;

use super::access_log::{AccessLog, Entry};
use super::extract::ClientAddress;
use super::request_id::{CurrentRequest, REQUEST_ID};
use crate::metrics;

/// The status in the log of a request whose client left before the response began, as nginx has it.
const CLIENT_LEFT: u16 = 499;

/// What records requests.
pub(crate) struct Recorder {
    /// The access log, if there is one.
    pub(crate) access_log: Option<Arc<AccessLog>>,
    /// How many proxies are between clients and the service.
    pub(crate) proxies: usize,
}

/// Gives a request its id, answers it, and records it.
pub(super) async fn record_request(
    recorder: &Recorder,
    request: Request,
    answer: impl AsyncFnOnce(Request) -> Response,
) -> Response {
    let is_logged = recorder.access_log.is_some();
    let current = CurrentRequest::begin(request.headers(), recorder.proxies > 0, is_logged);
    let mut exchange = Exchange::begin(recorder, &request, Arc::clone(&current));
    let mut response = Arc::clone(&current).scope(answer(request)).await;
    response.headers_mut().insert(REQUEST_ID, current.header());
    exchange.respond(response.status().as_u16());
    if !is_logged {
        return response;
    }
    if let Some(bytes) = response.body().size_hint().exact() {
        exchange.bytes = bytes;
        return response;
    }
    // A stream is logged at its end.
    response.map(|body| {
        let count = move |chunk: &Result<axum::body::Bytes, _>| {
            exchange.count(chunk.as_ref().map_or(0, |chunk| chunk.len() as u64));
        };
        Body::from_stream(body.into_data_stream().inspect(count))
    })
}

/// A request and its response. Dropping it writes the line of the access log.
struct Exchange {
    log: Option<Arc<AccessLog>>,
    start: Instant,
    method: Method,
    route: Option<MatchedPath>,
    client: Option<IpAddr>,
    current: Arc<CurrentRequest>,
    /// The status, once there is a response.
    status: Option<u16>,
    bytes: u64,
}

impl Exchange {
    fn begin(recorder: &Recorder, request: &Request, current: Arc<CurrentRequest>) -> Exchange {
        let log = recorder.access_log.clone();
        let find = || ClientAddress::find(request.extensions(), request.headers(), recorder.proxies);
        let client = log.as_ref().and_then(|_| find()).map(|ClientAddress(address)| address);
        let (method, route) = (request.method().clone(), request.extensions().get().cloned());
        Exchange { log, start: Instant::now(), method, route, client, current, status: None, bytes: 0 }
    }

    fn count(&mut self, bytes: u64) {
        self.bytes += bytes;
    }

    fn respond(&mut self, status: u16) {
        self.status = Some(status);
        metrics::count_request(self.route.as_ref(), &self.method, Some(status), self.start.elapsed());
    }
}

impl Drop for Exchange {
    fn drop(&mut self) {
        if self.status.is_none() {
            metrics::count_request(self.route.as_ref(), &self.method, None, self.start.elapsed());
        }
        let Some(log) = &self.log else { return };
        let route = self.route.as_ref().map_or("none", MatchedPath::as_str);
        let caller = self.current.caller();
        log.add(&Entry {
            method: self.method.as_str(),
            route,
            status: self.status.unwrap_or(CLIENT_LEFT),
            seconds: self.start.elapsed().as_secs_f64(),
            bytes: self.bytes,
            request: self.current.text(),
            client: self.client,
            organization: caller.map(Access::organization),
            token: caller.map(Access::id),
        });
    }
}
