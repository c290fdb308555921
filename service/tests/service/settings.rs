//! Settings from a file, the environment and options; what is wrong with them; `daypass config check`.

use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::binary::{daypass, run_to_end};
use crate::running::{Daypass, send};

/// Returns a command in a folder whose configuration is this text.
fn configured(folder: &Path, arguments: &[&str], text: &str) -> Command {
    fs::write(folder.join("daypass.toml"), text).expect("a file");
    let mut command = daypass();
    command.args(arguments).args(["--config", "daypass.toml"]).current_dir(folder);
    command
}

fn find<'a>(checked: &'a Value, key: &str) -> (&'a Value, &'a str) {
    let settings = checked["settings"].as_array().expect("a list");
    let setting = settings.iter().find(|setting| setting["key"] == key).unwrap_or_else(|| panic!("{key}"));
    (&setting["value"], setting["source"].as_str().expect("a text"))
}

#[test]
fn an_option_wins_over_the_environment_and_that_over_the_file() {
    let folder = tempfile::tempdir().expect("a folder");
    let text = "listen = \"127.0.0.1:1\"\nproxies = 1\nsession-hours = 3\n\n# Kudo's own.\nkudo-uuid = true\n\
                protocols = [\"kudo\", \"speckle\"]\nrefuse-shared-suffixes = true\n";
    let mut check = configured(folder.path(), &["config", "check", "--json", "--session-hours", "5"], text);
    check.envs([("DAYPASS_PROXIES", "2"), ("DAYPASS_SESSION_HOURS", "4"), ("DAYPASS_REFUSE_SHARED_SUFFIXES", "no")]);
    let output = run_to_end(&mut check);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let checked: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    for (key, value, source) in [
        ("listen", json!("127.0.0.1:1"), "daypass.toml:1"),
        ("proxies", json!("2"), "DAYPASS_PROXIES"),
        ("session-hours", json!("5"), "--session-hours"),
        ("session-idle-minutes", json!("480"), "default"),
        ("kudo-uuid", json!("true"), "daypass.toml:6"),
        ("protocols", json!("kudo,speckle"), "daypass.toml:7"),
        ("refuse-shared-suffixes", json!("no"), "DAYPASS_REFUSE_SHARED_SUFFIXES"),
        ("issuer", Value::Null, "default"),
        ("json", json!("true"), "--json"),
    ] {
        assert_eq!(find(&checked, key), (&value, source), "{key}");
    }
    assert_eq!(checked["warnings"], json!([]));
    // Nothing was created.
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1);
}

#[tokio::test]
async fn the_service_goes_by_its_file_and_other_commands_find_the_store_there() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("daypass.toml");
    fs::write(&file, "temporary-min-seconds = 60\n").expect("a file");
    let option = format!("--config={}", file.display());
    let daypass = Daypass::start_with(&[&option]);
    let (secret, _) = daypass.create_secret().await;
    let body = json!({"scopes": ["floor:readPrivate"], "durationSeconds": 60});
    let mint = daypass.post("/v2/temporary-access-token/create").bearer_auth(&secret).json(&body);
    assert_eq!(send(mint).await.0, 200);

    fs::write(&file, format!("store = {:?}\ntemporary-min-seconds = 60\n", daypass.store())).expect("a file");
    let list = |arguments: &[&str], environment: &[(&str, &str)]| {
        let mut command = crate::binary::daypass();
        command.args(["token", "list", "--json"]).args(arguments).envs(environment.iter().copied());
        let output = command.current_dir(folder.path()).output().expect("it runs");
        serde_json::from_slice::<Value>(&output.stdout).ok().map(|list| list["tokens"].as_array().map(Vec::len))
    };
    assert_eq!(list(&[&option], &[]), Some(Some(2)));
    assert_eq!(list(&[], &[("DAYPASS_CONFIG", file.to_str().expect("UTF-8"))]), Some(Some(2)));
    assert_eq!(list(&[&option, "--store", "another.db"], &[]), None);
    assert_eq!(list(&[&option], &[("DAYPASS_STORE", "another.db")]), None);
}

