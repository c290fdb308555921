//! What was acknowledged stands, whatever is killed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
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
pub(crate) struct Acknowledged {
    active: Vec<String>,
    revoked: Vec<String>,
    /// References that revoked tokens have made.
    ended: Vec<String>,
    /// Single-use references whose redemption was acknowledged.
    redeemed: Vec<String>,
    /// Single-use references whose redemption was requested, and neither acknowledged nor refused.
    requested: Vec<String>,
}

impl Acknowledged {
    pub(crate) fn extend(&mut self, more: Acknowledged) {
        self.active.extend(more.active);
        self.revoked.extend(more.revoked);
        self.ended.extend(more.ended);
        self.redeemed.extend(more.redeemed);
        self.requested.extend(more.requested);
    }
}

/// Clients that write until they are stopped.
pub(crate) struct Writers {
    clients: JoinSet<Acknowledged>,
    /// How many revocations were acknowledged.
    revoked: Arc<AtomicUsize>,
    is_over: Arc<AtomicBool>,
}

impl Writers {
    /// Starts clients that write by these nodes in turn.
    pub(crate) fn start(urls: &[&str], admin: &str, name: &str) -> Writers {
        let (revoked, is_over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
        let mut clients = JoinSet::new();
        for (number, url) in urls.iter().cycle().take(WRITERS).enumerate() {
            let writer = Writer {
                client: Client::new(),
                url: (*url).to_owned(),
                admin: admin.to_owned(),
                name: format!("{name}-{number}"),
                revoked: Arc::clone(&revoked),
            };
            clients.spawn(writer.run(Arc::clone(&is_over)));
        }
        Writers { clients, revoked, is_over }
    }

    /// Waits until so many more revocations are acknowledged.
    pub(crate) async fn wait_for(&self, more: usize) {
        let deadline = Instant::now() + Duration::from_secs(30);
        let wanted = self.revoked.load(Ordering::Relaxed) + more;
        while self.revoked.load(Ordering::Relaxed) < wanted {
            assert!(Instant::now() < deadline, "nothing is written");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Stops the clients, and returns what they were told.
    pub(crate) async fn stop(self) -> Acknowledged {
        self.is_over.store(true, Ordering::SeqCst);
        let mut told = Acknowledged::default();
        self.clients.join_all().await.into_iter().for_each(|more| told.extend(more));
        told
    }
}

struct Writer {
    client: Client,
    url: String,
    admin: String,
    name: String,
    revoked: Arc<AtomicUsize>,
}

impl Writer {
    async fn run(self, is_over: Arc<AtomicBool>) -> Acknowledged {
        let mut told = Acknowledged::default();
        for number in 0_usize.. {
            if is_over.load(Ordering::SeqCst) {
                break;
            }
            if self.write(number, &mut told).await.is_none() {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
        }
        told
    }

    /// Creates a token, and revokes every second one; the others make a bundle that two clients redeem. `None` if that was
    /// not acknowledged.
    async fn write(&self, number: usize, told: &mut Acknowledged) -> Option<()> {
        let id = format!("{}-{number}", self.name);
        let body = json!({"kind": "application", "name": "n", "id": id, "scopes": ["bundle:create"]});
        let create = self.client.post(format!("{}/v2/access-token", self.url)).bearer_auth(&self.admin).json(&body);
        let token = to_text(&answer(create, 201).await?["token"]);
        if number.is_multiple_of(2) {
            told.active.push(token.clone());
            return self.redeem(&token, told).await;
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

    /// Creates a single-use reference, which two clients redeem at once; `None` if neither was acknowledged.
    async fn redeem(&self, token: &str, told: &mut Acknowledged) -> Option<()> {
        let body = json!({"parameters": {}, "singleUse": true, "durationSeconds": 86_400});
        let create = self.client.post(format!("{}/v2/bundle/create", self.url)).bearer_auth(token).json(&body);
        let reference = to_text(&answer(create, 200).await?["bundle"]);
        let [one, other] = REDEEMERS.map(|redeemer| redeem(&self.client, &self.url, &reference, redeemer));
        let (one, other) = tokio::join!(one, other);
        assert!(!(one == Some(true) && other == Some(true)), "two clients redeemed one reference");
        if one == Some(true) || other == Some(true) {
            told.redeemed.push(reference);
            return Some(());
        }
        told.requested.push(reference);
        None
    }
}

/// The clients that redeem a reference.
const REDEEMERS: [&str; 2] = ["one", "other"];

/// Redeems a single-use reference. Returns whether that succeeded, or another client was first; `None` if neither was
/// told.
async fn redeem(client: &Client, url: &str, reference: &str, redeemer: &str) -> Option<bool> {
    let request = client.get(format!("{url}/verify")).header("x-api-token", reference);
    let response = request.header("daypass-redeemer", redeemer).send().await.ok()?;
    let (status, body) = (response.status().as_u16(), response.json::<Value>().await.ok()?);
    match status {
        200 => Some(true),
        403 => {
            assert_eq!(body["error"], "bundle_used");
            Some(false)
        }
        status => {
            assert_eq!(status, 503, "{}", body["message"]);
            None
        }
    }
}

/// Returns the body of a whole response with this status; `None` if there is no whole one, or the store was gone.
async fn answer(request: reqwest::RequestBuilder, status: u16) -> Option<Value> {
    let response = request.send().await.ok()?;
    let seen = response.status().as_u16();
    let body = response.json::<Value>().await.ok()?;
    assert!([status, 503].contains(&seen), "{seen} {}", body["message"]);
    (seen == status).then_some(body)
}

/// Expects on one node what a killed one has acknowledged.
pub(crate) async fn expect_kept(client: &Client, url: &str, told: &Acknowledged) {
    for (tokens, is_revoked) in [(&told.active, false), (&told.revoked, true)] {
        for token in tokens {
            let (status, described) = send(client.get(format!("{url}/v2/access-token/self")).bearer_auth(token)).await;
            assert_eq!((status, &described["revoked"]), (200, &json!(is_revoked)));
        }
    }
    for reference in &told.ended {
        assert_eq!(send(client.get(format!("{url}/verify")).header("x-api-token", reference)).await.0, 403);
    }
    for reference in &told.redeemed {
        assert_eq!(redeem(client, url, reference, "a third").await, Some(false), "a reference was redeemed twice");
    }
    for reference in &told.requested {
        let mut redeemed = 0;
        for redeemer in REDEEMERS.iter().chain(&["a third"]) {
            redeemed += usize::from(redeem(client, url, reference, redeemer).await == Some(true));
        }
        assert!(redeemed <= 1, "a reference was redeemed {redeemed} times");
    }
}

async fn kill_nodes(kills: usize) {
    let mut daypass = Daypass::start();
    let Beside { url: other, .. } = &daypass.start_beside();
    let (client, mut all) = (Client::new(), Acknowledged::default());
    for round in 0..kills {
        let writers = Writers::start(&[&daypass.url], &daypass.admin, &format!("w{round}"));
        writers.wait_for(WRITERS).await;
        // Not always at the same point of a write.
        tokio::time::sleep(Duration::from_micros(7_919 * (round as u64 % 13))).await;
        daypass.kill();
        let told = writers.stop().await;
        expect_kept(&client, other, &told).await;
        daypass.restart();
        all.extend(told);
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
