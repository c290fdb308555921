//! The response to a connection beyond the limits.

use std::io::{Read, Write};

use http::Response;
use tokio::net::TcpStream;

use crate::Error;

/// How much of a request is read before the connection is closed. What is left unread may cost the client the response.
const READ: usize = 4096;

/// Sends a response, unless that takes a wait, and closes the connection.
///
/// SECURITY: it waits for nothing, so that a client beyond its limits costs the others as little as it can.
pub(super) fn send(stream: TcpStream, error: &Error) {
    let Ok(mut stream) = stream.into_std() else { return };
    // It does not block. A client that has sent nothing yet gets its response all the same.
    let _ = stream.write_all(text(error).as_bytes());
    let _ = stream.shutdown(std::net::Shutdown::Write);
    let _ = stream.read(&mut [0; READ]);
}

/// Writes the response to a refused request as HTTP/1.1 does.
fn text(error: &Error) -> String {
    let response: Response<String> = error.response();
    let status = response.status();
    let mut text = format!("HTTP/1.1 {} {}\r\n", status.as_str(), status.canonical_reason().unwrap_or_default());
    for (name, value) in response.headers() {
        text += &format!("{name}: {}\r\n", value.to_str().unwrap_or_default());
    }
    text + &format!("content-length: {}\r\nconnection: close\r\n\r\n{}", response.body().len(), response.body())
}
