//! Where a store is: [`Location`].

use std::ffi::{OsStr, OsString};
use std::fmt::{self, Display, Formatter};
use std::path::PathBuf;

use anyhow::{Context, bail, ensure};
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

use super::server_trust::{Roots, ServerTrust};
use super::sqlite;

/// Where a store is.
#[derive(Clone)]
pub(crate) enum Location {
    /// An SQLite file.
    File(PathBuf),
    /// A PostgreSQL database.
    Database(DatabaseUrl),
}

impl From<OsString> for Location {
    fn from(text: OsString) -> Location {
        match text.to_str() {
            // `sqlite://` too: a database that this version does not know is no file's name.
            Some(url) if url.contains("://") => Location::Database(DatabaseUrl(url.to_owned())),
            _ => Location::File(text.into()),
        }
    }
}

impl Location {
    /// Checks that a store can be there. Nothing is opened.
    ///
    /// # Errors
    /// When a URL is wrong, or a file cannot be in its folder.
    pub(crate) fn check(&self) -> anyhow::Result<()> {
        let path = match self {
            Location::Database(url) => return url.config().map(|_| ()),
            Location::File(path) => path,
        };
        let (shown, folder) = (path.display(), path.parent().filter(|folder| !folder.as_os_str().is_empty()));
        ensure!(!path.as_os_str().is_empty(), "the name of the store is empty: name a file, or a `postgres://` URL");
        sqlite::require_no_link(path)?;
        ensure!(!path.is_dir(), "cannot create the store {shown}: it is a folder, name a file in it");
        if let Some(folder) = folder.filter(|folder| !folder.is_dir()) {
            bail!("cannot create the store {shown}: create the folder {} first", folder.display());
        }
        Ok(())
    }
}

/// Shows no password.
impl Display for Location {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Location::File(path) => path.display().fmt(f),
            Location::Database(url) => url.fmt(f),
        }
    }
}

/// The URL of a PostgreSQL database. It may have a password, and may be wrong.
///
/// SECURITY: the text is private, and what is displayed is made from the parts that are no secrets.
#[derive(Clone)]
pub(crate) struct DatabaseUrl(String);

impl DatabaseUrl {
    /// Reads the URL.
    ///
    /// # Errors
    /// When it is wrong. The error names the part, and has no part's value.
    pub(super) fn config(&self) -> anyhow::Result<(Config, ServerTrust)> {
        let (scheme, rest) = self.0.split_once("://").unwrap_or_default();
        ensure!(
            matches!(scheme, "postgres" | "postgresql"),
            "no store has a URL with this scheme: give an SQLite file, or a URL that begins with `postgres://`"
        );
        // A password with such a character would be read as a part of the host, and shown.
        let before_options = rest.split('?').next().unwrap_or_default();
        let authority = before_options.split('/').next().unwrap_or_default();
        let at_signs = |text: &str| text.matches('@').count();
        ensure!(
            at_signs(authority) < 2 && at_signs(before_options) == at_signs(authority),
            "the URL of the store has an `@` too many: write `@` in a user or password as `%40`, `/` as `%2F`"
        );
        let (url, trust) = ServerTrust::take(&self.0)?;
        let mut config: Config = url.parse().context("the URL of the store is wrong")?;
        ensure!(!config.get_hosts().is_empty(), "the URL of the store lacks the host: `postgres://HOST/DATABASE`");
        ensure!(
            config.get_dbname().is_some(),
            "the URL of the store lacks the name of the database: `postgres://HOST/DATABASE`"
        );
        // As libpq: nobody is on the way to a Unix socket.
        #[cfg(unix)]
        if config.get_hosts().iter().all(|host| matches!(host, Host::Unix(_))) {
            config.ssl_mode(SslMode::Disable);
        }
        // SECURITY: a standby may lack revocations that were acknowledged, so that none is ever read.
        config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        Ok((config, trust))
    }

    /// Returns the name of the database.
    ///
    /// # Errors
    /// When the URL is wrong.
    pub(super) fn database(&self) -> anyhow::Result<String> {
        Ok(self.config()?.0.get_dbname().unwrap_or_default().to_owned())
    }

