//! The binary, as tests run it.

use std::process::{Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The master key of the stores of tests. It protects nothing.
pub(crate) const MASTER_KEY: &str = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

/// The key pair of RFC 8037, appendix A, as PKCS #8, and its thumbprint. Everybody knows it.
pub(crate) const KNOWN_PKCS8: &str =
    concat!("302e020100300506032b657004220420", "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60");
pub(crate) const KNOWN_KID: &str = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k";

/// Returns the binary with the master key of the tests, without the settings in their environment.
pub(crate) fn daypass() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_daypass"));
    let ours = std::env::vars().map(|(name, _)| name).filter(|name| name.starts_with("DAYPASS_") || name == "RUST_LOG");
    ours.for_each(|name| {
        command.env_remove(name);
    });
    command.env("DAYPASS_MASTER_KEY", MASTER_KEY);
    command
}

/// Runs a command that must stop by itself within 20 seconds, and returns its output.
pub(crate) fn run_to_end(command: &mut Command) -> Output {
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
    let deadline = Instant::now() + Duration::from_secs(20);
    while process.try_wait().expect("it can be waited for").is_none() {
        if Instant::now() > deadline {
            process.kill().expect("it runs");
            panic!("still running: {command:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    process.wait_with_output().expect("its output")
}
