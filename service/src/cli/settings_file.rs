//! The file of `--config`: [`SettingsFile`].

use std::any::TypeId;
use std::fs;
use std::num::NonZeroU32;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::builder::Resettable;
use clap::error::{ContextKind, ErrorKind};
use clap::{Arg, ArgAction, Command};
use toml_edit::{Document, Item, Value};

use crate::store::Location;

/// How alike two keys are, from 0 to 1, of which one is suggested for the other.
const ALIKE: f64 = 0.7;

/// The settings in a file. Each is the value of an option of `daypass serve`, which has been checked.
pub(super) struct SettingsFile {
    /// Where the file is.
    pub(super) path: PathBuf,
    /// The settings, in the order of the file.
    pub(super) entries: Vec<Entry>,
    /// Whether the value of one is a secret.
    pub(super) has_secret: bool,
}

/// One setting.
pub(super) struct Entry {
    /// The long name of the option.
    pub(super) key: String,
    /// The line of the file, from 1 on.
    pub(super) line: usize,
    /// The values, as the command line has them: those of a flag are `true` or `false`.
    pub(super) values: Vec<String>,
}

impl SettingsFile {
    /// Reads a file, given the command whose options are its keys.
    ///
    /// # Errors
    /// When the file cannot be read, or has a key or a value that is wrong. The error has all of them, each with its line.
    pub(super) fn read(path: &Path, serve: &Command) -> anyhow::Result<SettingsFile> {
        let shown = path.display();
        let text = fs::read_to_string(path).with_context(|| format!("cannot read the configuration {shown}"))?;
        let line = |span: Option<Range<usize>>| line_at(&text, span.map_or(0, |span| span.start));
        let document = match Document::parse(&*text) {
            Ok(document) => document,
            Err(cause) => {
                // SECURITY: what the error displays repeats the line, which may have a secret. The message does not.
                let message = cause.message().lines().collect::<Vec<_>>().join(", ");
                bail!("{shown}:{}: this is not TOML: {message}", line(cause.span()));
            }
        };
        let (mut entries, mut problems) = (vec![], vec![]);
        for (key, item) in document.iter() {
            let span = document.key(key).and_then(toml_edit::Key::span).or_else(|| item.span());
            let line = line(span);
            let setting = option(serve, key).ok_or_else(|| unknown(serve, key, item));
            match setting.and_then(|option| values(serve, option, item)) {
                Ok(values) => entries.push(Entry { key: key.to_owned(), line, values }),
                Err(problem) => problems.push(format!("{shown}:{line}: {problem}")),
            }
        }
        if !problems.is_empty() {
            bail!("{}", problems.join("\n"));
        }
        let is_secret = |entry: &Entry| {
            let option = option(serve, &entry.key);
            option.is_some_and(|option| entry.values.iter().any(|value| shown_value(option, value) != *value))
        };
        let has_secret = entries.iter().any(is_secret);
        Ok(SettingsFile { path: path.to_owned(), entries, has_secret })
    }

    /// Returns why the file should not be readable by others, if it is and has a secret.
    #[cfg(unix)]
    pub(super) fn exposure(&self) -> Option<String> {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(&self.path).ok()?.permissions().mode() & 0o777;
        (self.has_secret && mode & 0o077 != 0).then(|| {
            let path = self.path.display();
            format!("{path} has a secret and mode {mode:04o}, so that others can read it: run `chmod 600 {path}`")
        })
    }

    /// Returns nothing: the system has no such permissions.
    #[cfg(not(unix))]
    pub(super) fn exposure(&self) -> Option<String> {
        None
    }
}

/// Returns the options of a command that are settings: all but `--config` and those that are about the command line.
pub(super) fn options(command: &Command) -> impl Iterator<Item = &Arg> {
    let is_setting =
        |option: &&Arg| option.get_long().is_some_and(|long| long != "config") && option.get_env().is_some();
    command.get_arguments().filter(is_setting)
}

/// Returns the text of a value that can be shown.
///
/// SECURITY: of an option whose environment variable is hidden, that is no value but the location of a store, without its
/// password.
pub(super) fn shown_value(option: &Arg, value: &str) -> String {
    if !option.is_hide_env_values_set() {
        return value.to_owned();
    }
    if option.get_value_parser().type_id() != TypeId::of::<Location>() {
        return "(hidden)".to_owned();
    }
    match Location::from(std::ffi::OsString::from(value)) {
        Location::Database(url) if url.without_secret().is_none() => url.to_string(),
        _ => value.to_owned(),
    }
}

fn option<'a>(command: &'a Command, key: &str) -> Option<&'a Arg> {
    options(command).find(|option| option.get_long() == Some(key))
}

fn line_at(text: &str, offset: usize) -> usize {
    text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1
}

fn unknown(serve: &Command, key: &str, item: &Item) -> String {
    if item.is_table() || item.is_array_of_tables() {
        return format!("unknown key {key:?}: there are no sections, leave out the line `[…]`");
    }
    let alike = |option: &&str| strsim::jaro_winkler(option, key);
    let nearest = options(serve).filter_map(Arg::get_long).max_by(|a, b| alike(a).total_cmp(&alike(b)));
    match nearest.filter(|nearest| alike(nearest) > ALIKE) {
        Some(nearest) => format!("unknown key {key:?}: did you mean `{nearest}`?"),
        None => format!("unknown key {key:?}: the keys are the options of `daypass serve --help` without the dashes"),
    }
}

