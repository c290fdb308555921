//! The command line does what the API does: each route has a command, or a reason why it has none.

use std::collections::BTreeMap;
use std::path::Path;

use clap::Command;

/// What an operation is on the command line.
enum Way {
    /// A command, with an option if that makes the difference.
    Command(&'static str),
    /// It makes no sense there.
    None(&'static str),
}
use Way::Command as By;

/// The holder of a token makes these of its own token, which an operator does not have.
const OWN_TOKEN: Way = Way::None("made from the caller's own token");
/// A browser does these, with a cookie, for the person in front of it.
const OWN_SESSION: Way = Way::None("a person in a browser acts for themselves");
/// A part of a protocol between programs.
const PROTOCOL: Way = Way::None("a protocol between programs");
/// An answer is made of the options of `serve`.
const SETTINGS: Way = Way::None("tells the settings of a running service");

const OPERATIONS: &[(&str, Way)] = &[
    ("GET /.well-known/jwks.json", By("key list")),
    ("GET /.well-known/oauth-authorization-server", SETTINGS),
    ("GET /health", Way::None("tells whether a running service answers")),
    ("GET /ready", Way::None("tells whether a running service can do its work")),
    ("POST /introspect", By("token introspect")),
    ("POST /revoke", By("token revoke --stdin")),
    ("GET /v2/access-token", By("token list")),
    ("POST /v2/access-token", By("token create")),
    ("GET /v2/access-token/self", By("token introspect")),
    ("GET /v2/access-token/{id}", By("token show")),
    ("PATCH /v2/access-token/{id}", By("token edit")),
    ("DELETE /v2/access-token/{id}", By("token revoke")),
    ("POST /v2/bundle/create", OWN_TOKEN),
    ("GET /v2/catalog", By("catalog show")),
    ("PUT /v2/catalog", By("catalog set")),
    ("GET /v2/organization", By("organization list")),
    ("POST /v2/organization", By("organization create")),
    ("GET /v2/organization/{id}", By("organization show")),
    ("PATCH /v2/organization/{id}", By("organization rename")),
    ("DELETE /v2/organization/{id}", By("organization revoke")),
    ("PATCH /v2/organization/{id}/limits", By("organization limits")),
    ("POST /v2/organization/{id}/suspend", By("organization suspend")),
    ("POST /v2/organization/{id}/resume", By("organization resume")),
    ("GET /v2/organization/{id}/principal", By("user list")),
    ("POST /v2/organization/{id}/principal", By("user add")),
    ("GET /v2/organization/{id}/principal/{principal}", By("user show")),
    ("PATCH /v2/organization/{id}/principal/{principal}", By("user edit")),
    ("DELETE /v2/organization/{id}/principal/{principal}", By("user remove")),
    ("GET /v2/organization/{id}/principal/{principal}/oauth-client", By("application show")),
    ("PUT /v2/organization/{id}/principal/{principal}/oauth-client", By("application edit --redirect-uri")),
    ("DELETE /v2/organization/{id}/principal/{principal}/oauth-client", By("application edit --no-client")),
    ("POST /v2/organization/{id}/principal/{principal}/invitation", By("user invite")),
    ("POST /v2/invitation", OWN_SESSION),
    ("POST /v2/invitation/accept", OWN_SESSION),
    ("GET /v2/session", OWN_SESSION),
    ("POST /v2/session", OWN_SESSION),
    ("DELETE /v2/session", OWN_SESSION),
    ("PUT /v2/session/password", OWN_SESSION),
    ("POST /v2/session/openid-connect", OWN_SESSION),
    ("POST /v2/session/openid-connect/unlink", OWN_SESSION),
    ("GET /v2/session/openid-connect/callback", OWN_SESSION),
    ("GET /v2/sign-in-methods", SETTINGS),
    ("GET /v2/revocation", By("revocation list")),
    ("POST /v2/revocation", By("organization revoke-issued-before")),
    ("GET /v2/audit", By("audit list")),
    ("GET /v2/use", By("token use")),
    ("POST /v2/use", PROTOCOL),
    ("GET /v2/consent", By("user consents")),
    ("DELETE /v2/consent/{client}", By("user withdraw-consent")),
    ("GET /oauth/authorize", OWN_SESSION),
    ("POST /oauth/authorize", OWN_SESSION),
    ("POST /oauth/par", PROTOCOL),
    ("POST /oauth/token", PROTOCOL),
];

/// The files that declare the routes of the native API and of OAuth. Other systems' protocols are for their clients.
const ROUTES: [&str; 2] = ["http/routes/mod.rs", "oauth/mod.rs"];
/// The files of other routes that are described.
const FILES: [&str; 3] = ["http/openapi/routes.rs", "http/routes/sdk.rs", "protocols/space_api.rs"];
/// Paths that are constants.
const PATHS: [(&str, &str); 5] = [
    ("CALLBACK", "/v2/session/openid-connect/callback"),
    ("PAGE", "/docs/api"),
    ("PATH", "/openapi.json"),
    ("par::PATH", "/oauth/par"),
    ("token::PATH", "/oauth/token"),
];

/// Returns every operation that the description of the API has.
pub(crate) fn declared() -> Vec<String> {
    operations(&[&ROUTES[..], &FILES].concat())
}

/// Returns the operations that these files declare.
fn operations(files: &[&str]) -> Vec<String> {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut operations = vec![];
    for file in files {
        let text = std::fs::read_to_string(source.join(file)).expect("the routes");
        for route in text.split(".route(").skip(1) {
            let (path, handlers) = route.trim_start().split_once(',').expect("a path and handlers");
            let path = path.trim_matches('"');
            let path = PATHS.iter().find(|(name, _)| *name == path).map_or(path, |(_, path)| path);
            assert!(path.starts_with('/'), "{file}: {path} is no path: add the constant to PATHS");
            // Those of the next statement are not among them.
            let handlers = handlers.split(';').next().expect("handlers");
            let names = handlers.split('(').filter_map(|text| text.rsplit(|c: char| !c.is_ascii_lowercase()).next());
            let methods = names.filter(|name| ["get", "post", "put", "patch", "delete"].contains(name));
            let found: Vec<_> = methods.map(|method| format!("{} {path}", method.to_uppercase())).collect();
            // The handler of this one stands in a variable.
            let is_post = found.is_empty() && handlers.contains("for_tokens");
            operations.extend(found.into_iter().chain(is_post.then(|| format!("POST {path}"))));
        }
    }
    operations
}

/// Returns whether there is such a command, with such an option if one is named.
fn has_command(mut command: &Command, words: &str) -> bool {
    for word in words.split(' ') {
        if let Some(option) = word.strip_prefix("--") {
            return command.get_arguments().any(|argument| argument.get_long() == Some(option));
        }
        let Some(next) = command.find_subcommand(word) else { return false };
        command = next;
    }
    true
}

#[test]
fn every_operation_has_a_command_or_a_reason() {
    let (declared, command) = (operations(&ROUTES), daypass_service::command());
    let known: BTreeMap<_, _> = OPERATIONS.iter().map(|(operation, way)| (*operation, way)).collect();
    assert!(declared.len() > 40, "{declared:?}");
    for operation in &declared {
        match known.get(&**operation) {
            Some(Way::Command(words)) => assert!(has_command(&command, words), "{operation}: there is no `{words}`"),
            Some(Way::None(why)) => assert!(!why.is_empty()),
            None => panic!("{operation} has no command: add one, and a row to OPERATIONS"),
        }
    }
    let gone: Vec<_> = known.keys().filter(|operation| !declared.iter().any(|known| known == *operation)).collect();
    assert!(gone.is_empty(), "{gone:?} are no routes");
}

/// Returns the commands that do something, by their words.
fn leaves<'a>(command: &'a Command, words: &str) -> Vec<(String, &'a Command)> {
    if !command.has_subcommands() {
        return vec![(words.trim().to_owned(), command)];
    }
    let of = |command: &'a Command| leaves(command, &format!("{words} {}", command.get_name()));
    command.get_subcommands().flat_map(of).collect()
}

#[test]
fn every_command_prints_json_and_has_an_example() {
    let command = daypass_service::command();
    for (words, command) in leaves(&command, "") {
        // Their output is for a shell and for `man`.
        if words != "completions" && words != "man" {
            assert!(command.get_arguments().any(|argument| argument.get_long() == Some("json")), "{words}: --json");
        }
        assert!(command.get_after_help().is_some(), "{words} has no example");
    }
}
