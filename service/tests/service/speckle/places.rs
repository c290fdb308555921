//! A token of each kind and format, in each place of a request.

use serde_json::{Value, json};

use super::running::{DEFAULT_PROTOCOLS, Daypass, send};
use super::{WHO, locations};
use locations::{LOCATIONS, place, tokens};

/// The places that are read, which are all that Speckle has. In each other place a token says nothing.
const READ: [&str; 4] = ["Bearer", "bare", "embedToken", "cookie"];

/// What `activeUser` is for each kind and format, in the order of [`READ`]: the user, `NULL`, or `NONE` if the token is
/// refused.
const OUTCOMES: [(&str, [&str; READ.len()]); 12] = [
    // It comes from no page.
    ("publishable", [NONE, NONE, NONE, NONE]),
    ("secret", [NULL, NULL, NONE, NONE]),
    ("personal", [USER, USER, NONE, USER]),
    ("application", [NULL, NULL, NONE, NONE]),
    ("temporary", [NONE, NONE, NONE, NONE]),
    ("reference", [NONE, NONE, NONE, NONE]),
    ("signed bundle", [NONE, NONE, NONE, NONE]),
    // It lacks `profile:read`.
    ("oauthAccess", [NULL, NULL, NONE, NONE]),
    ("oauthRefresh", [NONE, NONE, NONE, NONE]),
    ("Speckle's", [USER, USER, NONE, USER]),
    ("UUID", [NONE, NONE, NONE, NONE]),
    ("chosen id", [NONE, NONE, NONE, NONE]),
];
const USER: &str = "user";
const NULL: &str = "null";
const NONE: &str = "Your token is not valid.";

#[tokio::test]
async fn every_kind_and_format_counts_only_where_speckle_reads_it() {
    let daypass = Daypass::start_with(&[DEFAULT_PROTOCOLS]);
    let mut outcomes = Vec::new();
    for (kind, token) in tokens(&daypass).await {
        let mut row = Vec::new();
        for location in LOCATIONS {
            let request = place(daypass.post("/graphql"), location, &token).json(&json!({"query": WHO}));
            let (status, body) = send(request).await;
            let seen = match (status, &body["data"]["activeUser"]) {
                (200, Value::Null) => NULL,
                (200, _) => USER,
                _ => {
                    assert_eq!((status, &body), (403, &json!({"error": NONE})), "{kind} in {location}");
                    NONE
                }
            };
            if READ.contains(&location) {
                row.push(seen);
            } else {
                assert_eq!(seen, NULL, "{kind} in {location}, which is not read");
            }
        }
        outcomes.push((kind, row));
    }
    assert_eq!(outcomes, OUTCOMES.map(|(kind, row)| (kind, row.to_vec())));
}
