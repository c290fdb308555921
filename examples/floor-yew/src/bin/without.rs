//! The same page without Daypass, for `cargo xtask size`: gloo-net sends a token that the page's query holds.

use gloo_net::http::Request;
use serde::Deserialize;
use serde::de::IgnoredAny;
use web_sys::UrlSearchParams;
use yew::prelude::*;

#[derive(Deserialize)]
struct Floor {
    name: String,
    rooms: Vec<IgnoredAny>,
}

async fn load() -> Result<Floor, gloo_net::Error> {
    let request = Request::get(&format!("{}/v2/floor/first", query("api")));
    request.header("authorization", &query("authorization")).send().await?.json().await
}

#[derive(Default)]
struct FirstFloor {
    floor: Option<Floor>,
    failure: Option<String>,
    events: Vec<String>,
}

enum Message {
    Load,
    Loaded(Floor),
    Failed(gloo_net::Error),
}

impl Component for FirstFloor {
    type Message = Message;
    type Properties = ();

    fn create(context: &Context<Self>) -> Self {
        context.link().send_message(Message::Load);
        Self::default()
    }

    fn update(&mut self, context: &Context<Self>, message: Message) -> bool {
        match message {
            Message::Load => {
                self.failure = None;
                context.link().send_future(async { load().await.map_or_else(Message::Failed, Message::Loaded) });
            }
            Message::Loaded(floor) => {
                self.events.push(format!("loaded {}", floor.name));
                self.floor = Some(floor);
            }
            Message::Failed(failure) => self.failure = Some(failure.to_string()),
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
                if let Some(failure) = &self.failure {
                    <p role="alert">{ failure }</p>
                }
                <button onclick={context.link().callback(|_| Message::Load)}>{ "Reload" }</button>
                <ol>{ for self.events.iter().map(|event| html! { <li>{ event }</li> }) }</ol>
            </main>
        }
    }
}

fn query(name: &str) -> String {
    let search = web_sys::window().and_then(|window| window.location().search().ok()).unwrap_or_default();
    UrlSearchParams::new_with_str(&search).ok().and_then(|query| query.get(name)).unwrap_or_default()
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
