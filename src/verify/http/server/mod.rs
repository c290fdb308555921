//! A server that bounds what its clients can hold: [`serve`].
//!
//! | module | what it has |
//! | --- | --- |
//! | `body` | request bodies that must go on |
//! | `connection` | the connection of a request |
//! | `descriptors` | how many descriptors the process may have |
//! | `limits` | the limits |
//! | `places` | how many of something there may be |
//! | `progress` | a deadline that progress puts off |
//! | `refusal` | the response to a connection beyond the limits |
//! | `write` | connections whose clients must read |

mod body;
mod connection;
mod descriptors;
mod limits;
mod places;
mod progress;
mod refusal;
mod write;

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use http::Request;
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::graceful::GracefulShutdown;
use tokio::net::{TcpListener, TcpStream};
use tower_service::Service;

pub use connection::Connection;
pub use descriptors::raise_descriptor_limit;
pub use limits::ServerLimits;
pub use places::{Place, Places};

use body::LimitedBody;
use write::LimitedWrite;

/// The longest request line and headers, in bytes. A longer request gets 431.
const MAX_HEADERS: usize = 32 * 1024;
/// How many bytes the kernel may hold that it cannot send yet. What a client does not read is seen to wait after that.
const MAX_UNSENT: u32 = 16 * 1024;
/// The pause when the process is out of descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Serves a router over HTTP/1.1 until `stop` completes, and then the open requests for as long as the limits allow.
///
/// Use it instead of `axum::serve`, which waits for ever for clients that send slowly, never read or do nothing at all,
/// and accepts connections until no descriptor is left, also for the program's own files. Handlers can extract
/// `ConnectInfo<SocketAddr>` and `Extension<`[`Connection`]`>`.
///
/// ```no_run
/// # use axum::{Router, routing::get};
/// use daypass::verify::http::{ServerLimits, raise_descriptor_limit, serve};
///
/// # async fn run() -> std::io::Result<()> {
/// raise_descriptor_limit();
/// let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
/// let router = Router::new().route("/health", get(async || "ok"));
/// serve(listener, router, &ServerLimits::new(), std::future::pending()).await;
/// # Ok(())
/// # }
/// ```
pub async fn serve(listener: TcpListener, router: Router, limits: &ServerLimits, stop: impl Future<Output = ()>) {
    let mut http = hyper::server::conn::http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(limits.headers_timeout).max_buf_size(MAX_HEADERS);
    let open = GracefulShutdown::new();
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        let (stream, address) = match accepted {
            Ok(accepted) => accepted,
            Err(cause) => {
                wait_if_exhausted(&cause).await;
                continue;
            }
        };
        let connection = match limits.admit(address.ip()) {
            Ok(connection) => connection,
            Err(error) => {
                refusal::send(stream, &error);
                continue;
            }
        };
        limit_unsent(&stream);
        let stream = TokioIo::new(LimitedWrite::new(stream, limits.write_timeout));
        let service = handle(router.clone(), connection, address, limits.body_timeout);
        let served = open.watch(http.serve_connection(stream, service_fn(service)));
        // An error on a connection concerns its client only.
        tokio::spawn(async { drop(served.await) });
    }
    drop(listener);
    if tokio::time::timeout(limits.grace, open.shutdown()).await.is_err() {
        tracing::warn!("stopped while requests were open");
    }
}

/// Returns a function that answers the requests of a connection.
fn handle(
    router: Router,
    connection: Connection,
    address: SocketAddr,
    body_timeout: Duration,
) -> impl Fn(Request<Incoming>) -> <Router as Service<Request<LimitedBody>>>::Future {
    move |request| {
        let mut request = request.map(|body| LimitedBody::new(body, body_timeout));
        let extensions = request.extensions_mut();
        extensions.insert(ConnectInfo(address));
        extensions.insert(connection.clone());
        // A router is always ready.
        router.clone().call(request)
    }
}

#[cfg(target_os = "linux")]
fn limit_unsent(stream: &TcpStream) {
    // Without it, a client that does not read is noticed later.
    let _ = socket2::SockRef::from(stream).set_tcp_notsent_lowat(MAX_UNSENT);
}

#[cfg(not(target_os = "linux"))]
fn limit_unsent(stream: &TcpStream) {
    let _ = socket2::SockRef::from(stream).set_send_buffer_size(MAX_UNSENT as usize);
}

async fn wait_if_exhausted(cause: &io::Error) {
    let is_client_error =
        [io::ErrorKind::ConnectionAborted, io::ErrorKind::ConnectionRefused, io::ErrorKind::ConnectionReset];
    if !is_client_error.contains(&cause.kind()) {
        tracing::error!(%cause, "cannot accept connections");
        tokio::time::sleep(ACCEPT_PAUSE).await;
    }
}
