//! The browsers that tests drive, PostgreSQL, libfaketime, nginx and systemd: found on the machine, or installed where
//! possible.

use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use nix::unistd::Uid;

use crate::process::run;
use crate::tool;

/// The version of Firefox's WebDriver, for which Debian has no package.
const GECKODRIVER: &str = "0.37.1";

const CHROMIUM: Program = Program {
    package: "chromium",
    homebrew: "chromium",
    variable: Some("CHROMIUM"),
    names: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
};
const CHROMEDRIVER: Program = Program {
    package: "chromium-driver",
    homebrew: "chromedriver",
    variable: Some("CHROMEDRIVER"),
    names: &["chromedriver"],
};
const FIREFOX: Program = Program {
    package: "firefox-esr",
    homebrew: "firefox",
    variable: Some("FIREFOX"),
    names: &["firefox-esr", "firefox"],
};
const CURL: Program = Program { package: "curl", homebrew: "curl", variable: None, names: &["curl"] };
/// By its library, tests set the clock of a process.
const FAKETIME: Program =
    Program { package: "faketime", homebrew: "libfaketime", variable: None, names: &["faketime"] };
/// The reverse proxy whose example the tests start.
const NGINX: Program = Program { package: "nginx", homebrew: "nginx", variable: None, names: &["nginx"] };
const SYSTEMD: Program =
    Program { package: "systemd", homebrew: "systemd", variable: None, names: &["systemd-analyze"] };
/// By it a test sees the system calls of the service.
const STRACE: Program = Program { package: "strace", homebrew: "strace", variable: None, names: &["strace"] };
/// Debian has it in a folder for each version, which is not on PATH.
const POSTGRES: Program = Program { package: "postgresql", homebrew: "postgresql", variable: None, names: &["initdb"] };
const POSTGRES_VERSIONS: &str = "/usr/lib/postgresql";
/// Debian has servers in this folder, which is on the PATH of root alone.
const SERVERS: &str = "/usr/sbin";

/// The browsers, and the programs by which WebDriver reaches them.
pub(crate) struct Browsers {
    pub(crate) chromium: PathBuf,
    pub(crate) chromedriver: PathBuf,
    pub(crate) firefox: PathBuf,
    pub(crate) geckodriver: PathBuf,
}

/// Finds or installs everything that the tests need.
pub(crate) fn all() -> Result<Browsers> {
    require(&[&CHROMIUM, &CHROMEDRIVER, &FIREFOX, &CURL])?;
    Ok(Browsers {
        chromium: CHROMIUM.path()?,
        chromedriver: CHROMEDRIVER.path()?,
        firefox: FIREFOX.path()?,
        geckodriver: geckodriver()?,
    })
}

/// A browser in which the end-to-end tests run.
pub(crate) struct Engine {
    /// The name in reports and for `tests/engine.mjs`.
    pub(crate) name: &'static str,
    /// The environment variable that holds the program's path.
    pub(crate) variable: &'static str,
    pub(crate) program: PathBuf,
}

/// Finds or installs both browsers, and curl, which the end-to-end tests run too.
pub(crate) fn engines() -> Result<[Engine; 2]> {
    require(&[&CHROMIUM, &FIREFOX, &CURL])?;
    Ok([
        Engine { name: "chromium", variable: "CHROMIUM", program: CHROMIUM.path()? },
        Engine { name: "firefox", variable: "FIREFOX", program: FIREFOX.path()? },
    ])
}

/// Finds or installs Chromium, and curl, which tests run too.
pub(crate) fn chromium() -> Result<PathBuf> {
    require(&[&CHROMIUM, &CURL])?;
    CHROMIUM.path()
}

/// Finds or installs PostgreSQL, of which the service's tests start servers of their own.
pub(crate) fn postgres() -> Result<PathBuf> {
    require(&[&POSTGRES])?;
    POSTGRES.path()
}

/// Finds or installs nginx and what checks the unit of systemd, on Linux. Returns nginx.
pub(crate) fn deployment() -> Result<PathBuf> {
    require(&[&NGINX, &SYSTEMD, &STRACE])?;
    NGINX.path()
}

