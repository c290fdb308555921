//! From a revocation by one node to a refusal by a verifier that follows another, over PostgreSQL.

use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use daypass::verify::{Credentials, RemoteKeys, Revocations, TokenLocation, Verifier};
use serde_json::{Value, json};

use super::Bench;
use super::node::{Node, post};
use crate::Results;

#[allow(dead_code, reason = "the tests of the service use more of it")]
#[path = "../../../service/tests/service/postgres/cluster.rs"]
mod cluster;

use cluster::{Cluster, Durability};

/// The revocations of a round.
const REVOCATIONS: usize = 1000;
/// The name in the tokens: the two nodes have different addresses.
const ISSUER: &str = "https://tokens.example";

pub(super) fn measure(bench: &Bench<'_>) -> Result<Results> {
    let cluster = Cluster::start_or_use(Durability::Full);
    let database = cluster.create_database();
    let nodes = [(); 2].map(|()| Node::start_with(&database, &["--issuer", ISSUER, "--audience", "product"]));
    let [first, second] = nodes;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let times = runtime.block_on(follow(&first?, &second?, bench.rounds(REVOCATIONS)));
    cluster.drop_database(&database);
    let mut times = times?;
    times.sort_unstable();
    let at = |percent: usize| times[(times.len() * percent / 100).min(times.len() - 1)].as_nanos() as f64;
    Ok(Results::from([("revocation/p50".to_owned(), vec![at(50)]), ("revocation/p99".to_owned(), vec![at(99)])]))
}

/// Returns the times from the acknowledgement by one node to the first refusal behind the other.
async fn follow(revoker: &Node, followed: &Node, count: usize) -> Result<Vec<Duration>> {
    let url = format!("http://{}", followed.address);
    let owner = revoker.told("ownerToken")?;
    let revocations = Revocations::new().follow(&url, owner.parse()?);
    ensure!(revocations.ready(Duration::from_secs(5)).await, "the verifier hears nothing of the feed");
    let verifier = Verifier::new(ISSUER, "product").keys(RemoteKeys::new(&url)).revocations(revocations);
    let mut times = vec![];
    for _ in 0..count {
        let body = json!({"scopes": ["floor:readPrivate"]}).to_string();
        let minted = revoker.send(&post("/v2/temporary-access-token/create", &owner, "application/json", &body))?;
        let minted: Value = serde_json::from_str(&minted)?;
        let token = minted["authorization"].as_str().and_then(|text| text.strip_prefix("Bearer "));
        let token = token.context("no token")?;
        let credentials = Credentials::new(token, TokenLocation::Bearer);
        ensure!(verifier.verify(&credentials, None).await.is_ok(), "the verifier refuses a new token");
        let form = "application/x-www-form-urlencoded";
        revoker.send(&post("/revoke", &owner, form, &format!("token={token}")))?;
        let acknowledged = Instant::now();
        while verifier.verify(&credentials, None).await.is_ok() {
            ensure!(acknowledged.elapsed() < Duration::from_secs(5), "a revoked token is never refused");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        times.push(acknowledged.elapsed());
    }
    Ok(times)
}