#[test]
fn an_error_names_the_file_the_line_the_key_the_value_and_what_was_expected() {
    let folder = tempfile::tempdir().expect("a folder");
    for (text, expected) in [
        ("listn = \"x\"", "daypass.toml:1: unknown key \"listn\": did you mean `listen`?"),
        ("[serve]\nlisten = \"127.0.0.1:1\"", "daypass.toml:1: unknown key \"serve\": there are no sections"),
        ("bundles-per-second = 0", "`bundles-per-second` is 0: expected a whole number (COUNT)"),
        ("audit-days = 1.5", "`audit-days` is 1.5: expected a whole number (DAYS)"),
        ("audience = 2026-01-31", "`audience` is 2026-01-31: expected a text (NAME)"),
        (
            "audience = \"a\\u202eb\"",
            "`audience` is \"a\\u{202e}b\": expected a text (NAME) (The audience has the char",
        ),
        ("\nproxies = \"two\"", "daypass.toml:2: `proxies` is \"two\": expected a whole number (COUNT)"),
        ("proxies = 17", "daypass.toml:1: `proxies` is 17: expected a whole number (COUNT) (17 is not in 0..=16)"),
        ("kudo-uuid = \"yes\"", "daypass.toml:1: `kudo-uuid` is \"yes\": expected true or false"),
        ("kudo-uuid = 1", "daypass.toml:1: `kudo-uuid` is 1: expected true or false"),
        ("protocols = \"kudo\"", "`protocols` is \"kudo\": expected a list of texts"),
        ("protocols = []", "`protocols` is []: expected a list of texts"),
        ("protocols = [\"kudoo\"]", "`protocols` is [\"kudoo\"]: expected a list of texts"),
        ("protocols = [\"kudo\", \"kudoo\"]", "\"kudoo\" is not one of space-api, kudo, crafter, speckle, threekit"),
        ("log-format = \"xml\"", "`log-format` is \"xml\": expected one of \"text\", \"json\""),
        (
            "issuer = \"example.com\"",
            "`issuer` is \"example.com\": expected a text (URL) (expected an http or https URL",
        ),
        ("listen = 8787", "`listen` is 8787: expected a text (HOST:PORT)"),
        ("listen = \"8787\"", "`listen` is \"8787\": expected a text (HOST:PORT) (expected a host and a port"),
        ("json = true\nproxies =", "daypass.toml:2: this is not TOML: "),
        ("proxies = 1\nproxies = 2", "daypass.toml:2: this is not TOML: duplicate key"),
        ("config = \"other.toml\"", "daypass.toml:1: unknown key \"config\""),
        ("store = 5", "`store` is (hidden): expected a text (STORE)"),
        ("listn = 1\nproxies = 99", "\ndaypass.toml:2: `proxies` is 99"),
        ("\"a\\nb\\u202E\" = 1", "unknown key \"a\\nb\\u{202e}\""),
    ] {
        for command in [&["serve"][..], &["config", "check"], &["token", "list"]] {
            let output = run_to_end(&mut configured(folder.path(), command, text));
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(error.contains(expected), "{text}: {error}");
            assert_eq!((output.status.code(), &*output.stdout), (Some(2), &b""[..]), "{text}");
        }
    }
    let missing = run_to_end(daypass().args(["serve", "--config", "missing.toml"]).current_dir(&folder));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("cannot read the configuration missing.toml"));
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1);
}

#[test]
fn settings_that_do_not_fit_together_start_nothing_and_the_check_says_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    for (text, expected, note) in [
        (
            "oidc-issuer = \"https://id.example\"",
            "--oidc-issuer needs --oidc-client-id:",
            "daypass.toml sets `oidc-issuer` (line 1)",
        ),
        ("catalog = \"none.json\"", "the catalogue none.json", "`catalog` (line 1)"),
        ("sealing-key-file = \"none.key\"", "the sealing key none.key", "`sealing-key-file` (line 1)"),
        ("issuer = \"https://a..b\"", "the issuer https://a..b", "`issuer` (line 1)"),
        ("master-key-file = \"none.key\"", "the master key in none.key", "`master-key-file` (line 1)"),
        (
            "master-key-command = \"exit 7\"",
            "the command for the master key, `exit 7`",
            "`master-key-command` (line 1)",
        ),
        ("max-connections = 99999999", "lower --max-connections", "`max-connections` (line 1)"),
        ("store = \"\"", "the name of the store is empty", "`store` (line 1)"),
        ("store = \"postgres://u@127.0.0.1:1/d\"", "needs a master key", "`store` (line 1)"),
        ("\nstore = \"none/daypass.db\"", "create the folder none first", "`store` (line 2)"),
        ("store = \"postgres://u:hunter2@h:port/d\"", "the URL of the store is wrong", "`store` (line 1)"),
        (
            "listen = \"127.0.0.1:1\"\nmetrics-listen = \"127.0.0.1:1\"",
            "a port of their own",
            "`metrics-listen` (line 2)",
        ),
    ] {
        for command in [&["serve"][..], &["config", "check"]] {
            let output = run_to_end(configured(folder.path(), command, text).env_remove("DAYPASS_MASTER_KEY"));
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(error.contains(expected) && error.contains(note), "{text}: {error}");
            assert!(!error.contains("hunter2"), "{text}");
            assert!(!output.status.success() && output.stdout.is_empty(), "{text}");
        }
    }
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 1);
}