/// Finds or installs libfaketime, by which the service's tests set its clock.
pub(crate) fn faketime() -> Result<PathBuf> {
    require(&[&FAKETIME])?;
    FAKETIME.path()
}

fn geckodriver() -> Result<PathBuf> {
    match find_named("GECKODRIVER", &["geckodriver"])? {
        Some(program) => Ok(program),
        None => tool::build("geckodriver", GECKODRIVER),
    }
}

/// Installs missing programs with apt-get where possible; otherwise the error says how to install them.
fn require(wanted: &[&Program]) -> Result<()> {
    let mut missing = missing(wanted)?;
    if !missing.is_empty() && Uid::effective().is_root() && find("apt-get").is_some() {
        let packages: Vec<&str> = missing.iter().map(|program| program.package).collect();
        println!("installing {} with apt-get", packages.join(" "));
        let apt = |args: &[&str]| run(Command::new("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive"));
        let install = ["install", "-y", "--no-install-recommends"];
        if let Err(error) = apt(&["update"]).and_then(|()| apt(&[&install, &*packages].concat())) {
            // Some distributions lack these packages; the advice below then says what to do.
            println!("{error:#}");
        }
        missing = self::missing(wanted)?;
    }
    if missing.is_empty() { Ok(()) } else { bail!(advice(&missing)) }
}

fn missing<'a>(wanted: &[&'a Program]) -> Result<Vec<&'a Program>> {
    let mut missing = Vec::new();
    for &program in wanted {
        if program.find()?.is_none() {
            missing.push(program);
        }
    }
    Ok(missing)
}

fn advice(missing: &[&Program]) -> String {
    let list = |name: fn(&Program) -> &str, between| {
        missing.iter().map(|&program| name(program)).collect::<Vec<_>>().join(between)
    };
    format!(
        "the tests need {}: install with `apt-get install --no-install-recommends {}` on Debian or `brew install {}` \
         on macOS; name programs outside PATH in the environment variables CHROMIUM, CHROMEDRIVER, FIREFOX and \
         GECKODRIVER; Cargo builds geckodriver where it is missing",
        list(|program| program.package, " and "),
        list(|program| program.package, " "),
        list(|program| program.homebrew, " "),
    )
}

/// A program that distributions package.
struct Program {
    /// The package's name in Debian, and in Homebrew.
    package: &'static str,
    homebrew: &'static str,
    /// The environment variable that may hold its path, and its names on PATH.
    variable: Option<&'static str>,
    names: &'static [&'static str],
}

impl Program {
    fn find(&self) -> Result<Option<PathBuf>> {
        match self.variable {
            Some(variable) => find_named(variable, self.names),
            None => Ok(self.names.iter().find_map(|name| find(name))),
        }
    }

    fn path(&self) -> Result<PathBuf> {
        self.find()?.with_context(|| advice(&[self]))
    }
}

/// Returns the program that an environment variable names, or else the first of these.
fn find_named(variable: &str, programs: &[&str]) -> Result<Option<PathBuf>> {
    match env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from) {
        Some(path) if path.is_file() => Ok(Some(path)),
        Some(path) => bail!("the environment variable {variable} names {}, which is not a file", path.display()),
        None => Ok(programs.iter().find_map(|program| find(program))),
    }
}

/// Finds a program on PATH.
fn find(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let versions = fs::read_dir(POSTGRES_VERSIONS).into_iter().flatten().flatten();
    let versions = versions.map(|version| version.path().join("bin"));
    let folders = env::split_paths(&path).chain(versions).chain([SERVERS.into()]);
    folders.map(|folder| folder.join(program)).find(|path| path.is_file())
}

#[cfg(test)]
mod tests {
    use super::{CHROMIUM, FIREFOX, advice};

    #[test]
    fn the_advice_names_what_is_missing() {
        let text = advice(&[&CHROMIUM, &FIREFOX]);
        assert!(text.contains("apt-get install --no-install-recommends chromium firefox-esr`"), "{text}");
        assert!(text.contains("brew install chromium firefox`"), "{text}");
    }
}
