//! The settings of the service, from the options of `daypass serve`.

use super::markdown::{origin, paragraphs, wrap};
use super::setting::Setting;

const INTRODUCTION: &str = "The settings of `daypass serve`. Each is an option or an environment variable; the option \
    wins where both are given. `daypass serve --help` prints them too, and [the command line](command-line.md) has the \
    other commands.";
const LOG: &str = "What is logged to standard error, as a level (`error`, `warn`, `info`, `debug` or `trace`) or as \
    directives of the crate `tracing-subscriber`, such as `warn,daypass=debug`. It has no option.";

/// Returns `docs/reference/configuration.md`.
pub(super) fn page(command: &clap::Command) -> String {
    let serve = command.find_subcommand("serve").expect("the command line has `serve`");
    let mut page = format!("# Configuration\n\n{}\n{}", origin("service/src/cli/serve.rs"), wrap(INTRODUCTION, "", ""));
    for setting in Setting::all(serve) {
        page += &section(&setting);
    }
    page + "\n## `RUST_LOG`\n\n- Default: `info`\n\n" + &wrap(LOG, "", "")
}

fn section(setting: &Setting) -> String {
    let Setting { usage, meaning, variable, default, .. } = setting;
    let mut section = format!("\n## `{usage}`\n\n");
    if let Some(variable) = variable {
        section += &format!("- Environment variable: `{variable}`\n");
    }
    if let Some(default) = default {
        section += &format!("- Default: {default}\n");
    }
    section + "\n" + &paragraphs(meaning)
}