#[test]
fn a_wrong_environment_is_named_and_starts_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    for (variable, value, expected) in [
        ("RUST_LOG", "banana", "error: RUST_LOG is \"banana\", in which \"banana\" is no level: expected off, error, "),
        ("RUST_LOG", "nonsense=[", "error: RUST_LOG is \"nonsense=[\": expected off, error, "),
        ("RUST_LOG", "info,daypass=loud", "error: RUST_LOG is \"info,daypass=loud\": expected off, error, "),
        ("DAYPASS_PROXIES", "one", "note: the environment variable DAYPASS_PROXIES sets it"),
        ("DAYPASS_LOG_FORMAT", "xml", "note: the environment variable DAYPASS_LOG_FORMAT sets it"),
        ("DAYPASS_AUDIENCE", "a\u{202e}b", "note: the environment variable DAYPASS_AUDIENCE sets it"),
        ("DAYPASS_MASTER_KEY", "short", "DAYPASS_MASTER_KEY"),
    ] {
        for command in [&["serve"][..], &["config", "check"]] {
            let output = run_to_end(daypass().args(command).env(variable, value).current_dir(&folder));
            let error = String::from_utf8_lossy(&output.stderr);
            assert!(error.contains(expected) && !error.contains('\u{202e}'), "{variable}={value}: {error}");
            assert!(!output.status.success() && output.stdout.is_empty(), "{variable}={value}");
        }
    }
    assert_eq!(fs::read_dir(&folder).expect("a folder").count(), 0);
    let correct = run_to_end(
        daypass().args(["config", "check"]).env("RUST_LOG", "info,daypass_service::store=debug").current_dir(&folder),
    );
    assert!(correct.status.success(), "{}", String::from_utf8_lossy(&correct.stderr));
    let option = run_to_end(daypass().args(["serve", "--proxies", "one"]).env("DAYPASS_PROXIES", "1"));
    assert!(!String::from_utf8_lossy(&option.stderr).contains("environment variable DAYPASS_PROXIES"));
}

#[tokio::test]
async fn an_error_that_is_not_about_the_file_does_not_name_it() {
    let daypass = Daypass::start();
    let text = format!("store = {:?}\nmaster-key-file = \"none.key\"\n", daypass.store());
    let create = ["token", "create", "--kind", "secret", "--name", "a\u{202e}b"];
    let output = run_to_end(&mut configured(daypass.folder.path(), &create, &text));
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(error.contains("U+202E") && !error.contains("note:"), "{error}");
}

#[cfg(unix)]
#[test]
fn a_file_that_others_can_read_is_warned_of_if_it_has_a_secret() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().expect("a folder");
    let secret = "store = \"postgres://u:hunter2@127.0.0.1:1/d\"";
    for (text, mode, is_warned) in [
        (secret, 0o644, true),
        (secret, 0o640, true),
        (secret, 0o600, false),
        ("store = \"postgres://u@127.0.0.1:1/d\"", 0o644, false),
        ("store = \"daypass.db\"", 0o644, false),
    ] {
        let mut check = configured(folder.path(), &["config", "check"], text);
        let file = folder.path().join("daypass.toml");
        fs::set_permissions(file, fs::Permissions::from_mode(mode)).expect("permissions");
        let output = run_to_end(&mut check);
        let [out, error] = [&output.stdout, &output.stderr].map(|text| String::from_utf8_lossy(text).into_owned());
        assert!(output.status.success(), "{error}");
        assert_eq!(error.contains("chmod 600 daypass.toml"), is_warned, "{text} {mode:o}: {error}");
        assert!(!out.contains("hunter2") && !error.contains("hunter2"), "{mode:o}");
        assert!(out.contains("daypass.toml:1"), "{out}");
    }
}
