//! A revocation and many mints at once, over two nodes.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::Client;
use serde_json::json;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::running::{Daypass, FLOOR_READ, send, to_text};

/// How many clients mint at once.
const CLIENTS: usize = 64;

/// What the clients of a round tell and are told.
#[derive(Default)]
struct Round {
    has_child: Notify,
    is_acknowledged: AtomicBool,
}

/// Mints until the parent is refused, and returns the last token.
async fn mint_until_refused(client: Client, url: String, parent: String, round: Arc<Round>) -> String {
    let (mut last, body) = (String::new(), json!({"scopes": [FLOOR_READ]}));
    loop {
        let was_acknowledged = round.is_acknowledged.load(Ordering::SeqCst);
        let mint = client.post(format!("{url}/v2/temporary-access-token/create")).bearer_auth(&parent).json(&body);
        let (status, minted) = send(mint).await;
        match status {
            200 => {
                assert!(!was_acknowledged, "a token was minted after the parent's revocation was acknowledged");
                last = to_text(&minted["authorization"]).split_off("Bearer ".len());
                round.has_child.notify_one();
            }
            401 => return last,
            status => panic!("{status} {}", minted["message"]),
        }
    }
}

async fn revoke_while_clients_mint(rounds: usize) {
    let daypass = Daypass::start_with(&["--issuer", "https://tokens.example", "--audience", "product"]);
    let beside = daypass.start_beside();
    let client = Client::new();
    for number in 0..rounds {
        let (parent, id) = daypass.create_secret().await;
        let round = Arc::new(Round::default());
        let mut minting = JoinSet::new();
        for url in [&daypass.url, &beside.url].into_iter().cycle().take(CLIENTS) {
            minting.spawn(mint_until_refused(client.clone(), url.clone(), parent.clone(), Arc::clone(&round)));
        }
        timeout(Duration::from_secs(60), round.has_child.notified()).await.expect("a child");
        // Not always at the same point of the others.
        tokio::time::sleep(Duration::from_millis(3 * (number as u64 % 20))).await;
        daypass.revoke(&id).await;
        round.is_acknowledged.store(true, Ordering::SeqCst);
        for child in minting.join_all().await.into_iter().filter(|child| !child.is_empty()) {
            for url in [&daypass.url, &beside.url] {
                let (status, described) =
                    send(client.get(format!("{url}/v2/access-token/self")).bearer_auth(&child)).await;
                assert_eq!((status, &described["revoked"]), (200, &json!(true)), "round {number}: a child outlived it");
            }
        }
    }
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
