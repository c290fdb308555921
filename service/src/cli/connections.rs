//! The connections of a running service.

use std::io;
use std::time::Duration;

use axum::Router;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use hyper_util::service::TowerToHyperService;
use tokio::net::TcpListener;

use super::stop::asked_to_stop;

/// A client that has not sent all of its headers by then is cut off.
const HEADERS: Duration = Duration::from_secs(10);
/// Most that is kept of a request before its body begins, in bytes; more is 431.
const MAX_HEADERS: usize = 32 * 1024;
/// How long requests may go on once the service is to stop.
const GRACE: Duration = Duration::from_secs(5);
/// How long to wait when the machine has no more connections to give.
const BREATH: Duration = Duration::from_millis(100);

/// Answers on every connection until the process is asked to stop.
pub(super) async fn serve(listener: TcpListener, router: Router) {
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(HEADERS).max_buf_size(MAX_HEADERS);
    let open = GracefulShutdown::new();
    let mut stop = std::pin::pin!(asked_to_stop());
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let service = TowerToHyperService::new(router.clone());
                let connection = open.watch(http.serve_connection(TokioIo::new(stream), service));
                // How a connection ends is its client's business.
                tokio::spawn(async { drop(connection.await) });
            }
            Err(cause) => wait_if_exhausted(&cause).await,
        }
    }
    drop(listener);
    if tokio::time::timeout(GRACE, open.shutdown()).await.is_err() {
        tracing::warn!("stopped while requests were going on");
    }
}

async fn wait_if_exhausted(cause: &io::Error) {
    let is_the_clients =
        [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionRefused, io::ErrorKind::ConnectionReset];
    if !is_the_clients.contains(&cause.kind()) {
        tracing::error!(%cause, "cannot accept connections");
        tokio::time::sleep(BREATH).await;
    }
}
