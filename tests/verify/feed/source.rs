//! The epoch or the organization of a feed changes while a verifier follows it.

use std::sync::Arc;
use std::time::{Duration, Instant};

use daypass::Error;

use super::reach;
use super::service::{Service, Streams};
use crate::common::{ORGANIZATION, access_token, bearer, signer, verifier};

#[tokio::test]
async fn an_epoch_that_begins_during_a_stream_is_read_from_its_start() {
    let (service, url) = Service::start(Streams::Work).await;
    (1..=4).for_each(|seq| service.revoke(seq));
    let revocations = service.follow(&url);
    reach(&revocations, 4).await;
    let verifier = verifier().keys(signer().keys()).revocations(Arc::clone(&revocations));
    let texts = [12, 13, 14].map(|serial| access_token(&[("root_serial", serial.into())]));
    for text in &texts {
        assert!(bearer(&verifier, text).await.is_ok());
    }
    // The same number of entries, and streams that stay open: only the epoch says that they are others.
    service.feed.lock().unwrap().replace_store();
    service.send_heartbeat(4);
    let began = Instant::now();
    for text in &texts {
        while bearer(&verifier, text).await.is_ok() {
            assert!(began.elapsed() < Duration::from_secs(5), "an entry of the other epoch is not known");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

#[tokio::test]
async fn the_tokens_of_an_organization_that_the_feed_does_not_cover_are_invalid() {
    for streams in [Streams::Work, Streams::AreRefused] {
        let (service, url) = Service::start(streams).await;
        let revocations = service.follow(&url);
        reach(&revocations, 0).await;
        let verifier = verifier().keys(signer().keys()).revocations(Arc::clone(&revocations));
        let text = access_token(&[]);
        for (covered, error) in [(ORGANIZATION, None), ("org_other", Some(Error::InvalidToken)), (ORGANIZATION, None)] {
            service.feed.lock().unwrap().organization = Some(covered.to_owned());
            service.send_heartbeat(0);
            let began = Instant::now();
            while bearer(&verifier, &text).await.err() != error {
                assert!(began.elapsed() < Duration::from_secs(5), "{covered}: {error:?} is expected");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
    }
}
