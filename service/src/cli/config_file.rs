//! `--config`: the file with the settings of `daypass serve`.

use std::path::PathBuf;

use clap::Args;

/// `--config`. Its value is read before the other options are, by [`Settings::gather`](super::settings::Settings::gather).
#[derive(Args, Default)]
pub(super) struct ConfigFile {
    /// A TOML file with settings of the service: each option of `daypass serve`, without the dashes, is a key
    ///
    /// An option of the command line wins over an environment variable, and that over the file.
    #[arg(long, env = "DAYPASS_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
}
