//! The browsers that tests drive: found, or installed where that is possible.

use std::env;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context, Result, bail};
use nix::unistd::Uid;

use crate::process::run;
use crate::tool;

/// What drives Firefox. Debian has no package of it.
const GECKODRIVER: &str = "0.37.1";

const CHROMIUM: Program = Program {
    package: "chromium",
    elsewhere: "chromium",
    variable: Some("CHROMIUM"),
    names: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
};
const CHROMEDRIVER: Program = Program {
    package: "chromium-driver",
    elsewhere: "chromedriver",
    variable: Some("CHROMEDRIVER"),
    names: &["chromedriver"],
};
const FIREFOX: Program = Program {
    package: "firefox-esr",
    elsewhere: "firefox",
    variable: Some("FIREFOX"),
    names: &["firefox-esr", "firefox"],
};
const CURL: Program = Program { package: "curl", elsewhere: "curl", variable: None, names: &["curl"] };

/// The browsers, and the programs by which WebDriver reaches them.
pub(crate) struct Browsers {
    pub(crate) chromium: PathBuf,
    pub(crate) chromedriver: PathBuf,
    pub(crate) firefox: PathBuf,
    pub(crate) geckodriver: PathBuf,
}

/// All that the tests need.
pub(crate) fn all() -> Result<Browsers> {
    install(&[&CHROMIUM, &CHROMEDRIVER, &FIREFOX, &CURL])?;
    Ok(Browsers {
        chromium: CHROMIUM.path()?,
        chromedriver: CHROMEDRIVER.path()?,
        firefox: FIREFOX.path()?,
        geckodriver: geckodriver()?,
    })
}

/// Chromium, with what the end-to-end tests need beside it.
pub(crate) fn chromium() -> Result<PathBuf> {
    install(&[&CHROMIUM, &CURL])?;
    CHROMIUM.path()
}

fn geckodriver() -> Result<PathBuf> {
    match named("GECKODRIVER", &["geckodriver"])? {
        Some(program) => Ok(program),
        None => tool::built("geckodriver", GECKODRIVER),
    }
}

/// Finds them all, or installs what is missing with apt where that is possible.
fn install(wanted: &[&Program]) -> Result<()> {
    let mut missing = missing(wanted)?;
    if !missing.is_empty() && Uid::effective().is_root() && find("apt-get").is_some() {
        let packages: Vec<&str> = missing.iter().map(|program| program.package).collect();
        println!("installing {} with apt-get", packages.join(" "));
        let apt = |args: &[&str]| run(Command::new("apt-get").args(args).env("DEBIAN_FRONTEND", "noninteractive"));
        let install = ["install", "-y", "--no-install-recommends"];
        if let Err(error) = apt(&["update"]).and_then(|()| apt(&[&install, &*packages].concat())) {
            // Not every distribution has these packages: the advice below says the rest.
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
        "the tests need {}: install with `apt-get install --no-install-recommends {}` on Debian or `brew install {}` on macOS; \
         programs outside PATH can be named in the environment variables CHROMIUM, CHROMEDRIVER, FIREFOX and GECKODRIVER, and \
         without a geckodriver Cargo builds one",
        list(|program| program.package, " and "),
        list(|program| program.package, " "),
        list(|program| program.elsewhere, " "),
    )
}

/// A program that a distribution has.
struct Program {
    /// The package, after Debian and after Homebrew.
    package: &'static str,
    elsewhere: &'static str,
    /// The environment variable that may name it, and what it may be called on PATH.
    variable: Option<&'static str>,
    names: &'static [&'static str],
}

impl Program {
    fn find(&self) -> Result<Option<PathBuf>> {
        match self.variable {
            Some(variable) => named(variable, self.names),
            None => Ok(self.names.iter().find_map(|name| find(name))),
        }
    }

    fn path(&self) -> Result<PathBuf> {
        self.find()?.with_context(|| advice(&[self]))
    }
}

/// The program that an environment variable names, or else the first one on PATH.
fn named(variable: &str, programs: &[&str]) -> Result<Option<PathBuf>> {
    match env::var_os(variable).filter(|path| !path.is_empty()).map(PathBuf::from) {
        Some(path) if path.is_file() => Ok(Some(path)),
        Some(path) => bail!("the environment variable {variable} names {}, which is no file", path.display()),
        None => Ok(programs.iter().find_map(|program| find(program))),
    }
}

/// A program on PATH.
fn find(program: &str) -> Option<PathBuf> {
    env::split_paths(&env::var_os("PATH")?).map(|folder| folder.join(program)).find(|path| path.is_file())
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
