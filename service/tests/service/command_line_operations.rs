//! What the API does, on the command line: tokens in full, consents, the feed, and messages that speak of commands.

use std::io::Write;
use std::process::{Output, Stdio};

use serde_json::{Value, json};

use super::authorization_requests::{Answer, add_client, query};
use super::people::join;
use super::running::{DEFAULT_PROTOCOLS, Daypass, daypass, send, to_text};

/// Runs a command with a text on standard input.
fn command_with(daypass_: &Daypass, arguments: &[&str], input: &str) -> Output {
    let mut command = daypass();
    command.args(arguments).args(["--store", daypass_.store(), "--issuer", &daypass_.url]);
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut process = command.spawn().expect("it starts");
    process.stdin.take().expect("a pipe").write_all(input.as_bytes()).expect("it reads");
    process.wait_with_output().expect("its output")
}

fn out(output: &Output) -> String {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout.clone()).expect("UTF-8")
}

#[tokio::test]
async fn a_token_in_full_is_introspected_and_revoked() {
    let daypass = Daypass::start_with(&[DEFAULT_PROTOCOLS]);
    let (secret, id) = daypass.create_secret().await;
    let (child, alone) = (daypass.create_temporary(&secret).await, daypass.create_temporary(&daypass.admin).await);
    let introspect = |token: &str| command_with(&daypass, &["token", "introspect", "--json"], token);
    for token in [&secret, &child, &alone] {
        let told: Value = serde_json::from_str(&out(&introspect(&format!("{token}\n")))).expect("JSON");
        let request = daypass.post("/introspect").bearer_auth(&daypass.admin).form(&[("token", token)]);
        assert_eq!((&told["active"], &told["jti"]), (&json!(true), &send(request).await.1["jti"]));
    }
    let text = out(&command_with(&daypass, &["token", "introspect"], &secret));
    assert!(text.starts_with("It is an active token of the organization") && text.contains(&id), "{text}");
    assert!(text.contains("  created  20") && text.contains("Z ("), "{text}");

    let revoke = |token: &str| command_with(&daypass, &["token", "revoke", "--stdin"], token);
    assert!(out(&revoke(&alone)).contains("is revoked"));
    assert!(out(&revoke(&secret)).contains("is revoked"));
    for token in [&secret, &child, &alone] {
        let text = out(&command_with(&daypass, &["token", "introspect"], token));
        assert!(text.starts_with("It is no active token"), "{text}");
    }
    for (input, says) in [("dp_sec_unknown", "is no token of the organization"), (" \n", "no token: write it")] {
        let output = revoke(input);
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(says), "{error}");
    }
    // The feed, as products hear it.
    let feed = daypass.json(&["revocation", "list"]);
    let page = daypass.read_page(&daypass.admin, 0).await;
    assert_eq!((feed["revocations"].as_array().map(Vec::len), &feed["latest"]), (Some(2), &json!(page.latest)));
    let list = |arguments: &[&str]| out(&daypass.command(&[&["revocation", "list"], arguments].concat()));
    let text = list(&[]);
    assert!(text.lines().count() == 2 && text.lines().all(|line| line.contains("Z (")), "{text}");
    assert_eq!(list(&["--after", "1"]).lines().count(), 1);
    assert_eq!(list(&["--organization", "operator"]), "");
}

