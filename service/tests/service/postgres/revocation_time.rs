//! How soon a revocation by one node is known to a verifier that follows another.

#![expect(clippy::print_stdout, reason = "the figures are the result")]

use std::time::{Duration, Instant};

use daypass::verify::{Credentials, RemoteKeys, Revocations, TokenLocation, Verifier};

use super::running::Daypass;

/// The bar: 99 of 100 revocations are known after that.
const BAR: Duration = Duration::from_millis(250);

/// Returns the times from the acknowledgement to the first refusal, the shortest first.
async fn measure(rounds: usize) -> Vec<Duration> {
    let daypass = Daypass::start_with(&["--issuer", "https://tokens.example", "--audience", "product"]);
    let beside = daypass.start_beside();
    let revocations = Revocations::new().follow(&beside.url, daypass.admin.parse().expect("a token"));
    assert!(revocations.ready(Duration::from_secs(5)).await);
    let keys = RemoteKeys::new(&beside.url);
    let verifier = Verifier::new("https://tokens.example", "product").keys(keys).revocations(revocations);
    let mut times = vec![];
    for round in 0..rounds {
        let token = daypass.create_temporary(&daypass.admin).await;
        let credentials = Credentials::new(&token, TokenLocation::Bearer);
        assert!(verifier.verify(&credentials, None).await.is_ok(), "round {round}");
        daypass.revoke_by_text(&token).await;
        let acknowledged = Instant::now();
        while verifier.verify(&credentials, None).await.is_ok() {
            assert!(acknowledged.elapsed() < Duration::from_secs(5), "round {round}: it is never refused");
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        times.push(acknowledged.elapsed());
    }
    times.sort();
    times
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revocation_by_one_node_is_soon_known_to_verifiers_that_follow_another() {
    let times = measure(30).await;
    // Polls alone would take an eighth of a second.
    assert!(times[15] < Duration::from_millis(100), "{times:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "a measurement: a part of the soak"]
async fn soak_of_a_thousand_revocations_99_in_100_are_known_within_the_bar() {
    let times = measure(1000).await;
    let [half, most, last] = [500, 989, 999].map(|index| times[index]);
    println!("revocation on node A to the refusal behind node B: p50 {half:?}, p99 {most:?}, longest {last:?}");
    assert!(most < BAR, "{most:?}");
}
