//! An OpenID Connect provider, npm `oidc-provider`, and a browser that goes there and back.

use std::io::{BufRead, BufReader, Lines, Write};
use std::process::{Child, ChildStdout, Command, Stdio};

use reqwest::header::{LOCATION, SET_COOKIE};
use reqwest::{Client, Url, redirect};

/// The secret of the service as a client of the provider.
pub(crate) const CLIENT_SECRET: &str = "canary-client-secret-51c8";

/// A running provider. Dropping it stops the process.
pub(crate) struct Provider {
    pub(crate) issuer: String,
    process: Child,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Provider {
    /// Starts a provider, which knows no client yet.
    pub(crate) fn start() -> Provider {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/service/openid/provider.mjs");
        let mut command = Command::new("node");
        command.arg(script).env("CLIENT_SECRET", CLIENT_SECRET).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = command.stderr(Stdio::null()).spawn().expect("node runs");
        let mut lines = BufReader::new(process.stdout.take().expect("a pipe")).lines();
        // The package may print warnings first.
        let issuer = lines.by_ref().map(|line| line.expect("text")).find(|line| line.starts_with("http://"));
        let issuer = issuer.expect("an issuer: `cargo xtask setup` installs npm's packages");
        Provider { issuer, process, lines }
    }

    /// Registers the service at this URL as the client.
    pub(crate) fn register(&mut self, service: &str) {
        let mut input = self.process.stdin.take().expect("a pipe");
        writeln!(input, "{service}").expect("it reads");
        assert!(self.lines.any(|line| line.expect("text") == "ready"));
    }

    /// Names the person whom the provider signs in; without one the person cancels.
    pub(crate) async fn sign_in_as(&self, subject: Option<&str>) {
        let query: Vec<_> = subject.map(|subject| ("subject", subject)).into_iter().collect();
        let request = Client::new().get(format!("{}/control", self.issuer)).query(&query);
        assert!(request.send().await.expect("a response").status().is_success());
    }

    /// Follows a link to the provider as a browser does, and returns the URL to which the provider sends it back.
    pub(crate) async fn visit(&self, link: &str) -> String {
        let client = Client::builder().redirect(redirect::Policy::none()).build().expect("a client");
        let mut cookies: Vec<(String, String)> = vec![];
        let mut url: Url = link.parse().expect("a URL");
        for _ in 0..10 {
            let line: Vec<_> = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect();
            let response = client.get(url.clone()).header("cookie", line.join("; ")).send().await.expect("a response");
            for set in response.headers().get_all(SET_COOKIE) {
                let pair = set.to_str().expect("text").split(';').next().expect("a pair");
                let (name, value) = pair.split_once('=').expect("a cookie");
                cookies.retain(|(own, _)| own != name);
                cookies.push((name.to_owned(), value.to_owned()));
            }
            let location = response.headers().get(LOCATION).map(|location| location.to_str().expect("text").to_owned());
            let Some(location) = location else {
                panic!("{}: {}", response.status(), response.text().await.expect("a body"))
            };
            url = url.join(&location).expect("a URL");
            if !url.as_str().starts_with(&self.issuer) {
                return url.into();
            }
        }
        panic!("the provider redirects without end");
    }
}

impl Drop for Provider {
    fn drop(&mut self) {
        // It may have stopped already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
