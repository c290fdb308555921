//! The program `daypass`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    daypass_service::run().await
}
