//! The demo: three real servers on free loopback ports, as `docs/guides/demo.md` describes them.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use anyhow::{Context, Result};
use clap::Args;
use serde::{Deserialize, Serialize};
use tempfile::{NamedTempFile, TempDir, TempPath};

use crate::build::build;
use crate::package;
use crate::process::{is_interrupted, output};
use crate::server::{Server, TICK, parse};
use crate::workspace::program;

/// The audience that the floor API requires and the service writes into tokens.
const AUDIENCE: &str = "floor-api";

#[derive(Args)]
pub(crate) struct Options {
    /// The port of the customer's site; 0 takes a free one
    #[arg(long, default_value_t = 0)]
    port: u16,
    /// Write the origins and the tokens to this JSON file, readable by its owner only, while the demo runs
    #[arg(long, value_name = "FILE")]
    info: Option<PathBuf>,
}

/// Builds and runs the demo until a signal. A relative `--info` is resolved from the folder `from`.
pub(crate) fn run(options: Options, from: &Path) -> Result<()> {
    build()?;
    println!("starting the demo");
    let mut demo = Demo::start(options.port)?;
    let _removed_at_the_end = options.info.map(|file| demo.info.write(&from.join(file))).transpose()?;

    let Info { site, service, api, embed, tokens, .. } = &demo.info;
    println!("ready {site}/");
    println!("  site     {site}");
    println!("  service  {service}");
    println!("  api      {api}");
    println!("  embed    {embed}");
    println!("  tokens   . {}", tokens.display());
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
    servers: [Server; 3],
    _folder: TempDir,
}

/// What a test needs to know. It has no `Debug`, because most of it is secret.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Info {
    site: String,
    service: String,
    api: String,
    embed: String,
    organization: String,
    data: PathBuf,
    /// A script that sets the environment for the commands in the page.
    tokens: PathBuf,
    owner_token: String,
    secret_token: String,
    manager_token: String,
    partner_key: String,
    introspection_token: String,
    publishable_token: String,
    foreign_token: String,
    revoked_token: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ServiceLine {
    listening: String,
    organization: String,
    owner_token: String,
}

#[derive(Deserialize)]
struct FloorApiLine {
    api: String,
    embed: String,
}

#[derive(Deserialize)]
struct SiteLine {
    listening: String,
}

