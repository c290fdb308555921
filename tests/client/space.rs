//! A test's own part of the server: [`Space`].

use daypass::api::TemporaryTokenRequest;
use daypass::browser::{Client, Event, Events, Options, Provider, ProviderOptions, Source};
use futures_util::future::{Either, select};
use futures_util::{FutureExt, StreamExt};
use gloo_net::http::Request;
use js_sys::Promise;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use wasm_bindgen::prelude::*;
use wasm_bindgen_futures::JsFuture;

/// A test's own tokens and counts at the server.
pub(super) struct Space(String);

/// What a space has seen.
#[derive(Deserialize)]
pub(super) struct Seen {
    /// How often a token was requested.
    pub(super) calls: u32,
    /// The last request for a token.
    pub(super) question: Option<TemporaryTokenRequest>,
    /// The paths of the API's requests, in order.
    pub(super) requests: Vec<String>,
    /// How many requests the browser ended before their response.
    pub(super) aborted: u32,
}

#[derive(Deserialize)]
struct Server {
    address: String,
}

#[wasm_bindgen(inline_js = "export const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));")]
extern "C" {
    #[wasm_bindgen(js_name = sleep)]
    fn sleep_js(milliseconds: u32) -> Promise;
}

pub(super) async fn sleep(milliseconds: u32) {
    JsFuture::from(sleep_js(milliseconds)).await.unwrap();
}

impl Space {
    pub(super) async fn new() -> Space {
        let server: Server = get("/server.json").await;
        Space(format!("{}/{}", server.address, js_sys::Math::random()))
    }

    /// Returns the URL of a path of this space.
    pub(super) fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.0)
    }

    /// Makes options for the space's API, with the provider at this path.
    pub(super) fn options(&self, provider: &str) -> Options {
        self.options_with(ProviderOptions::new(Provider::url(self.url(provider))))
    }

    pub(super) fn options_with(&self, provider: ProviderOptions) -> Options {
        Options::new(self.url("api"), Source::Provider(provider))
    }

    /// Connects with the provider at this path.
    pub(super) async fn connect(&self, provider: &str) -> Client {
        Client::connect(self.options(provider)).await.unwrap()
    }

    /// Makes the API reject the tokens created so far.
    pub(super) async fn retire_tokens(&self) {
        self.control("retire").await;
    }

    /// Changes what the provider responds from now on: `status=403`, `hang`, or a token again.
    pub(super) async fn set_provider(&self, response: &str) {
        self.control(&format!("provider?{response}")).await;
    }

    async fn control(&self, path: &str) {
        assert!(Request::post(&self.url(&format!("control/{path}"))).send().await.unwrap().ok());
    }

    pub(super) async fn seen(&self) -> Seen {
        get(&self.url("control/seen")).await
    }

    /// Waits until the server has seen something.
    pub(super) async fn wait_until(&self, what: &str, is_seen: impl Fn(&Seen) -> bool) {
        for _ in 0..200 {
            if is_seen(&self.seen().await) {
                return;
            }
            sleep(25).await;
        }
        panic!("the server has not seen {what}");
    }
}

async fn get<T: DeserializeOwned>(url: &str) -> T {
    Request::get(url).send().await.unwrap().json().await.unwrap()
}

/// Names the events that came so far, without waiting.
pub(super) fn names(events: &mut Events) -> Vec<&'static str> {
    std::iter::from_fn(|| events.next().now_or_never().flatten()).map(|event| name(&event)).collect()
}

/// Waits for the next event; `None` at the end of the stream.
pub(super) async fn next(events: &mut Events) -> Option<Event> {
    match select(events.next(), Box::pin(sleep(10_000))).await {
        Either::Left((event, _)) => event,
        Either::Right(_) => panic!("no event within ten seconds"),
    }
}

/// Waits for an event of this name, and returns it.
pub(super) async fn wait_for(events: &mut Events, wanted: &str) -> Event {
    while let Some(event) = next(events).await {
        if name(&event) == wanted {
            return event;
        }
    }
    panic!("the stream ended without {wanted}");
}

fn name(event: &Event) -> &'static str {
    match event {
        Event::Refreshing { .. } => "refreshing",
        Event::Refreshed { .. } => "refreshed",
        Event::Failed { .. } => "failed",
        Event::Expired => "expired",
        Event::Closed => "closed",
        _ => "unknown",
    }
}
