//! The signals that stop the service, and how long its requests may go on.

use std::time::Duration;

use clap::Args;

/// The option of `daypass serve` for its stop.
#[derive(Args)]
pub(super) struct StopOptions {
    /// How long open requests may go on after the signal to stop; new connections are not accepted then
    #[arg(long, env = "DAYPASS_GRACE_SECONDS", default_value_t = 5, value_name = "SECONDS",
          value_parser = clap::value_parser!(u64).range(0..=3600))]
    grace_seconds: u64,
}

impl StopOptions {
    /// Returns how long open requests may go on.
    pub(super) fn grace(&self) -> Duration {
        Duration::from_secs(self.grace_seconds)
    }
}

/// Waits for Ctrl-C or, from a process manager, SIGTERM.
pub(super) async fn wait_for_stop() {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = interrupt => {}
        () = wait_for_sigterm() => {}
    }
}

/// Waits for two signals: the second ends what the first let go on.
pub(super) async fn wait_for_second_stop() {
    wait_for_stop().await;
    wait_for_stop().await;
}

#[cfg(unix)]
async fn wait_for_sigterm() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => {
            terminate.recv().await;
        }
        Err(_) => std::future::pending().await,
    }
}

#[cfg(not(unix))]
async fn wait_for_sigterm() {
    std::future::pending().await
}