impl Demo {
    /// Starts the servers that [`build`] built.
    pub(crate) fn start(port: u16) -> Result<Self> {
        let folder = tempfile::Builder::new().prefix("daypass-demo-").tempdir()?;
        let store = Store(folder.path().join("daypass.db"));

        let mut serve = Command::new(program("daypass")?);
        serve
            .args(["serve", "--json", "--listen", "127.0.0.1:0", "--audience", AUDIENCE])
            .args(["--temporary-min-seconds", "5", "--store"])
            .arg(&store.0);
        let (service, at): (_, ServiceLine) = Server::start("the token service", &mut serve)?;

        let publishable = store.token("publishable", "Host page", &["--origin", "127.0.0.1"])?;
        let foreign = store.token("publishable", "Somebody else's page", &["--origin", "*.northlight.example"])?;
        let revoked = store.token("publishable", "Revoked", &["--origin", "127.0.0.1"])?;
        store.revoke(&revoked)?;
        let secret = store.token("secret", "Customer's backend", &[])?;
        let mut manager = Vec::new();
        for scope in ["token:create", "token:revoke", "floor:readPrivate"] {
            manager.extend(["--scope", scope]);
        }
        let manager = store.token("secret", "Customer's backend, to create and revoke", &manager)?;
        let introspection = store.token("secret", "Floor API", &["--scope", "token:introspect"])?;
        let mut partner = vec!["--id", "northlight-editor"];
        for scope in ["bundle:create", "floor:readPublic", "floor:readPrivate"] {
            partner.extend(["--scope", scope]);
        }
        let partner = store.token("application", "Northlight editor", &partner)?;

        let mut serve = Command::new(program("floor-api")?);
        serve
            .args(["--service", &at.listening, "--audience", AUDIENCE, "--organization", &at.organization])
            .args(["--listen", "127.0.0.1:0", "--embed-listen", "127.0.0.1:0"])
            .args(["--embed-dir", "www/embed", "--sdk-dir", package::FOLDER])
            .env("DAYPASS_TOKEN", &introspection.token);
        let (floor_api, product): (_, FloorApiLine) = Server::start("floor-api", &mut serve)?;

        let mut serve = Command::new("node");
        serve
            .arg("examples/customer-site/server.mjs")
            .env("PORT", port.to_string())
            .env("DAYPASS_SERVICE", &at.listening)
            .env("FLOOR_API", &product.api)
            .env("EMBED", &product.embed)
            .env("SECRET_TOKEN", &secret.token)
            .env("MANAGER_TOKEN", &manager.token)
            .env("PARTNER_KEY", &partner.token)
            .env("PUBLISHABLE_TOKEN", &publishable.token)
            .env("FOREIGN_TOKEN", &foreign.token)
            .env("REVOKED_TOKEN", &revoked.token);
        let (site, customer): (_, SiteLine) = Server::start("the customer's site", &mut serve)?;

        let tokens = folder.path().join("tokens.env");
        let variables = [
            ("SECRET_TOKEN", &*secret.token),
            ("MANAGER_TOKEN", &manager.token),
            ("PARTNER_KEY", &partner.token),
            ("DAYPASS_STORE", &store.0.to_string_lossy()),
        ];
        write_environment(&tokens, &variables)?;

        Ok(Self {
            info: Info {
                site: customer.listening,
                service: at.listening,
                api: product.api,
                embed: product.embed,
                organization: at.organization,
                data: store.0,
                tokens,
                owner_token: at.owner_token,
                secret_token: secret.token,
                manager_token: manager.token,
                partner_key: partner.token,
                introspection_token: introspection.token,
                publishable_token: publishable.token,
                foreign_token: foreign.token,
                revoked_token: revoked.token,
            },
            servers: [site, floor_api, service],
            _folder: folder,
        })
    }

    /// Returns an error if a server ended by itself.
    pub(crate) fn check(&mut self) -> Result<()> {
        self.servers.iter_mut().try_for_each(Server::check)
    }
}

impl Info {
    /// Writes the file, readable by its owner only. Dropping the returned value deletes it.
    pub(crate) fn write(&self, file: &Path) -> Result<TempPath> {
        let folder = file.parent().context("a file lies in a folder")?;
        let write = || -> io::Result<TempPath> {
            // The temporary file has mode 0600, and gets its name when it is complete.
            let mut whole = NamedTempFile::new_in(folder)?;
            serde_json::to_writer_pretty(&mut whole, self)?;
            whole.persist(file)?;
            TempPath::try_from_path(file)
        };
        write().with_context(|| format!("could not write {}", file.display()))
    }
}

/// Writes a shell script that sets these variables and puts `daypass` on the path, readable by its owner only.
fn write_environment(file: &Path, variables: &[(&str, &str)]) -> Result<()> {
    let programs = program("daypass")?;
    let programs = programs.parent().context("a program lies in a folder")?.display();
    let mut script = format!("export PATH=\"{programs}:$PATH\"\n");
    for (name, value) in variables {
        script += &format!("export {name}='{value}'\n");
    }
    let write = || OpenOptions::new().write(true).create_new(true).mode(0o600).open(file)?.write_all(script.as_bytes());
    write().with_context(|| format!("could not write {}", file.display()))
}

/// The service's database, which the command line opens.
struct Store(PathBuf);

/// A token just created. It has no `Debug`, because it is secret.
#[derive(Deserialize)]
struct Created {
    id: String,
    token: String,
}

impl Store {
    fn token(&self, kind: &str, name: &str, options: &[&str]) -> Result<Created> {
        let mut create = Command::new(program("daypass")?);
        create
            .args(["token", "create", "--json", "--store"])
            .arg(&self.0)
            .args(["--kind", kind, "--name", name])
            .args(options);
        parse("daypass token create", &output(&mut create)?)
    }

    fn revoke(&self, token: &Created) -> Result<()> {
        let mut revoke = Command::new(program("daypass")?);
        revoke.args(["token", "revoke", &token.id, "--store"]).arg(&self.0);
        output(&mut revoke).map(drop)
    }
}