#[tokio::test]
async fn an_operator_sees_and_withdraws_what_a_user_lets_applications_do() {
    let daypass = Daypass::start();
    let (user, browser) = join(&daypass, "ada@example.com", "developer").await;
    let client = add_client(&daypass, "Planner").await;
    let list = || daypass.json(&["user", "consents", &user])["consents"].clone();
    assert_eq!(list(), json!([]));
    Answer::ask(&browser, &query(&client, "&scope=floor:export")).await.decide(&browser, "allow").await.code();
    let consents = list();
    assert_eq!((&consents[0]["clientId"], &consents[0]["scopes"]), (&json!(client), &json!("floor:export")));
    let text = out(&daypass.command(&["user", "consents", &user]));
    assert!(text.contains("Planner  (floor:export, since 20") && text.contains("Z ("), "{text}");
    let withdraw = ["user", "withdraw-consent", &user, &client];
    assert!(out(&daypass.command(&withdraw)).contains("do nothing any more"));
    assert_eq!((list(), send(browser.get("/v2/consent")).await.1), (json!([]), json!({"consents": []})));
    let output = daypass.command(&withdraw);
    assert!(String::from_utf8_lossy(&output.stderr).contains("has given no consent to an application with id"));
    let shown = daypass.json(&["user", "show", &user]);
    assert_eq!((&shown["id"], &shown["email"]), (&json!(user), &json!("ada@example.com")));
}

#[test]
fn messages_speak_of_commands_and_not_of_requests() {
    let daypass = Daypass::start();
    let service = to_text(&daypass.json(&["service-account", "add", "--name", "n"])["id"]);
    let long = "n".repeat(513);
    for (arguments, says) in [
        (&["token", "show", "tok_none"][..], "no token with id tok_none in"),
        (&["token", "revoke", "tok_none"], "no token with id tok_none in"),
        (&["token", "edit", "tok_none", "--name", "n"], "no token with id tok_none in"),
        (&["organization", "show", "none"], "no organization with id none in"),
        (&["organization", "suspend", "none"], "no organization with id none in"),
        (&["revocation", "list", "--organization", "none"], "no organization with id none in"),
        (&["user", "show", "usr_none"], "no user with id usr_none in"),
        (&["user", "show", &service], "no user with id"),
        (&["user", "consents", "usr_none"], "no user with id usr_none in"),
        (&["user", "invite", "usr_none"], "no user with id usr_none in"),
        (&["service-account", "show", "svc_none"], "no service-account with id svc_none in"),
        (&["application", "show", "app_none"], "no application with id app_none in"),
        (&["application", "remove", "app_none", "--yes"], "no application with id app_none in"),
        (&["key", "revoke", "none", "--yes"], "no key with id none in"),
        (&["token", "create", "--kind", "secret", "--name", &long], "`--name` must be 1 to 512"),
        (&["token", "create", "--kind", "secret", "--name", "n", "--tenant", ""], "`--tenant` must be"),
        (&["token", "create", "--kind", "secret", "--name", "n", "--expires-at", "2001-01-31"], "--expires-at must be"),
        (&["user", "add", "--name", "n", "--email", "x", "--role", "viewer"], "`--email` must be"),
        (&["organization", "create", "--name", "n", "--id", "-"], "`--id` must be"),
    ] {
        let output = daypass.command(arguments);
        let error = String::from_utf8(output.stderr).expect("UTF-8");
        assert!(!output.status.success() && error.contains(says), "{arguments:?}: {error}");
        for word in ["404", "400", "HTTP", "JSON", "`name`", "`id`", "`email`", "`expiresAt`", "/v2/"] {
            assert!(!error.contains(word), "{arguments:?}: {error}");
        }
    }
}

#[test]
fn times_are_given_as_days_too_and_printed_in_both_forms() {
    let daypass = Daypass::start();
    let create = ["token", "create", "--kind", "secret", "--name", "n", "--expires-at", "2099-01-31"];
    let created = daypass.json(&create);
    assert_eq!(created["expiresAt"], 4_073_500_800_u64);
    let id = to_text(&created["id"]);
    let text = out(&daypass.command(&["token", "show", &id]));
    assert!(text.contains("  expires  2099-01-31T00:00:00Z (4073500800)"), "{text}");
    daypass.execute("UPDATE token SET last_used_at = 1796032800");
    let text = out(&daypass.command(&["token", "list"]));
    assert!(text.lines().all(|line| line.contains("2026-11-30T10:00:00Z (1796032800)")), "{text}");
}
