//! A disk that is full, and a folder that cannot be written.

use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use reqwest::{Client, Method};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::backend::{Backend, LOCK};
use super::running::{Daypass, FLOOR_READ, daypass, expect_error, send, to_text};

/// A file system of a few mebibytes in memory, if the test may mount one. It ends with the test.
struct SmallDisk(TempDir);

impl SmallDisk {
    fn mount(mebibytes: u32) -> Option<SmallDisk> {
        let folder = tempfile::tempdir().expect("a folder");
        let size = format!("size={mebibytes}m");
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(folder.path());
        // Without the right to mount, the tests below tell most of it.
        let is_mounted = mount.output().is_ok_and(|output| output.status.success());
        is_mounted.then_some(SmallDisk(folder))
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Fills it to the last byte, as another program would.
    fn fill(&self) -> PathBuf {
        let path = self.path().join("filler");
        let mut file = std::fs::File::create(&path).expect("a file");
        for size in [1 << 16, 1 << 12, 1] {
            while file.write_all(&vec![1; size]).is_ok() {}
        }
        path
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the service may be stopping.
        let _ = Command::new("umount").arg("-l").arg(self.path()).status();
    }
}

/// Starts a service whose store is on this disk, and which keeps 2 MiB of it free.
fn start_on(disk: &SmallDisk) -> Daypass {
    let folder = tempfile::tempdir().expect("a folder");
    let options = ["--disk-reserve-mib", "2", "--bundles-per-second", "100000"];
    Daypass::start_in(folder, Backend::new(disk.path()), &options)
}

fn mint(daypass: &Daypass, secret: &str) -> reqwest::RequestBuilder {
    daypass.post("/v2/temporary-access-token/create").bearer_auth(secret).json(&json!({"scopes": [FLOOR_READ]}))
}

async fn checks(daypass: &Daypass) -> (u16, Value) {
    let (status, ready) = send(daypass.get("/ready")).await;
    (status, ready["checks"].clone())
}

/// Waits until `/ready` answers with a status and its check of the space is this.
async fn wait_until_ready(daypass: &Daypass, status: u16, space: &str) {
    let deadline = Instant::now() + Duration::from_secs(30);
    loop {
        let seen = checks(daypass).await;
        if seen.0 == status && seen.1["space"] == space {
            return;
        }
        assert!(Instant::now() < deadline, "{seen:?}, not {status} {space}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_may_only_create_bundles_fills_the_disk_and_revocations_go_on() {
    let Some(disk) = SmallDisk::mount(12) else { return };
    let daypass = start_on(&disk);
    let partner = daypass.create_partner().await;
    let (secret, _) = daypass.create_secret().await;
    let mut ids = vec![];
    for _ in 0..20 {
        ids.push(daypass.create_secret().await.1);
    }
    let fill = || daypass.post("/generate").header("x-api-key", &partner).json(&json!({"fill": "x".repeat(60_000)}));
    let mut created = 0;
    loop {
        let (status, _) = send(fill()).await;
        if status != 200 {
            assert_eq!(status, 503);
            break;
        }
        created += 1;
        assert!(created < 1000, "nothing refuses them");
    }
    assert!(created > 10, "{created} were created");
    // Nothing else is added either, and what revokes goes on.
    expect_error(fill(), 503, "unavailable").await;
    let body = json!({"kind": "secret", "name": "n"});
    expect_error(daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&body), 503, "unavailable").await;
    for id in &ids {
        daypass.revoke(id).await;
    }
    wait_until_ready(&daypass, 200, "low").await;
    assert_eq!(send(mint(&daypass, &secret)).await.0, 200, "what can be revoked is minted");
    assert_eq!(send(daypass.get("/health")).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn while_another_program_fills_the_disk_nothing_is_minted_and_revocations_go_on_and_then_all_recovers() {
    let Some(disk) = SmallDisk::mount(12) else { return };
    let daypass = start_on(&disk);
    let (secret, id) = daypass.create_secret().await;
    let (other, other_id) = daypass.create_secret().await;
    assert_eq!(send(mint(&daypass, &secret)).await.0, 200);
    daypass.json(&["organization", "create", "--name", "Chairs", "--id", "chairs"]);
    let filler = disk.fill();
    daypass.revoke(&id).await;
    wait_until_ready(&daypass, 503, "low").await;
    let response = daypass.get("/ready").send().await.expect("a response");
    assert_eq!(response.headers()["retry-after"], "1");
    let response = mint(&daypass, &other).send().await.expect("a response");
    assert_eq!((response.status().as_u16(), &response.headers()["retry-after"]), (503, &"1".parse().expect("a value")));
    assert_eq!(send(daypass.get("/health")).await.0, 200, "it is alive");
    for action in ["suspend", "resume"] {
        let request = daypass.post(&format!("/v2/organization/chairs/{action}"));
        let operator = to_text(&daypass.line["operatorToken"]);
        assert_eq!(send(request.bearer_auth(operator)).await.0, 200, "{action}");
    }
    daypass.revoke(&other_id).await;
    assert_eq!(daypass.read_page(&daypass.admin, 0).await.revocations.len(), 2);
    std::fs::remove_file(filler).expect("a file");
    wait_until_ready(&daypass, 200, "ok").await;
    let (fresh, _) = daypass.create_secret().await;
    assert_eq!(send(mint(&daypass, &fresh)).await.0, 200);
}

/// Needs no right to mount: another process keeps the store locked.
#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_cannot_write_says_that_it_is_not_ready_and_mints_nothing_until_it_can() {
    let daypass = Daypass::start();
    let (secret, id) = daypass.create_secret().await;
    let mut other = daypass.session();
    other.execute(LOCK);
    wait_until_ready(&daypass, 503, "low").await;
    expect_error(mint(&daypass, &secret), 503, "unavailable").await;
    assert_eq!(checks(&daypass).await.1["store"], "failed");
    assert_eq!(send(daypass.get("/health")).await.0, 200, "it is alive");
    other.execute("ROLLBACK");
    wait_until_ready(&daypass, 200, "ok").await;
    assert_eq!(send(mint(&daypass, &secret)).await.0, 200);
    daypass.revoke(&id).await;
}

/// Needs no right to mount: more than any disk has is to be kept free.
#[tokio::test(flavor = "multi_thread")]
async fn below_the_reserve_nothing_is_added_or_edited_and_everything_that_takes_something_away_goes_on() {
    let daypass = Daypass::start();
    let (secret, id) = daypass.create_secret().await;
    let partner = daypass.create_partner().await;
    let operator = to_text(&daypass.line["operatorToken"]);
    let person = to_text(
        &daypass.json(&["user", "add", "--name", "Ada", "--email", "ada@example.com", "--role", "developer"])["id"],
    );
    let low = daypass.start_beside_with(&["--disk-reserve-mib".into(), "1048576".into()]);
    let (client, own) = (Client::new(), format!("/v2/organization/{}", daypass.organization()));
    let request =
        |method, path: &str, caller: &str| client.request(method, format!("{}{path}", low.url)).bearer_auth(caller);
    let principals = format!("{own}/principal");
    for (path, caller, body) in [
        ("/v2/access-token", &daypass.admin, json!({"kind": "secret", "name": "n"})),
        ("/v2/organization", &operator, json!({"name": "Chairs"})),
        (&principals, &daypass.admin, json!({"kind": "application", "name": "n"})),
        ("/v2/bundle/create", &partner, json!({"parameters": {}, "singleUse": true})),
    ] {
        expect_error(request(Method::POST, path, caller).json(&body), 503, "unavailable").await;
    }
    let (status, ready) = send(client.get(format!("{}/ready", low.url))).await;
    assert_eq!((status, &ready["checks"]["space"]), (200, &json!("low")), "revocations can be written");
    let mint = request(Method::POST, "/v2/temporary-access-token/create", &secret);
    assert_eq!(send(mint.json(&json!({"scopes": [FLOOR_READ]}))).await.0, 200);
    // Each of these adds an entry to the audit trail.
    let (token, limits) = (format!("/v2/access-token/{id}"), format!("{own}/limits"));
    for (path, caller, body) in [
        (&token, &daypass.admin, json!({"name": "Edited"})),
        (&limits, &operator, json!({"secret": 1})),
        (&own, &operator, json!({"name": "Chairs"})),
        (&format!("{principals}/{person}"), &daypass.admin, json!({"name": "Ada"})),
    ] {
        let edit = request(Method::PATCH, path, caller).header("if-match", "\"1\"");
        expect_error(edit.json(&body), 503, "unavailable").await;
    }
    for path in [&token, &format!("{principals}/{person}")] {
        assert_eq!(send(request(Method::DELETE, path, &daypass.admin)).await.0, 200);
    }
    daypass.json(&["key", "rotate"]);
}

#[test]
fn a_folder_that_cannot_be_written_is_named_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let read_only = folder.path().join("read-only");
    std::fs::create_dir(&read_only).expect("a folder");
    std::fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).expect("a mode");
    std::fs::set_permissions(&read_only, PermissionsExt::from_mode(0o555)).expect("a mode");
    let mut command = daypass();
    command.args(["serve", "--listen", "127.0.0.1:0", "--store"]).arg(read_only.join("daypass.db"));
    // The administrator of a machine may write everywhere.
    if std::fs::File::create(read_only.join("probe")).is_ok() {
        use std::os::unix::process::CommandExt;
        command.uid(65_534).gid(65_534);
    }
    let output = command.output().expect("it runs");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && output.stdout.is_empty(), "no token is shown that is not stored");
    assert!(error.contains("cannot create the store") && error.contains("read-only/daypass.db"), "{error}");
}
