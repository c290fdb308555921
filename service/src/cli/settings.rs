//! Where the settings of a command come from: [`Settings`].

use std::ffi::OsString;
use std::path::PathBuf;

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::parser::ValueSource;
use clap::{Arg, ArgMatches, Command};
use serde::Serialize;

use super::settings_file::{SettingsFile, options, shown_value};
use crate::domain::hidden;

/// The arguments of a command with the settings of its file, if it has one.
pub(super) struct Settings {
    /// The arguments. Each setting of the file that nothing else sets is an option among them.
    pub(super) arguments: Vec<OsString>,
    /// The file.
    pub(super) file: Option<SettingsFile>,
    /// The settings of the file that are in force, by the long names of their options.
    from_file: Vec<(String, usize)>,
}

impl Settings {
    /// Adds the settings of the file of `--config` to the arguments of the process, below environment variables.
    ///
    /// # Errors
    /// Those of [`SettingsFile::read`].
    pub(super) fn gather(command: &Command, arguments: Vec<OsString>) -> anyhow::Result<Settings> {
        let none = |arguments| Ok(Settings { arguments, file: None, from_file: vec![] });
        // What is wrong is reported when all arguments are known. An error here is the request for help.
        let Ok(matches) = command.clone().ignore_errors(true).try_get_matches_from(&arguments) else {
            return none(arguments);
        };
        let (mut own, mut given, mut place) = (command, &matches, 1);
        while let Some((name, below)) = given.subcommand() {
            let Some(subcommand) = own.find_subcommand(name) else { return none(arguments) };
            (own, given, place) = (subcommand, below, place + 1);
        }
        let Ok(Some(path)) = given.try_get_one::<PathBuf>("config") else { return none(arguments) };
        let serve = command.find_subcommand("serve").expect("the command line has `serve`");
        let file = SettingsFile::read(path, serve)?;
        let (mut added, mut from_file) = (vec![], vec![]);
        for entry in &file.entries {
            // Other commands have some of the settings, by the same names.
            let Some(option) = options(own).find(|option| option.get_long() == Some(&entry.key)) else { continue };
            if source(given, option).is_some() {
                continue;
            }
            from_file.push((entry.key.clone(), entry.line));
            for value in &entry.values {
                match (option.get_action().takes_values(), value.as_str()) {
                    (true, value) => added.push(OsString::from(format!("--{}={value}", entry.key))),
                    (false, "true") => added.push(OsString::from(format!("--{}", entry.key))),
                    (false, _) => {}
                }
            }
        }
        let mut arguments = arguments;
        // Behind the names of the commands: what follows may be no options.
        let place = place.min(arguments.len());
        arguments.splice(place..place, added);
        Ok(Settings { arguments, file: Some(file), from_file })
    }

    /// Prints an error of the arguments, or the help, and ends the process.
    pub(super) fn exit(&self, cause: &clap::Error) -> ! {
        let message = cause.render().to_string();
        if cause.use_stderr() && message.lines().any(|line| hidden::find(line).is_some()) {
            eprint!("{}", hidden::show_lines(&message));
        } else {
            // Without a reader there is nobody to tell.
            let _ = cause.print();
        }
        if cause.use_stderr() {
            self.print_note(&message);
            if let Some(variable) = self.variable_of(cause) {
                eprintln!("note: the environment variable {variable} sets it");
            }
        }
        std::process::exit(cause.exit_code())
    }

    /// Returns the environment variable that has the value which is wrong, if it is not among the arguments.
    fn variable_of(&self, cause: &clap::Error) -> Option<String> {
        if !matches!(cause.kind(), ErrorKind::ValueValidation | ErrorKind::InvalidValue) {
            return None;
        }
        let Some(ContextValue::String(usage)) = cause.get(ContextKind::InvalidArg) else { return None };
        let option = usage.split([' ', '=', '[']).next()?;
        let is_given = |argument: &OsString| {
            let argument = argument.to_string_lossy();
            argument.strip_prefix(option).is_some_and(|rest| rest.is_empty() || rest.starts_with('='))
        };
        // The names of the variables are those of the options.
        let variable = format!("DAYPASS_{}", option.strip_prefix("--")?.replace('-', "_").to_uppercase());
        (!self.arguments.iter().any(is_given) && std::env::var_os(&variable).is_some()).then_some(variable)
    }

    /// Prints which settings of the file are in force that an error names, or whose values it has.
    pub(super) fn print_note(&self, message: &str) {
        if let Some(note) = self.note(message) {
            eprintln!("note: {}", hidden::show(&note));
        }
    }

    fn note(&self, message: &str) -> Option<String> {
        let file = self.file.as_ref()?;
        let is_named = |key: &str| {
            let mut values = file.entries.iter().filter(|entry| entry.key == key).flat_map(|entry| &entry.values);
            message.contains(key) || values.any(|value| value.len() > "false".len() && message.contains(value.as_str()))
        };
        let keys = self.from_file.iter().filter(|(key, _)| is_named(key));
        let keys: Vec<_> = keys.map(|(key, line)| format!("`{key}` (line {line})")).collect();
        (!keys.is_empty()).then(|| format!("{} sets {}", file.path.display(), keys.join(", ")))
    }

    /// Returns the value of each setting that a command has, and where it comes from.
    pub(super) fn effective(&self, command: &Command, given: &ArgMatches) -> Vec<Effective> {
        options(command).map(|option| self.effective_of(option, given)).collect()
    }

    fn effective_of(&self, option: &Arg, given: &ArgMatches) -> Effective {
        let key = option.get_long().unwrap_or_default().to_owned();
        let raw = given.get_raw(option.get_id().as_str()).into_iter().flatten();
        let values: Vec<_> = raw.map(|value| shown_value(option, &value.to_string_lossy())).collect();
        let value = (!values.is_empty()).then(|| values.join(","));
        let line = self.from_file.iter().find(|(own, _)| *own == key).map(|(_, line)| *line);
        let source = match (line, source(given, option)) {
            (Some(line), _) => {
                let path = self.file.as_ref().map(|file| file.path.display().to_string()).unwrap_or_default();
                format!("{path}:{line}")
            }
            (None, Some(ValueSource::EnvVariable)) => {
                option.get_env().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
            }
            (None, Some(_)) => format!("--{key}"),
            (None, None) => "default".to_owned(),
        };
        Effective { key, value, source }
    }
}

/// A setting that is in force.
#[derive(Serialize)]
pub(super) struct Effective {
    /// The long name of its option.
    pub(super) key: String,
    /// Its value, if it has one that can be shown.
    pub(super) value: Option<String>,
    /// Where it comes from: an option, an environment variable, a line of a file, or `default`.
    pub(super) source: String,
}

/// Returns where the value of an option comes from, unless it is its default.
fn source(given: &ArgMatches, option: &Arg) -> Option<ValueSource> {
    given.value_source(option.get_id().as_str()).filter(|source| *source != ValueSource::DefaultValue)
}
