//! A revocation and many mints at once, over two nodes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::Client;
use serde_json::json;
use tokio::task::JoinSet;

use super::running::{Daypass, FLOOR_READ, send, to_text};

/// How many clients mint at once.
const CLIENTS: usize = 64;

/// Mints until the parent is refused, and returns the last token.
async fn mint_until_refused(client: Client, url: String, parent: String, is_acknowledged: Arc<AtomicBool>) -> String {
    let (mut last, body) = (String::new(), json!({"scopes": [FLOOR_READ]}));
    loop {
        let was_acknowledged = is_acknowledged.load(Ordering::SeqCst);
        let mint = client.post(format!("{url}/v2/temporary-access-token/create")).bearer_auth(&parent).json(&body);
        let (status, minted) = send(mint).await;
        match status {
            200 => {
                assert!(!was_acknowledged, "a token was minted after the parent's revocation was acknowledged");
                last = to_text(&minted["authorization"]).split_off("Bearer ".len());
            }
            401 => return last,
            status => panic!("{status} {}", minted["message"]),
        }
    }
}

async fn revoke_while_clients_mint(rounds: usize) {
    let daypass = Daypass::start_with(&["--issuer", "https://tokens.example", "--audience", "product"]);
    let beside = daypass.start_beside();
    let (client, mut children) = (Client::new(), 0);
    for round in 0..rounds {
        let (parent, id) = daypass.create_secret().await;
        let is_acknowledged = Arc::new(AtomicBool::new(false));
        let mut minting = JoinSet::new();
        for number in 0..CLIENTS {
            let url = if number % 2 == 0 { &daypass.url } else { &beside.url };
            minting.spawn(mint_until_refused(client.clone(), url.clone(), parent.clone(), Arc::clone(&is_acknowledged)));
        }
        tokio::time::sleep(Duration::from_millis(50 + 3 * (round as u64 % 20))).await;
        daypass.revoke(&id).await;
        is_acknowledged.store(true, Ordering::SeqCst);
        for child in minting.join_all().await.into_iter().filter(|child| !child.is_empty()) {
            children += 1;
            for url in [&daypass.url, &beside.url] {
                let (status, described) =
                    send(client.get(format!("{url}/v2/access-token/self")).bearer_auth(&child)).await;
                assert_eq!((status, &described["revoked"]), (200, &json!(true)), "round {round}: a child outlived it");
            }
        }
    }
    assert!(children > rounds, "{children} children in {rounds} rounds");
}

#[tokio::test(flavor = "multi_thread")]
async fn no_child_outlives_a_parent_that_is_revoked_while_64_clients_mint() {
    revoke_while_clients_mint(20).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: a part of the soak"]
async fn soak_no_child_outlives_its_parent_in_a_thousand_races() {
    revoke_while_clients_mint(1000).await;
}
