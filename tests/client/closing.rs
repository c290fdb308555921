//! The end of a connection.

use std::cell::RefCell;
use std::future::pending;
use std::rc::Rc;

use daypass::ErrorCode;
use daypass::browser::{Client, Event, Provider, ProviderOptions};
use futures_util::future::select;
use futures_util::join;
use wasm_bindgen_test::wasm_bindgen_test;

use super::space::{Space, names, next, sleep};

const CLOSED: Option<ErrorCode> = Some(ErrorCode::Closed);

#[wasm_bindgen_test]
async fn close_ends_what_is_pending_and_refuses_what_comes_later() {
    let space = Space::new().await;
    let client = space.connect("token").await;
    let mut events = client.events();
    let close = async {
        space.wait_until("a request", |seen| seen.requests == ["hang"]).await;
        space.set_provider("hang").await;
        client.close();
    };
    let (response, ()) = join!(client.get("hang"), close);
    let error = response.unwrap_err();
    assert_eq!((error.code(), error.status(), error.is_retryable()), (CLOSED, 0, false));
    assert!(!error.help().is_empty());
    space.wait_until("the end of the request", |seen| seen.aborted == 1).await;

    assert_eq!(client.get("floor").await.unwrap_err().code(), CLOSED);
    assert_eq!(client.authorization().await.unwrap_err().code(), CLOSED);
    assert_eq!(client.refresh().await.unwrap_err().code(), CLOSED);
    assert_eq!(client.transform_request("floor").err().unwrap().code(), CLOSED);
    assert_eq!(client.peek(), None);
    client.close();
    assert_eq!(names(&mut events), ["closed"]);
    let seen = space.seen().await;
    assert_eq!((seen.calls, seen.requests.len()), (1, 1));
}

#[wasm_bindgen_test]
async fn a_stream_that_is_opened_after_the_end_ends_at_once() {
    let space = Space::new().await;
    let client = space.connect("token").await;
    client.close();
    assert!(next(&mut client.events()).await.is_none());
}

#[wasm_bindgen_test]
async fn close_drops_a_call_of_a_provider_that_is_a_function() {
    let space = Space::new().await;
    let life = Rc::new(());
    let provider = Provider::function({
        let life = life.clone();
        move |_, _| {
            let life = life.clone();
            async move {
                let _life = life;
                pending().await
            }
        }
    });
    let options = space.options_with(ProviderOptions::new(provider)).timeout_seconds(0.05);
    assert!(Client::connect(options).await.is_err());
    while Rc::strong_count(&life) > 1 {
        sleep(10).await;
    }
}

#[wasm_bindgen_test]
async fn drop_closes() {
    let space = Space::new().await;
    let client = space.connect("token?life=3").await;
    let mut events = client.events();
    drop(client);
    assert_eq!(names(&mut events), ["closed"]);
    assert!(next(&mut events).await.is_none());
    // The token's whole life: the refresh would have been within.
    sleep(3_200).await;
    assert_eq!(space.seen().await.calls, 1);
}

#[wasm_bindgen_test]
async fn drop_ends_a_call_of_the_provider() {
    let space = Space::new().await;
    let client = space.connect("token").await;
    space.set_provider("hang").await;
    let called = space.wait_until("a call", |seen| seen.calls == 2);
    let refreshed = client.refresh();
    select(Box::pin(called), Box::pin(refreshed)).await;
    drop(client);
    space.wait_until("the end of the call", |seen| seen.aborted == 1).await;

    // A function learns it from its signal.
    let signals = Rc::new(RefCell::new(Vec::new()));
    let provider = Provider::function({
        let signals = signals.clone();
        move |_, signal| {
            signals.borrow_mut().push(signal);
            pending()
        }
    });
    let options = space.options_with(ProviderOptions::new(provider)).timeout_seconds(0.1);
    assert_eq!(Client::connect(options).await.err().unwrap().code(), Some(ErrorCode::ProviderTimeout));
    assert!(signals.borrow().iter().all(|signal| signal.aborted()));
    assert_eq!(signals.borrow().len(), 1);
}

#[wasm_bindgen_test]
async fn sign_out_closes_the_connections_of_the_same_person() {
    let space = Space::new().await;
    let connect =
        |name| Client::connect(space.options_with(ProviderOptions::new(Provider::url(space.url("token"))).share(name)));
    let (mine, same, other) = (connect("a").await.unwrap(), connect("a").await.unwrap(), connect("b").await.unwrap());
    assert_eq!(space.seen().await.calls, 2, "two share a token");
    let mut events = same.events();
    mine.sign_out();
    assert!(matches!(next(&mut events).await, Some(Event::Closed)));
    assert_eq!(same.get("floor").await.unwrap_err().code(), CLOSED);
    assert!(other.get("floor").await.unwrap().ok());
}
