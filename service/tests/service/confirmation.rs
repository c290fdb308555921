//! Commands that cannot be undone say what ends, and ask.

use std::process::{Output, Stdio};

use daypass::api::RevocationTarget;

use super::running::{Daypass, daypass, now, to_text};

/// The arguments of each such command on a service, and what it says that ends.
fn irreversible(daypass: &Daypass) -> Vec<(Vec<String>, [&'static str; 2])> {
    let organization = daypass.organization();
    let kid = to_text(&daypass.json(&["key", "list"])["keys"][0]["kid"]);
    let strings = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    vec![
        (
            strings(&["key", "revoke", &kid]),
            ["This revokes the active key", "every temporary token and signed bundle that it signed"],
        ),
        (
            strings(&["organization", "revoke-issued-before", &organization, &now().to_string()]),
            ["active tokens created before 20", "every temporary token and signed bundle issued before 20"],
        ),
        (
            strings(&["organization", "revoke", &organization]),
            ["active tokens: 1 publishable, 2 secret", "every token created for it later"],
        ),
    ]
}

fn run(daypass: &Daypass, arguments: &[String], stdin: impl Into<Stdio>) -> Output {
    let mut command = self::daypass();
    command.args(arguments).arg("--store").arg(daypass.store()).stdin(stdin).output().expect("it runs")
}

fn create_tokens(daypass: &Daypass) {
    daypass.json(&["token", "create", "--kind", "publishable", "--name", "Site", "--origin", "a.example"]);
    daypass.json(&["token", "create", "--kind", "secret", "--name", "Backend"]);
    // Neither an expired token nor a revoked one can end.
    let expired = daypass.json(&["token", "create", "--kind", "secret", "--name", "Expired"]);
    daypass.execute(&format!("UPDATE token SET expires_at = 1 WHERE id = '{}'", to_text(&expired["id"])));
    let revoked = daypass.json(&["token", "create", "--kind", "secret", "--name", "Revoked"]);
    daypass.json(&["token", "revoke", &to_text(&revoked["id"])]);
}

async fn revocations(daypass: &Daypass) -> usize {
    let page = daypass.read_page(&daypass.admin, 0).await;
    page.revocations.iter().filter(|entry| !matches!(entry.target, RevocationTarget::Token { .. })).count()
}

#[tokio::test]
async fn a_script_has_to_say_yes() {
    let daypass = Daypass::start();
    create_tokens(&daypass);
    for (arguments, ends) in irreversible(&daypass) {
        let output = run(&daypass, &arguments, Stdio::null());
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && output.stdout.is_empty(), "{arguments:?}");
        for says in [ends[0], ends[1], "cannot be undone", "nothing was revoked: run the command in a terminal"] {
            assert!(error.contains(says), "{says}: {error}");
        }
        assert!(error.contains(&daypass.shown_store()) && error.contains("--yes"), "{error}");
    }
    assert_eq!(revocations(&daypass).await, 0);
    for (index, (mut arguments, _)) in irreversible(&daypass).into_iter().enumerate() {
        arguments.push("--yes".into());
        let output = run(&daypass, &arguments, Stdio::null());
        assert!(output.status.success() && output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(String::from_utf8_lossy(&output.stdout).starts_with("Revoked at 20"), "{arguments:?}");
        // The owner token ends with the second.
        if index == 0 {
            assert_eq!(revocations(&daypass).await, 1);
        }
    }
}

#[cfg(target_os = "linux")]
#[tokio::test]
async fn a_person_at_a_terminal_is_asked() {
    let daypass = Daypass::start();
    create_tokens(&daypass);
    // The last is the end of the input, Ctrl-D.
    for answer in ["\n", "n\n", "nonsense\n", "\u{4}"] {
        for (arguments, ends) in irreversible(&daypass) {
            let output = run_on_terminal(&daypass, &arguments, answer);
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(!output.status.success() && output.stdout.is_empty(), "{answer:?}: {arguments:?}");
            assert!(error.contains(ends[0]) && error.contains("Continue? [y/N]"), "{error}");
            assert!(error.trim_end().ends_with("error: nothing was revoked"), "{error}");
        }
    }
    assert_eq!(revocations(&daypass).await, 0);
    for ((mut arguments, _), answer) in irreversible(&daypass).into_iter().zip(["y\n", "YES\n", "y\n"]) {
        arguments.push("--json".into());
        let output = run_on_terminal(&daypass, &arguments, answer);
        let revoked: serde_json::Value = serde_json::from_slice(&output.stdout).expect("only JSON on standard output");
        assert!(output.status.success() && revoked.is_object(), "{arguments:?}: {revoked}");
    }
}

/// Runs a command with a terminal as its input, on which a person types this.
#[cfg(target_os = "linux")]
fn run_on_terminal(daypass: &Daypass, arguments: &[String], typed: &str) -> Output {
    use std::fs::File;
    use std::io::Write;

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};

    let keyboard = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
    grantpt(&keyboard).and_then(|()| unlockpt(&keyboard)).expect("a terminal");
    let name = ptsname(&keyboard, Vec::new()).expect("its name").into_string().expect("UTF-8");
    let terminal = File::options().read(true).write(true).open(name).expect("the terminal opens");
    // It stays open until the command has ended.
    let mut keyboard = File::from(keyboard);
    keyboard.write_all(typed.as_bytes()).expect("it takes what is typed");
    run(daypass, arguments, terminal)
}
