//! The binary `daypass`: the command line of `daypass_service`.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    daypass_service::run().await
}
