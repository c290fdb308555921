//! An option or an argument, as the reference describes it: [`Setting`].

use clap::Arg;

use super::markdown::sentence;

/// What there is to know about one.
pub(super) struct Setting {
    /// How it is written: `--listen HOST:PORT` or `ID`.
    pub(super) usage: String,
    /// What it is for.
    pub(super) meaning: String,
    /// The environment variable that sets it too.
    pub(super) variable: Option<String>,
    /// What holds without it.
    pub(super) default: Option<String>,
    /// The values that it can have, with their meanings, where they are few.
    pub(super) values: Vec<(String, String)>,
    /// Whether it cannot be left out.
    pub(super) is_required: bool,
}

impl Setting {
    /// Returns the arguments and options of a command, without `--help`.
    pub(super) fn all(command: &clap::Command) -> Vec<Setting> {
        let own = command.get_arguments().filter(|arg| !["help", "version"].contains(&arg.get_id().as_str()));
        own.map(Setting::new).collect()
    }

    fn new(arg: &Arg) -> Setting {
        let takes_values = arg.get_action().takes_values();
        let name = arg.get_value_names().filter(|_| takes_values).map(|names| names.join(" "));
        let flag = arg.get_long().map(|long| format!("--{long}"));
        let help = arg.get_long_help().or_else(|| arg.get_help()).map(ToString::to_string).unwrap_or_default();
        // A default that is no value stands in the help.
        let (meaning, default) = match help.strip_suffix(']').and_then(|help| help.rsplit_once(" [default: ")) {
            Some((meaning, default)) => (meaning.to_owned(), Some(default.to_owned())),
            None => (help, None),
        };
        let values = arg.get_default_values().iter().filter(|_| takes_values);
        let values: Vec<_> = values.map(|value| format!("`{}`", value.to_string_lossy())).collect();
        let possible = arg.get_possible_values();
        let possible = possible.iter().filter(|value| takes_values && value.get_help().is_some());
        Setting {
            usage: [flag, name].into_iter().flatten().collect::<Vec<_>>().join(" "),
            meaning: sentence(&meaning),
            variable: arg.get_env().map(|name| name.to_string_lossy().into_owned()),
            default: default.or_else(|| (!values.is_empty()).then(|| values.join(", "))),
            values: possible
                .map(|value| {
                    (value.get_name().to_owned(), value.get_help().map(ToString::to_string).unwrap_or_default())
                })
                .collect(),
            is_required: arg.is_required_set(),
        }
    }
}
