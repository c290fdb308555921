//! What a store does when the settings of an OAuth client are removed.

use daypass::Error;

use super::Location;
use super::families::{add_code, add_parties, begin, feed, give, is_revoked, refresh, use_code};
use super::suite::{on_every_store, open_with_organization};
use crate::domain::oauth::client::{ClientFacts, MeantFor, may_set};
use crate::domain::oauth::removal::{self, ClientRemovalFacts};
use crate::domain::oauth::request::KeptRequest;

on_every_store!(the_settings_of_a_client_are_removed_with_the_last_of_its_families);

async fn the_settings_of_a_client_are_removed_with_the_last_of_its_families(location: Location) {
    let store = open_with_organization(&location).await;
    let (parties, others) = (add_parties(&store).await, add_parties(&store).await);
    let kept = begin(&store, &others).await;
    let families = [begin(&store, &parties).await, begin(&store, &parties).await, begin(&store, &parties).await];
    add_code(&store, &parties, [1; 32], 100).await.expect("a code");
    let request = KeptRequest { client: parties.client.clone(), parameters: "{}".into(), expires_at: 600 };
    store.keep_oauth_request([1; 32], request, 100, 10, Box::new(|_| Ok(()))).await.expect("a request");
    let settings = store.oauth_client(&parties.client).await.expect("an answer").expect("a client").settings.clone();
    let remove_two = async |organization: &str, meant_for: MeantFor| {
        let rule = move |facts: &ClientRemovalFacts| removal::remove(facts, &meant_for, 2);
        store.remove_oauth_client(organization, &parties.client, 150, 2, Box::new(rule)).await
    };
    let count = async |client: &str| store.count_oauth_consents("o", client).await.expect("a count");
    assert_eq!(remove_two("other", MeantFor::Any).await, Err(Error::NotFound));
    assert_eq!(remove_two("o", MeantFor::Shown(None)).await, Err(Error::VersionConflict(1)));
    assert_eq!((count(&parties.client).await, feed(&store).await.len()), (1, 0));
    assert_eq!(remove_two("o", MeantFor::Shown(Some(settings.clone()))).await, Ok(false));
    assert!(store.oauth_client(&parties.client).await.expect("an answer").is_some(), "until the end");
    assert_eq!(remove_two("o", MeantFor::Any).await, Ok(true));

    for (serial, first) in families {
        assert!(is_revoked(&store, serial).await);
        assert_eq!(refresh(&store, &parties.client, first, 160).await.map(drop), Err("refused"));
    }
    assert_eq!(feed(&store).await.len(), 3);
    assert_eq!(store.oauth_client(&parties.client).await, Ok(None));
    let ids = store.oauth_clients("o", 0, 10).await.expect("clients").into_iter().map(|client| client.principal.id);
    assert_eq!(ids.collect::<Vec<_>>(), std::slice::from_ref(&others.client));
    assert_eq!(store.oauth_consents("o", &parties.owner).await, Ok(vec![]));
    assert_eq!(store.oauth_request([1; 32]).await.map(|request| request.is_some()), Ok(false));
    assert_eq!(remove_two("o", MeantFor::Any).await, Err(Error::NotFound));
    // Another client keeps what it has.
    assert_eq!((count(&parties.client).await, count(&others.client).await), (0, 1));
    refresh(&store, &others.client, kept.1, 160).await.expect("the next one");

    // A later client of the same application gets nothing of that.
    let set = async |meant_for: MeantFor| {
        let settings = settings.clone();
        let rule = move |facts: &ClientFacts| may_set(facts, &meant_for).map(|()| settings.clone());
        store.set_oauth_client("o", &parties.client, Box::new(rule)).await.map(|client| client.settings)
    };
    assert_eq!(set(MeantFor::Shown(Some(settings.clone()))).await, Err(Error::VersionConflict(1)));
    assert_eq!(set(MeantFor::Shown(None)).await.as_ref(), Ok(&settings));
    assert_eq!(store.oauth_consents("o", &parties.owner).await, Ok(vec![]));
    give(&store, &parties).await;
    assert!(use_code(&store, &parties, [1; 32], 110).await.is_err());
    for (_, first) in families {
        assert_eq!(refresh(&store, &parties.client, first, 160).await.map(drop), Err("refused"));
    }
    begin(&store, &parties).await;
}
