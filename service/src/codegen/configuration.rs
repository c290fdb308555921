//! The settings of the service, from the options of `daypass serve`.

use super::markdown::{origin, paragraphs, wrap};
use super::setting::Setting;

const INTRODUCTION: &str = "The settings of `daypass serve`. Each is an option, an environment variable, or a key of the \
    TOML file of `--config`: an option wins over a variable, and that over the file. `daypass config check` checks \
    them and prints where each comes from. [The guide](../guides/operation.md#configuration) has an example of the \
    file, `daypass serve --help` prints the options, and [the command line](command-line.md) has the other commands.";
const LOG: &str = "What is logged to standard error, as a level (`error`, `warn`, `info`, `debug` or `trace`) or as \
    directives of the crate `tracing-subscriber`, such as `warn,daypass_service=debug`. It has no option. \
    [The guide](../guides/operation.md#logs) has the targets.";
/// The default of a row that the line of a table has no room for.
const BELOW: &str = "see below";
/// The most characters of a row.
const WIDEST: usize = 120;

/// Returns `docs/reference/configuration.md`.
pub(super) fn page(command: &clap::Command) -> String {
    let serve = command.find_subcommand("serve").expect("the command line has `serve`");
    let settings = Setting::all(serve);
    let mut page = format!("# Configuration\n\n{}\n{}", origin("service/src/cli/serve.rs"), wrap(INTRODUCTION, "", ""));
    page += "\n| option | environment variable | key of the file | default |\n| --- | --- | --- | --- |\n";
    for setting in &settings {
        page += &row(setting);
    }
    page += "| | `RUST_LOG` | | `info` |\n";
    for setting in &settings {
        page += &section(setting);
    }
    page + "\n## `RUST_LOG`\n\n- Default: `info`\n\n" + &wrap(LOG, "", "")
}

/// Returns the row of the table for a setting.
fn row(setting: &Setting) -> String {
    let option = setting.usage.split(' ').next().unwrap_or_default();
    // The file cannot name itself.
    let key = Some(option.trim_start_matches('-')).filter(|key| *key != "config");
    let key = key.map_or(String::new(), |key| format!("`{key}`"));
    let variable = setting.variable.as_deref().unwrap_or_default();
    let row = |default: &str| format!("| `{option}` | `{variable}` | {key} | {default} |\n");
    let full = row(setting.default.as_deref().unwrap_or_default());
    if full.chars().count() > WIDEST { row(BELOW) } else { full }
}

fn section(setting: &Setting) -> String {
    let Setting { usage, meaning, variable, default, values, .. } = setting;
    let mut section = format!("\n## `{usage}`\n\n");
    if let Some(variable) = variable {
        section += &format!("- Environment variable: `{variable}`\n");
    }
    if let Some(default) = default {
        section += &format!("- Default: {default}\n");
    }
    section += &format!("\n{}", paragraphs(meaning));
    if !values.is_empty() {
        section.push('\n');
    }
    for (value, meaning) in values {
        section += &wrap(&format!("{meaning}."), &format!("- `{value}`: "), "  ");
    }
    section
}
