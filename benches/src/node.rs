//! The peers in Node, which `peers.mjs` measures.

use std::io::Write;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, ensure};
use serde_json::json;

use crate::fixture::{AUDIENCE, ISSUER, Issuer};

/// Measures the nanoseconds of one verification of a token, by row.
///
/// # Errors
/// If Node or a package is missing, or a peer refuses the token.
pub fn measure(issuer: &Issuer, token: &str, quick: bool) -> Result<Vec<(String, f64)>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut node = Command::new("node")
        .arg(folder.join("peers.mjs"))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("could not start node")?;
    let seconds = if quick { 0.2 } else { 0.4 };
    let task = json!({
        "token": token, "jwk": issuer.jwk(), "issuer": ISSUER, "audience": AUDIENCE, "seconds": seconds,
    });
    // The pipe closes at the end of the statement, which ends the input.
    node.stdin.take().context("node takes no input")?.write_all(task.to_string().as_bytes())?;
    let output = node.wait_with_output()?;
    ensure!(output.status.success(), "benches/peers.mjs failed ({})", output.status);
    let rows: serde_json::Map<_, _> = serde_json::from_slice(&output.stdout)?;
    rows.into_iter().map(|(row, value)| Ok((row, value.as_f64().context("a row is a number")?))).collect()
}
