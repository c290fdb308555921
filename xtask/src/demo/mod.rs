//! The demo: real servers on free loopback ports, as `docs/guides/demo.md` describes them, for each of the
//! systems that Daypass replaces.
//!
//! | module | what it has |
//! | --- | --- |
//! | `info` | what `--info` writes, and the variables of the commands in the pages |
//! | `parts` | the servers that several systems start |
//! | `space_api`, `kudo`, `crafter`, `speckle`, `threekit` | what each system starts |

mod crafter;
mod info;
mod kudo;
mod parts;
mod space_api;
mod speckle;
mod threekit;

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;

use anyhow::Result;
use clap::{Args, ValueEnum};
use tempfile::TempDir;

use crate::build::build;
use crate::process::is_interrupted;
use crate::server::{Server, TICK};
use info::{Info, write_environment};
use parts::Setting;

#[derive(Args)]
pub(crate) struct Options {
    /// The system whose clients the demo shows
    #[arg(long, value_enum, default_value_t = System::SpaceApi)]
    system: System,
    /// The port of the customer's site; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Write the origins and the tokens to this JSON file, readable by its owner only, while the demo runs
    #[arg(long, value_name = "FILE")]
    info: Option<PathBuf>,
}

/// A system that Daypass replaces.
#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum System {
    SpaceApi,
    Kudo,
    Crafter,
    Speckle,
    Threekit,
}

impl System {
    /// Returns its name, as `--system` and `daypass serve --protocols` have it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            System::SpaceApi => "space-api",
            System::Kudo => "kudo",
            System::Crafter => "crafter",
            System::Speckle => "speckle",
            System::Threekit => "threekit",
        }
    }

    /// Starts its servers.
    fn start(self, setting: &Setting) -> Result<Started> {
        match self {
            System::SpaceApi => space_api::start(setting),
            System::Kudo => kudo::start(setting),
            System::Crafter => crafter::start(setting),
            System::Speckle => speckle::start(setting),
            System::Threekit => threekit::start(setting),
        }
    }
}

/// What a system started.
struct Started {
    /// In the order in which they end.
    servers: Vec<Server>,
    info: Info,
    /// What the commands in the page need, and the page must not have.
    variables: Vec<(&'static str, String)>,
}

/// Builds and runs the demo until a signal. A relative `--info` is resolved from the folder `from`.
pub(crate) fn run(options: Options, from: &Path) -> Result<()> {
    build()?;
    println!("starting the demo");
    let mut demo = Demo::start(options.system, options.port)?;
    let _removed_at_the_end = options.info.map(|file| demo.info.write(&from.join(file))).transpose()?;

    let Info { site, service, addresses, tokens, .. } = &demo.info;
    println!("ready {site}/");
    println!("  {:<8} {site}", "site");
    println!("  {:<8} {service}", "service");
    for (name, address) in addresses {
        println!("  {name:<8} {address}");
    }
    println!("  {:<8} . {}", "tokens", tokens.display());
    println!("end it with Ctrl-C");
    io::stdout().flush()?;

    while !is_interrupted() {
        demo.check()?;
        thread::sleep(TICK);
    }
    println!("ended");
    Ok(())
}

/// The running servers and their data; dropping it ends both.
pub(crate) struct Demo {
    pub(crate) info: Info,
    // Before the folder: fields drop in this order.
    servers: Vec<Server>,
    _folder: TempDir,
}

impl Demo {
    /// Starts the servers that [`build`] built.
    pub(crate) fn start(system: System, port: u16) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("daypass-demo-").tempdir()?;
        let Started { servers, info, variables } = system.start(&Setting::new(system, folder.path(), port))?;
        write_environment(&info, &variables)?;
        Ok(Self { info, servers, _folder: folder })
    }

    /// Returns an error if a server ended by itself.
    pub(crate) fn check(&mut self) -> Result<()> {
        self.servers.iter_mut().try_for_each(Server::check)
    }
}
