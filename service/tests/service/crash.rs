//! What was acknowledged stands, whatever is killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use reqwest::Client;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::backend::KILLS;
use super::running::{Beside, Daypass, send, to_text};

/// How many clients write at once.
const WRITERS: usize = 6;

#[test]
fn services_that_create_one_store_together_all_run_and_one_has_the_owner_token() {
    let lines: Vec<Value> = Daypass::start_together(4).iter().map(|daypass| daypass.line.clone()).collect();
    assert_eq!(lines.iter().filter(|line| line["ownerToken"].is_string()).count(), 1);
    assert!(lines.iter().all(|line| line["organization"] == lines[0]["organization"]));
}

#[tokio::test]
async fn acknowledged_writes_survive_a_crash() {
    let mut daypass = Daypass::start();
    let keys = send(daypass.get("/.well-known/jwks.json")).await;
    let (secret, id) = daypass.create_secret().await;
    daypass.revoke(&id).await;
    let (active, _) = daypass.create_secret().await;

    daypass.restart();
    assert_eq!(send(daypass.get("/.well-known/jwks.json")).await, keys);
    daypass.create_temporary(&active).await;
    let (_, described) = send(daypass.get("/v2/access-token/self").bearer_auth(&secret)).await;
    assert_eq!(described["revoked"], true);
}

/// What a client was told.
#[derive(Default)]
struct Acknowledged {
    active: Vec<String>,
    revoked: Vec<String>,
    /// References that revoked tokens have made.
    ended: Vec<String>,
}

/// A client that writes until the service is gone.
struct Writer {
    client: Client,
    url: String,
    admin: String,
    name: String,
    /// Counts acknowledged revocations of all writers.
    revoked: Arc<AtomicUsize>,
}

impl Writer {
    async fn run(self) -> Acknowledged {
        let mut told = Acknowledged::default();
        for number in 0.. {
            if self.write(number, &mut told).await.is_none() {
                break;
            }
        }
        told
    }

    /// Creates a token, and revokes every second one; `None` once the service does not answer.
    async fn write(&self, number: usize, told: &mut Acknowledged) -> Option<()> {
        let id = format!("{}-{number}", self.name);
        let body = json!({"kind": "application", "name": "n", "id": id, "scopes": ["bundle:create"]});
        let create = self.client.post(format!("{}/v2/access-token", self.url)).bearer_auth(&self.admin).json(&body);
        let token = to_text(&answer(create, 201).await?["token"]);
        if number % 2 == 0 {
            told.active.push(token);
            return Some(());
        }
        let generate = self.client.post(format!("{}/generate", self.url)).header("x-api-key", &token).json(&json!({}));
        let reference = to_text(&answer(generate, 200).await?["token"]);
        let revoke = self.client.delete(format!("{}/v2/access-token/{id}", self.url)).bearer_auth(&self.admin);
        answer(revoke, 200).await?;
        self.revoked.fetch_add(1, Ordering::Relaxed);
        told.revoked.push(token);
        told.ended.push(reference);
        Some(())
    }
}

/// Returns the body of a whole response with this status; `None` if there is no whole one.
async fn answer(request: reqwest::RequestBuilder, status: u16) -> Option<Value> {
    let response = request.send().await.ok()?;
    let seen = response.status().as_u16();
    let body = response.json::<Value>().await.ok()?;
    assert_eq!(seen, status, "{}", body["message"]);
    Some(body)
}

/// Expects on one node what a killed one has acknowledged.
async fn expect_kept(client: &Client, url: &str, told: &Acknowledged) {
    for (tokens, is_revoked) in [(&told.active, false), (&told.revoked, true)] {
        for token in tokens {
            let (status, described) = send(client.get(format!("{url}/v2/access-token/self")).bearer_auth(token)).await;
            assert_eq!((status, &described["revoked"]), (200, &json!(is_revoked)));
        }
    }
    for reference in &told.ended {
        assert_eq!(send(client.get(format!("{url}/verify")).header("x-api-token", reference)).await.0, 403);
    }
}

async fn kill_nodes(kills: usize) {
    let mut daypass = Daypass::start();
    let Beside { url: other, .. } = &daypass.start_beside();
    let (client, mut all, revoked) = (Client::new(), Acknowledged::default(), Arc::new(AtomicUsize::new(0)));
    for round in 0..kills {
        let mut writers = JoinSet::new();
        for writer in 0..WRITERS {
            let (url, admin) = (daypass.url.clone(), daypass.admin.clone());
            let (name, revoked) = (format!("w{round}-{writer}"), Arc::clone(&revoked));
            writers.spawn(Writer { client: Client::new(), url, admin, name, revoked }.run());
        }
        let deadline = Instant::now() + Duration::from_secs(30);
        while revoked.load(Ordering::Relaxed) < (round + 1) * WRITERS {
            assert!(Instant::now() < deadline, "nothing is written");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // Not always at the same point of a write.
        tokio::time::sleep(Duration::from_micros(7_919 * (round as u64 % 13))).await;
        daypass.kill();
        let mut told = Acknowledged::default();
        for more in writers.join_all().await {
            told.active.extend(more.active);
            told.revoked.extend(more.revoked);
            told.ended.extend(more.ended);
        }
        expect_kept(&client, other, &told).await;
        daypass.restart();
        all.active.extend(told.active);
        all.revoked.extend(told.revoked);
        all.ended.extend(told.ended);
    }
    expect_kept(&client, &daypass.url, &all).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_acknowledged_write_is_lost_when_a_node_is_killed() {
    kill_nodes(20).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: a part of the soak"]
async fn soak_no_acknowledged_write_is_lost_when_a_node_is_killed_many_times() {
    kill_nodes(KILLS).await;
}
