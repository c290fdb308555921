//! Failures in terms of commands and files: [`Common::explain`].

use anyhow::anyhow;
use daypass::Error;

use super::options::Common;
use crate::store::Location;

/// What a command is about, by its id.
#[derive(Clone, Copy)]
pub(super) enum Subject<'a> {
    /// A token.
    Token(&'a str),
    /// A signing key.
    Key(&'a str),
    /// An organization.
    Organization(&'a str),
    /// A principal, by the command for its kind.
    Principal(&'static str, &'a str),
}

impl<'a> Subject<'a> {
    /// The word of the command line, which lists them, and the id.
    fn parts(self) -> (&'static str, &'a str) {
        match self {
            Subject::Token(id) => ("token", id),
            Subject::Key(id) => ("key", id),
            Subject::Organization(id) => ("organization", id),
            Subject::Principal(command, id) => (command, id),
        }
    }
}

impl Common {
    /// Says what happened in the store, and what to do about it.
    pub(super) fn explain(&self, error: Error, subject: Option<Subject<'_>>) -> anyhow::Error {
        let store = &self.store;
        match (error, subject.map(Subject::parts)) {
            (Error::NotFound, Some((noun, id))) => {
                anyhow!("no {noun} with id {id} in {store}: list them with `{}`", self.command(&format!("{noun} list")))
            }
            (Error::AlreadyExists, Some((noun, id))) => {
                let revoke = self.command(&format!("{noun} revoke {id}"));
                anyhow!(
                    "an active {noun} with id {id} is in {store}: choose another --id, or revoke it with `{revoke}`"
                )
            }
            (Error::LimitReached { most, what }, _) => {
                let of_tokens = what.strip_prefix("active ").and_then(|what| what.strip_suffix(" tokens"));
                let limits = self.command(&format!("organization limits ID --{} NUMBER", of_tokens.unwrap_or(what)));
                let give_up = match of_tokens {
                    Some(kind) => {
                        let list = self.command(&format!("token list --kind {kind}"));
                        format!("revoke one that is no longer needed (`{list}` lists them)")
                    }
                    None => "remove one that is no longer needed".to_owned(),
                };
                anyhow!("{store} has {most} {what}, which is the limit: {give_up}, or raise the limit with `{limits}`")
            }
            (error, _) => of_store(error, store),
        }
    }
}

/// Says what happened in a store, whatever the command is about.
pub(super) fn of_store(error: Error, store: &Location) -> anyhow::Error {
    match error {
        Error::Unavailable => anyhow!("{store} could not be read or written: the log above says why"),
        error => anyhow!("{}", with_options(&error.to_string())),
    }
}

/// Names options instead of the fields of the API's JSON that they set.
fn with_options(message: &str) -> String {
    let parts: Vec<_> = message.split('`').collect();
    let name = |index: usize| {
        // What stands between two marks, and is no field of a field.
        let is_field = index % 2 == 1 && parts.get(index + 1).is_some_and(|next| !next.starts_with(" of a resource"));
        let option = OPTIONS.iter().find(|(field, _)| is_field && *field == parts[index]);
        option.map_or(parts[index], |(_, option)| *option)
    };
    (0..parts.len()).map(name).collect::<Vec<_>>().join("`")
}

/// The fields of requests, and the options that set them.
const OPTIONS: [(&str, &str); 14] = [
    ("acceptSharedSuffix", "--accept-shared-suffix"),
    ("confidential", "--confidential"),
    ("email", "--email"),
    ("expiresAt", "--expires-at"),
    ("grants", "--grant"),
    ("grantTypes", "--grant-type"),
    ("id", "--id"),
    ("name", "--name"),
    ("origins", "--origin"),
    ("redirectUris", "--redirect-uri"),
    ("resources", "--resource"),
    ("role", "--role"),
    ("scopes", "--scope"),
    ("tenant", "--tenant"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_names_options() {
        for (message, expected) in [
            ("The `name` must be short.", "The `--name` must be short."),
            ("name, `expiresAt`", "name, `--expires-at`"),
            ("The scope `name:id` is not in `scopes`", "The scope `name:id` is not in `--scope`"),
            ("The `id` of a resource", "The `id` of a resource"),
            ("a ` alone, and the name", "a ` alone, and the name"),
        ] {
            assert_eq!(with_options(message), expected);
        }
    }
}