    /// Returns the variables by which the programs of PostgreSQL use the same database.
    ///
    /// # Errors
    /// When the URL is wrong.
    pub(super) fn environment(&self) -> anyhow::Result<Vec<(&'static str, OsString)>> {
        let (config, trust) = self.config()?;
        let hosts = config.get_hosts().iter().map(|host| match host {
            Host::Tcp(host) => OsString::from(host),
            #[cfg(unix)]
            Host::Unix(folder) => folder.clone().into_os_string(),
        });
        let ports = config.get_ports().iter().map(|port| OsString::from(port.to_string()));
        let list = |texts: Vec<OsString>| texts.join(OsStr::new(","));
        let mode = match (&trust, config.get_ssl_mode()) {
            (ServerTrust::Host(_), _) => "verify-full",
            (ServerTrust::Issuer(_), _) => "verify-ca",
            (ServerTrust::Any, SslMode::Disable) => "disable",
            (ServerTrust::Any, SslMode::Require) => "require",
            (ServerTrust::Any, _) => "prefer",
        };
        let mut variables = vec![
            ("PGHOST", list(hosts.collect())),
            ("PGPORT", list(ports.collect())),
            ("PGDATABASE", config.get_dbname().unwrap_or_default().into()),
            ("PGSSLMODE", mode.into()),
            ("PGTARGETSESSIONATTRS", "read-write".into()),
        ];
        if let ServerTrust::Host(roots) | ServerTrust::Issuer(roots) = trust {
            let roots = match roots {
                Roots::System => "system".into(),
                Roots::File(file) => file.into_os_string(),
            };
            variables.push(("PGSSLROOTCERT", roots));
        }
        if let Some(user) = config.get_user() {
            variables.push(("PGUSER", user.into()));
        }
        if let Some(password) = config.get_password() {
            variables.push(("PGPASSWORD", OsString::from(String::from_utf8_lossy(password).into_owned())));
        }
        Ok(variables)
    }

    /// Returns the URL as a command line takes it, unless it has a secret.
    pub(crate) fn without_secret(&self) -> Option<&str> {
        let has_secret = self.config().map_or(true, |(config, _)| config.get_password().is_some());
        (!has_secret).then_some(&*self.0)
    }
}

impl Display for DatabaseUrl {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let Ok((config, _)) = self.config() else { return f.write_str("the URL of the store") };
        f.write_str("postgres://")?;
        if let Some(user) = config.get_user() {
            write!(f, "{user}@")?;
        }
        let ports = config.get_ports();
        for (index, host) in config.get_hosts().iter().enumerate() {
            f.write_str(if index > 0 { "," } else { "" })?;
            match host {
                Host::Tcp(host) => f.write_str(host)?,
                #[cfg(unix)]
                Host::Unix(folder) => folder.display().fmt(f)?,
            }
            // One port may hold for all hosts.
            match ports.get(index).or_else(|| ports.first()) {
                None | Some(5432) => {}
                Some(port) => write!(f, ":{port}")?,
            }
        }
        write!(f, "/{}", config.get_dbname().unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn database(text: &str) -> DatabaseUrl {
        match Location::from(OsString::from(text)) {
            Location::Database(url) => url,
            Location::File(_) => panic!("{text} is a file"),
        }
    }

    #[test]
    fn a_url_is_shown_without_its_password() {
        for (text, shown, is_secret) in [
            ("postgres://u:secret@db.example/daypass", "postgres://u@db.example/daypass", true),
            ("postgresql://u@db:5433/d?connect_timeout=3", "postgres://u@db:5433/d", false),
            ("postgres://u:s%40cret@a,b:6000/d?target_session_attrs=read-write", "postgres://u@a,b:6000/d", true),
            ("postgres://a/d?user=u&password=secret", "postgres://u@a/d", true),
            ("postgres://u@%2Frun%2Fpg/d", "postgres://u@/run/pg/d", false),
        ] {
            let url = database(text);
            assert_eq!(url.to_string(), shown);
            assert_eq!(url.without_secret().is_none(), is_secret, "{text}");
        }
    }

    #[test]
    fn a_wrong_url_is_an_error_that_names_the_part_and_no_value() {
        for (text, part) in [
            ("postgres://u:secret@h:port/d", "`port`"),
            ("postgres://u:sec@ret@h/d", "an `@` too many"),
            ("postgres://u:12/secret@h/d", "an `@` too many"),
            ("postgres://u:secret@/d", "lacks the host"),
            ("postgres://u:secret@h", "lacks the name of the database"),
            ("postgres://u:secret@h/d?colour=secret", "`colour`"),
            ("postgres://u:secret@h/d?sslmode=secret", "`sslmode`"),
            ("postgres://u:secret@h/d?sslmode=verify-full", "sslrootcert=FILE"),
            ("postgres://u:secret@h/d?sslrootcert=secret", "sslmode=verify-full"),
            ("mysql://u:secret@h/d", "this scheme"),
        ] {
            let url = database(text);
            let error = format!("{:#}", url.config().expect_err(text));
            assert!(error.contains(part), "{text}: {error}");
            assert!(!error.contains("sec") && !url.to_string().contains("sec"), "{error} {url}");
        }
    }

    #[test]
    fn a_text_without_a_scheme_is_a_file() {
        for text in ["daypass.db", "/var/lib/day pass.db", "postgres", "C:\\daypass.db"] {
            assert!(matches!(Location::from(OsString::from(text)), Location::File(path) if path == *text));
        }
    }
}
