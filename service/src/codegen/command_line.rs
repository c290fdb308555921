//! The reference of the command line, from clap's description of it.

use super::markdown::{origin, paragraphs, sentence, wrap};
use super::setting::Setting;

const ENDS: &str = "Each command exits with 0 when it succeeded, with 1 when it failed and with 2 when the command \
    line is wrong. Answers go to standard output, questions, errors and the log to standard error.";

/// Returns `docs/reference/command-line.md`.
pub(super) fn page(command: &clap::Command) -> String {
    let name = command.get_name();
    let mut page = format!("# Command line\n\n{}\n{}", origin("service/src/cli"), paragraphs(&about(command)));
    if let Some(text) = command.get_after_help() {
        page += &format!("\n{}", paragraphs(&text.to_string()));
    }
    page += &format!("\n{}", wrap(ENDS, "", ""));
    for subcommand in subcommands(command) {
        if subcommand.has_subcommands() {
            page += &format!("\n## `{name} {}`\n\n{}", subcommand.get_name(), paragraphs(&about(subcommand)));
            for subcommand in subcommands(subcommand) {
                page += &section(subcommand, "###", command);
            }
        } else {
            page += &section(subcommand, "##", command);
        }
    }
    page
}

fn subcommands(command: &clap::Command) -> impl Iterator<Item = &clap::Command> {
    command.get_subcommands().filter(|subcommand| subcommand.get_name() != "help")
}

fn about(command: &clap::Command) -> String {
    command.get_long_about().or_else(|| command.get_about()).map(ToString::to_string).unwrap_or_default()
}

/// Returns the section of a command, which names the options of `serve` once if it has all of them.
fn section(command: &clap::Command, heading: &str, root: &clap::Command) -> String {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ");
    let mut section = format!("\n{heading} `{name}`\n\n{}\n```text\n{usage}\n```\n", paragraphs(&about(command)));
    let settings = Setting::all(command);
    let usages = |settings: &[Setting]| settings.iter().map(|setting| setting.usage.clone()).collect::<Vec<_>>();
    let serve = root.find_subcommand("serve").filter(|serve| serve.get_name() != command.get_name());
    if serve.is_some_and(|serve| usages(&Setting::all(serve)) == usages(&settings)) {
        section += &format!("\nThe options are those of [`{0} serve`](#{0}-serve).\n", root.get_name());
    } else {
        if !settings.is_empty() {
            section.push('\n');
        }
        for setting in &settings {
            section += &item(setting);
        }
    }
    if let Some(examples) = command.get_after_help().map(ToString::to_string) {
        let (title, lines) = examples.split_once('\n').unwrap_or(("Example:", &examples));
        let lines: Vec<_> = lines.lines().map(str::trim_start).collect();
        section += &format!("\n{title}\n\n```text\n{}\n```\n", lines.join("\n"));
    }
    section
}

fn item(setting: &Setting) -> String {
    let Setting { usage, meaning, variable, default, values, is_required } = setting;
    let mut text = meaning.split("\n\n").map(sentence).collect::<Vec<_>>().join(" ");
    if *is_required {
        text += " Required.";
    }
    if let Some(default) = default {
        text += &format!(" Default: {default}.");
    }
    if let Some(variable) = variable {
        text += &format!(" Environment variable: `{variable}`.");
    }
    let mut item = wrap(&text, &format!("- `{usage}`: "), "  ");
    for (value, meaning) in values {
        item += &wrap(&format!("{meaning}."), &format!("  - `{value}`: "), "    ");
    }
    item
}
