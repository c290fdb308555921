//! Completions of shells and manual pages, as the shells and `man` read them.

use std::process::{Command, Output};

use crate::running::daypass;

fn run(arguments: &[&str]) -> String {
    let output = daypass().args(arguments).output().expect("it runs");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// Returns what bash completes a line to.
fn complete(folder: &std::path::Path, words: &[&str]) -> Vec<String> {
    let script = r#"
        source "$1"; shift
        COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); COMP_LINE="$*"; COMP_POINT=${#COMP_LINE}
        function=$(complete -p daypass | sed 's/.*-F \([^ ]*\).*/\1/')
        "$function" daypass "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD-1]}"
        printf '%s\n' "${COMPREPLY[@]}""#;
    let mut bash = Command::new("bash");
    bash.args(["--norc", "-c", script, "bash"]).arg(folder.join("daypass.bash")).args(words);
    let Output { status, stdout, stderr } = bash.output().expect("bash runs");
    assert!(status.success() && stderr.is_empty(), "{words:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).expect("UTF-8").lines().map(|line| line.trim().to_owned()).collect()
}

#[test]
fn bash_completes_commands_options_and_their_values() {
    let folder = tempfile::tempdir().expect("a folder");
    std::fs::write(folder.path().join("daypass.bash"), run(&["completions", "bash"])).expect("a file");
    for (words, expected) in [
        (&["daypass", "org"][..], "organization"),
        (&["daypass", "token", "in"], "introspect"),
        (&["daypass", "token", "create", "--ki"], "--kind"),
        (&["daypass", "token", "create", "--kind", "pub"], "publishable"),
        (&["daypass", "serve", "--iss"], "--issuer"),
        (&["daypass", "user", "with"], "withdraw-consent"),
    ] {
        let completed = complete(folder.path(), words);
        assert_eq!(completed, [expected], "{words:?}");
    }
}

#[test]
fn every_shell_gets_completions() {
    for (shell, part) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef daypass"),
        ("fish", "complete -c daypass"),
        ("powershell", "Register-ArgumentCompleter"),
        ("elvish", "edit:completion:arg-completer"),
    ] {
        let script = run(&["completions", shell]);
        assert!(script.contains(part) && script.contains("revoke-issued-before"), "{shell}");
    }
    let output = daypass().args(["completions", "csh"]).output().expect("it runs");
    assert!(String::from_utf8_lossy(&output.stderr).contains("possible values: bash, elvish, fish, powershell, zsh"));
}

#[test]
fn each_command_has_a_manual_page_without_warnings() {
    assert!(run(&["man"]).contains("daypass"));
    let folder = tempfile::tempdir().expect("a folder");
    let pages = folder.path().join("share/man1");
    assert_eq!(run(&["man", pages.to_str().expect("UTF-8")]), "");
    let mut count = 0;
    for page in std::fs::read_dir(&pages).expect("a folder").flatten() {
        // Debian's image may lack it; `groff` is what `man` runs.
        let mut groff = Command::new("groff");
        groff.args(["-Kutf8", "-man", "-Tutf8", "-ww", "-z"]).arg(page.path());
        let Ok(Output { status, stderr, .. }) = groff.output() else { return };
        assert!(
            status.success() && stderr.is_empty(),
            "{}: {}",
            page.path().display(),
            String::from_utf8_lossy(&stderr)
        );
        count += 1;
    }
    assert!(count > 40, "{count}");
    for page in ["daypass.1", "daypass-serve.1", "daypass-token-create.1"] {
        assert!(pages.join(page).is_file(), "{page}");
    }
    let file = folder.path().join("file");
    std::fs::write(&file, "").expect("a file");
    let output = daypass().arg("man").arg(&file).output().expect("it runs");
    assert!(String::from_utf8_lossy(&output.stderr).contains("cannot write the manual pages to"));
}