/// Returns the values of an option that an item of the file has.
fn values(serve: &Command, option: &Arg, item: &Item) -> Result<Vec<String>, String> {
    let key = option.get_long().unwrap_or_default();
    let seen = item.as_value().map_or_else(|| "a table".to_owned(), |value| describe(option, value));
    let wrong = |why: &str| {
        let why = if why.is_empty() { String::new() } else { format!(" ({why})") };
        format!("`{key}` is {seen}: expected {}{why}", expectation(option))
    };
    let values = match (item.as_value(), shape(option)) {
        (Some(Value::Boolean(value)), Shape::Flag) => vec![value.value().to_string()],
        (Some(Value::Integer(value)), Shape::Number) => vec![value.value().to_string()],
        (Some(Value::String(value)), Shape::Text) => vec![value.value().clone()],
        (Some(Value::Array(array)), Shape::List) if !array.is_empty() => array
            .iter()
            .map(|value| value.as_str().map(str::to_owned))
            .collect::<Option<_>>()
            .ok_or_else(|| wrong(""))?,
        _ => return Err(wrong("")),
    };
    check(serve, option, &values).map_err(|why| wrong(&why))?;
    Ok(values)
}

/// Returns a value as the file has it.
fn describe(option: &Arg, value: &Value) -> String {
    match value {
        Value::String(text) => {
            let shown = shown_value(option, text.value());
            format!("{shown:?}")
        }
        _ if option.is_hide_env_values_set() => "(hidden)".to_owned(),
        Value::Boolean(value) => value.value().to_string(),
        Value::Integer(value) => value.value().to_string(),
        Value::Array(values) => {
            format!("[{}]", values.iter().map(|value| describe(option, value)).collect::<Vec<_>>().join(", "))
        }
        Value::Float(value) => value.value().to_string(),
        Value::Datetime(value) => value.value().to_string(),
        Value::InlineTable(_) => "a table".to_owned(),
    }
}

/// The type that an option's values have in the file.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    Flag,
    Number,
    Text,
    List,
}

fn shape(option: &Arg) -> Shape {
    let kind = option.get_value_parser().type_id();
    let numbers = [
        TypeId::of::<u8>(),
        TypeId::of::<u16>(),
        TypeId::of::<u32>(),
        TypeId::of::<u64>(),
        TypeId::of::<usize>(),
        TypeId::of::<NonZeroU32>(),
    ];
    if !option.get_action().takes_values() {
        Shape::Flag
    } else if option.get_value_delimiter().is_some() || matches!(option.get_action(), ArgAction::Append) {
        Shape::List
    } else if numbers.iter().any(|number| kind == *number) {
        Shape::Number
    } else {
        Shape::Text
    }
}

/// Says what values an option has.
fn expectation(option: &Arg) -> String {
    let possible: Vec<_> = option.get_possible_values().iter().map(|value| format!("{:?}", value.get_name())).collect();
    let form = option.get_value_names().map(|names| names.join(" ")).unwrap_or_default();
    match shape(option) {
        Shape::Flag => "true or false".to_owned(),
        Shape::Number => format!("a whole number ({form})"),
        _ if !possible.is_empty() => format!("one of {}", possible.join(", ")),
        Shape::List => format!("a list of texts, [\"…\", \"…\"] ({form})"),
        Shape::Text => format!("a text ({form})"),
    }
}

/// Checks values as the command line would, and returns what is wrong with them.
fn check(serve: &Command, option: &Arg, values: &[String]) -> Result<(), String> {
    if shape(option) == Shape::Flag {
        return Ok(());
    }
    let serve = serve.clone().no_binary_name(true).mut_args(|arg| arg.env(Resettable::Reset));
    let key = option.get_long().unwrap_or_default();
    let Err(cause) = serve.try_get_matches_from(values.iter().map(|value| format!("--{key}={value}"))) else {
        return Ok(());
    };
    match cause.kind() {
        ErrorKind::ValueValidation => {
            Err(std::error::Error::source(&cause).map(ToString::to_string).unwrap_or_default())
        }
        ErrorKind::InvalidValue => Err(String::new()),
        // What is lacking beside it may come from elsewhere.
        _ if cause.get(ContextKind::InvalidValue).is_none() => Ok(()),
        kind => Err(kind.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_that_is_a_number_is_a_number_in_the_file() {
        let command = crate::command();
        let serve = command.find_subcommand("serve").expect("the command");
        let mut numbers = 0;
        for option in options(serve).filter(|option| option.get_action().takes_values()) {
            let key = option.get_long().expect("a name");
            let takes = |value: &str| {
                let bare = serve.clone().no_binary_name(true).mut_args(|arg| arg.env(Resettable::Reset));
                bare.try_get_matches_from([format!("--{key}={value}")]).is_ok()
            };
            let Some(number) = ["1", "100"].into_iter().find(|number| takes(number) && !takes("one")) else { continue };
            numbers += 1;
            let document = Document::parse(format!("{key} = {number}")).expect("TOML");
            let item = document.get(key).expect("the key");
            assert_eq!(values(serve, option, item), Ok(vec![number.to_owned()]), "{key}");
        }
        assert!(numbers > 15, "{numbers}");
    }

    #[test]
    fn the_name_of_each_variable_is_that_of_its_option() {
        for option in options(crate::command().find_subcommand("serve").expect("the command")) {
            let name = option.get_long().expect("a name").replace('-', "_").to_uppercase();
            assert_eq!(option.get_env().and_then(|name| name.to_str()), Some(&*format!("DAYPASS_{name}")));
        }
    }
}
