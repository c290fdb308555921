//! Who may call Crafter's paths: a token of each kind and format, in each place of a request.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::crafter::{call, create};
use super::locations::{CHOSEN, LOCATIONS, place, tokens};
use super::running::{DEFAULT_PROTOCOLS, Daypass, to_text};

/// Where these paths read an application token. Another place says nothing, or holds no such token.
const OWN_PLACES: [&str; 3] = ["Bearer", "accessTokenId", "x-api-key"];

#[tokio::test]
async fn only_application_tokens_are_let_in_and_a_chosen_id_only_as_the_parameter() {
    let daypass = Daypass::start_with(&[DEFAULT_PROTOCOLS]);
    let mut tokens = tokens(&daypass).await;
    let master = json!({"application": "console", "master": true, "tenantPermissions": []});
    let (_, master) = call(create(&daypass, CHOSEN, &master)).await;
    let master = to_text(&master["id"]);
    tokens.extend([("master", master.clone()), ("no token", String::new())]);
    let nothing = json!({"application": "nothing", "tenantPermissions": []});
    for (kind, token) in &tokens {
        for location in LOCATIONS {
            let (status, code) = match (*kind, location) {
                ("master", _) if OWN_PLACES.contains(&location) => (200, Value::Null),
                ("chosen id", "accessTokenId") => (200, Value::Null),
                // It has no scope for them.
                ("application", _) if OWN_PLACES.contains(&location) => (403, json!("ACTION_DENIED")),
                // A header says that there is a token, which may not be in it.
                ("application" | "master", "AL-Secret-Token" | "bare" | "cookie" | "x-api-token") => {
                    (403, json!("ACTION_DENIED"))
                }
                _ => (403, json!("ACCESS_DENIED")),
            };
            let victim = to_text(&call(create(&daypass, &master, &nothing)).await.1["id"]);
            let paths = ["create", "all", &victim].map(|path| format!("/api/1/access_token/{path}"));
            let requests: [RequestBuilder; 4] = [
                daypass.post(&paths[0]).json(&nothing),
                daypass.get(&paths[1]),
                daypass.get(&paths[2]),
                daypass.post(&format!("{}/delete", paths[2])),
            ];
            for (index, request) in requests.into_iter().enumerate() {
                let request = if token.is_empty() { request } else { place(request, location, token) };
                let (seen, body) = call(request).await;
                assert_eq!((seen, &body["errorCode"]), (status, &code), "{kind} in {location}, request {index}");
            }
            // As the form of a deletion, whose parameter is another place for the same tokens.
            if location == "accessTokenId" && !token.is_empty() {
                let form = daypass.post(&format!("{}/delete", paths[2])).form(&[("accessTokenId", token)]);
                let (seen, body) = call(form).await;
                assert_eq!((seen, &body["errorCode"]), (status, &code), "{kind} in the form");
            }
        }
    }
    let log = daypass.log();
    assert!(tokens.iter().all(|(_, token)| token.is_empty() || !log.contains(&**token)), "the log has no token");
}
