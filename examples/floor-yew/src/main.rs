//! A web app in Rust that shows a private floor: Yew draws it, Daypass keeps its token fresh.
//!
//! The page's query says where the servers are: `?api=https://api.example.com&provider=/floor-token`.

use std::rc::Rc;

use daypass::browser::{Client, Error, Event, Options, Provider, ProviderOptions, Source};
use daypass::{Scope, ScopeSet};
use futures_util::StreamExt;
use serde::Deserialize;
use serde::de::IgnoredAny;
use yew::prelude::*;

const READ_PRIVATE: Scope = Scope::literal("floor:readPrivate");

#[derive(Deserialize)]
struct Floor {
    name: String,
    rooms: Vec<IgnoredAny>,
}

/// What a person reads about a failure.
struct Failure {
    message: String,
    help: String,
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure { message: error.message(), help: error.help() }
    }
}

impl From<gloo_net::Error> for Failure {
    fn from(error: gloo_net::Error) -> Failure {
        Failure { message: error.to_string(), help: String::new() }
    }
}

/// Connects. The first token is there when this returns.
async fn connect() -> Result<Client, Failure> {
    let provider = Provider::url(query("provider"));
    let source = Source::Provider(ProviderOptions::new(provider).scopes(ScopeSet::from(vec![READ_PRIVATE])));
    Ok(Client::connect(Options::new(query("api"), source)).await?)
}

/// Gets the floor. A response that refuses says why.
async fn load(client: &Client) -> Result<Floor, Failure> {
    let response: web_sys::Response = client.get("v2/floor/first").await?.into();
    match client.refusal(&response).await {
        Some(error) => Err(error.into()),
        None => Ok(gloo_net::http::Response::from(response).json().await?),
    }
}

/// Shows the floor and what happens to the connection. Unmounting drops the client, which closes the connection.
#[derive(Default)]
struct FirstFloor {
    client: Option<Rc<Client>>,
    floor: Option<Floor>,
    failure: Option<Failure>,
    events: Vec<String>,
}

enum Message {
    Connected(Client),
    Happened(Event),
    Load,
    Loaded(Floor),
    Failed(Failure),
}

impl Component for FirstFloor {
    type Message = Message;
    type Properties = ();

    fn create(context: &Context<Self>) -> Self {
        context.link().send_future(async { connect().await.map_or_else(Message::Failed, Message::Connected) });
        Self::default()
    }

    fn update(&mut self, context: &Context<Self>, message: Message) -> bool {
        match message {
            Message::Connected(client) => {
                // The stream ends when the connection is closed, and with it this task.
                context.link().send_stream(client.events().map(Message::Happened));
                self.client = Some(Rc::new(client));
                context.link().send_message(Message::Load);
            }
            Message::Load => {
                let Some(client) = self.client.clone() else { return false };
                self.failure = None;
                let loading = async move { load(&client).await.map_or_else(Message::Failed, Message::Loaded) };
                context.link().send_future(loading);
            }
            Message::Happened(event) => self.events.push(describe(&event)),
            Message::Loaded(floor) => self.floor = Some(floor),
            Message::Failed(failure) => self.failure = Some(failure),
        }
        true
    }

    fn view(&self, context: &Context<Self>) -> Html {
        html! {
            <main>
                if let Some(Floor { name, rooms }) = &self.floor {
                    <h1>{ name }</h1>
                    <p>{ format!("{} rooms", rooms.len()) }</p>
                }
                if let Some(Failure { message, help }) = &self.failure {
                    <p role="alert">{ message }<br />{ help }</p>
                }
                <button onclick={context.link().callback(|_| Message::Load)}>{ "Reload" }</button>
                <ol>{ for self.events.iter().map(|event| html! { <li>{ event }</li> }) }</ol>
            </main>
        }
    }
}

fn describe(event: &Event) -> String {
    match event {
        Event::Refreshing { attempt } => format!("asking for a token, attempt {attempt}"),
        Event::Refreshed { .. } => "a new token is in use".into(),
        Event::Failed { error, .. } => format!("no new token: {error}"),
        other => format!("{other:?}"),
    }
}

/// Returns a parameter of the page's query.
fn query(name: &str) -> String {
    let search = web_sys::window().and_then(|window| window.location().search().ok()).unwrap_or_default();
    web_sys::UrlSearchParams::new_with_str(&search).ok().and_then(|query| query.get(name)).unwrap_or_default()
}

#[component]
fn Page() -> Html {
    let is_open = use_state(|| true);
    let (open, label) = (*is_open, if *is_open { "Close" } else { "Open" });
    html! {
        <>
            if open { <FirstFloor /> }
            <button onclick={move |_| is_open.set(!open)}>{ label }</button>
        </>
    }
}

fn main() {
    yew::Renderer::<Page>::new().render();
}
