//! The events of a connection.

use std::rc::Rc;

use daypass::ErrorCode;
use daypass::browser::{Client, Event, Events};
use futures_util::StreamExt;
use wasm_bindgen_futures::spawn_local;
use wasm_bindgen_test::wasm_bindgen_test;

use super::space::{Space, names, next, wait_for};

#[wasm_bindgen_test]
async fn a_stream_has_the_events_from_its_beginning_to_the_end() {
    let space = Space::new().await;
    let client = space.connect("token").await;
    let mut events = client.events();
    client.refresh().await.unwrap();
    client.close();

    assert!(matches!(next(&mut events).await, Some(Event::Refreshing { attempt: 1 })));
    let Some(Event::Refreshed { lifetime_seconds: Some(lifetime) }) = next(&mut events).await else {
        panic!("another event")
    };
    assert!((3_590.0..=3_600.0).contains(&lifetime), "{lifetime}");
    assert!(matches!(next(&mut events).await, Some(Event::Closed)));
    assert!(next(&mut events).await.is_none());
    assert!(next(&mut events).await.is_none());
}

#[wasm_bindgen_test]
async fn each_stream_has_all_events() {
    let space = Space::new().await;
    let client = space.connect("token").await;
    let mut early = client.events();
    drop(client.events());
    client.refresh().await.unwrap();
    let mut late = client.events();
    client.close();
    assert_eq!(names(&mut early), ["refreshing", "refreshed", "closed"]);
    assert_eq!(names(&mut late), ["closed"]);
}

#[wasm_bindgen_test]
async fn a_failure_has_its_error_and_says_when_the_next_call_is() {
    let space = Space::new().await;
    let client = space.connect("token").await;
    let mut events = client.events();
    for (response, code, has_next) in
        [("status=503", ErrorCode::ProviderFailed, true), ("status=403", ErrorCode::ProviderForbidden, false)]
    {
        space.set_provider(response).await;
        client.refresh().await.unwrap_err();
        let Event::Failed { error, retry_in_seconds } = wait_for(&mut events, "failed").await else { unreachable!() };
        assert_eq!((error.code(), retry_in_seconds.is_some()), (Some(code), has_next), "{response}");
        assert_eq!(error.help(), "Sign in.");
    }
}

#[wasm_bindgen_test]
async fn a_token_is_refreshed_by_itself_and_expires_without_a_provider() {
    let space = Space::new().await;
    let client = space.connect("token?life=3").await;
    let mut events = client.events();
    wait_for(&mut events, "refreshed").await;
    assert_eq!(client.peek().as_deref(), Some("Bearer token-2"));

    space.set_provider("status=403").await;
    wait_for(&mut events, "expired").await;
    assert_eq!(client.peek(), None);
    assert_eq!(client.authorization().await.unwrap_err().code(), Some(ErrorCode::ProviderForbidden));
}

/// Reads the events in a task that closes the connection when the wanted one comes.
fn close_on(wanted: fn(&Event) -> bool, client: Rc<Client>, mut events: Events) {
    spawn_local(async move {
        while let Some(event) = events.next().await {
            if wanted(&event) {
                client.close();
            }
        }
    });
}

#[wasm_bindgen_test]
async fn a_reader_of_the_events_may_close_the_connection() {
    let is_start: fn(&Event) -> bool = |event| matches!(event, Event::Refreshing { .. });
    let is_failure: fn(&Event) -> bool = |event| matches!(event, Event::Failed { .. });
    for (wanted, response) in [(is_start, "hang"), (is_failure, "status=503")] {
        let space = Space::new().await;
        let client = Rc::new(space.connect("token").await);
        space.set_provider(response).await;
        let mut events = client.events();
        close_on(wanted, client.clone(), client.events());
        let error = client.refresh().await.unwrap_err();
        // The caller may hear of the failure before the reader does.
        assert!(error.code() == Some(ErrorCode::Closed) || response != "hang", "{error:?}");
        wait_for(&mut events, "closed").await;
        assert_eq!(client.get("floor").await.unwrap_err().code(), Some(ErrorCode::Closed));
        assert_eq!(space.seen().await.requests.len(), 0);
    }
}
