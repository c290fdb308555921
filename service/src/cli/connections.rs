//! The connections of a running service.

use std::io;
use std::time::Duration;

use axum::Router;
use hyper::Request;
use hyper::body::Incoming;
use hyper::service::{Service, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

use super::stop::wait_for_stop;
use crate::http::Peer;

/// A client that has not sent all of its headers by then is disconnected.
const HEADERS_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest request line and headers, in bytes. A longer request gets 431.
const MAX_HEADERS: usize = 32 * 1024;
/// The pause when the machine is out of connections.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves every connection until a signal stops the process, and open requests for this time after it.
pub(super) async fn serve(listener: TcpListener, router: Router, grace: Duration) {
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADERS_TIMEOUT).max_buf_size(MAX_HEADERS);
    let open = GracefulShutdown::new();
    let mut stop = std::pin::pin!(wait_for_stop());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, address)) => {
                let routes = TowerToHyperService::new(router.clone());
                let service = service_fn(move |mut request: Request<Incoming>| {
                    request.extensions_mut().insert(Peer(address.ip()));
                    routes.call(request)
                });
                let connection = open.watch(http.serve_connection(TokioIo::new(stream), service));
                // An error on a connection concerns its client only.
                tokio::spawn(async { drop(connection.await) });
            }
            Err(cause) => wait_if_exhausted(&cause).await,
        }
    }
    drop(listener);
    let is_done = tokio::select! {
        ended = tokio::time::timeout(grace, open.shutdown()) => ended.is_ok(),
        // A second signal.
        () = wait_for_stop() => false,
    };
    if !is_done {
        tracing::warn!("stopped while requests were open");
    }
}

async fn wait_if_exhausted(cause: &io::Error) {
    let is_client_error =
        [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionRefused, io::ErrorKind::ConnectionReset];
    if !is_client_error.contains(&cause.kind()) {
        tracing::error!(%cause, "cannot accept connections");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}
