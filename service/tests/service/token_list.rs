use std::io::Read;
use std::process::Stdio;

use reqwest::RequestBuilder;
use serde_json::json;

use super::running::add_tokens;
use super::running::{Daypass, expect_error, send, to_text};

fn list(daypass: &Daypass, query: &[(&str, &str)]) -> RequestBuilder {
    daypass.get("/v2/access-token").query(query).bearer_auth(&daypass.admin)
}

/// Returns a token's place in its organization, the first of a new store: 1 is the owner token. The second serial number is
/// the operator's, who is in none of its lists.
fn place(token: &serde_json::Value) -> Option<u64> {
    let serial = token["serial"].as_u64()?;
    assert_ne!(serial, 2, "another organization's token");
    Some(if serial > 2 { serial - 1 } else { serial })
}

/// Reads a page, and returns its tokens' places and the next cursor.
async fn page(daypass: &Daypass, query: &[(&str, &str)]) -> (Vec<u64>, Option<String>) {
    let (status, page) = send(list(daypass, query)).await;
    assert_eq!((status, page.as_object().map(serde_json::Map::len)), (200, Some(2)), "{page}");
    let serials = page["tokens"].as_array().expect("a list").iter().map(place);
    let cursor = &page["nextCursor"];
    assert!(cursor.is_string() || cursor.is_null(), "{cursor}");
    (serials.collect::<Option<_>>().expect("numbers"), cursor.as_str().map(str::to_owned))
}

/// Reads the pages of a list to its end, and returns their tokens' places.
async fn pages(daypass: &Daypass, query: &[(&str, &str)]) -> Vec<Vec<u64>> {
    let (mut pages, mut cursor) = (vec![], None);
    loop {
        let more: Vec<_> = cursor.iter().map(|cursor: &String| ("cursor", cursor.as_str())).collect();
        let (serials, next) = page(daypass, &[query, &more].concat()).await;
        pages.push(serials);
        cursor = next;
        if cursor.is_none() {
            return pages;
        }
    }
}

#[tokio::test]
async fn a_list_is_read_in_pages_newest_first() {
    let daypass = Daypass::start();
    add_tokens(&daypass, 1_049);
    let all: Vec<_> = (1..=1_050).rev().collect();
    for (query, sizes) in [
        (&[][..], vec![100; 10].into_iter().chain([50]).collect()),
        (&[("limit", "1000")], vec![1000, 50]),
        (&[("limit", "525")], vec![525, 525]),
        (&[("limit", "1"), ("kind", "secret")], vec![1]),
    ] {
        let pages = pages(&daypass, query).await;
        assert_eq!(pages.iter().map(Vec::len).collect::<Vec<_>>(), sizes, "{query:?}");
        let expected = if query.len() == 2 { vec![1] } else { all.clone() };
        assert_eq!(pages.concat(), expected, "{query:?}");
    }
}

#[tokio::test]
async fn a_list_stays_as_it_is_while_tokens_are_added_and_revoked() {
    let daypass = Daypass::start();
    add_tokens(&daypass, 9);
    let mut serials = vec![];
    let mut cursor = String::new();
    loop {
        let more = [("limit", "3"), ("cursor", cursor.as_str())];
        let (page, next) = page(&daypass, &more[..if cursor.is_empty() { 1 } else { 2 }]).await;
        serials.extend(page);
        let (_, id) = daypass.create_secret().await;
        daypass.revoke(&id).await;
        match next {
            Some(next) => cursor = next,
            None => break,
        }
    }
    assert_eq!(serials, (1..=10).rev().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_list_is_filtered_by_kind_state_and_a_part_of_the_name() {
    let daypass = Daypass::start();
    let create = async |kind: &str, name: &str| {
        let origins = if kind == "publishable" { json!(["a.example"]) } else { json!([]) };
        daypass.create_token(json!({"kind": kind, "name": name, "origins": origins})).await.1
    };
    create("publishable", "Web shop").await;
    let expired = create("publishable", "Web shop of 2025").await;
    create("secret", "Backend of the WEB SHOP").await;
    let revoked = create("secret", "Büro 100%").await;
    daypass.execute(&format!("UPDATE token SET expires_at = 1 WHERE id = '{expired}'"));
    daypass.revoke(&revoked).await;
    for (query, serials) in [
        (&[("state", "active")][..], &[4, 2, 1][..]),
        (&[("state", "expired")], &[3]),
        (&[("state", "revoked")], &[5]),
        (&[("name", "web shop")], &[4, 3, 2]),
        (&[("name", "BÜRO")], &[5]),
        (&[("name", "%")], &[5]),
        (&[("name", "")], &[5, 4, 3, 2, 1]),
        (&[("name", "nothing")], &[]),
        (&[("name", "shop"), ("kind", "publishable")], &[3, 2]),
        (&[("name", "shop"), ("kind", "publishable"), ("state", "active")], &[2]),
        (&[("kind", "secret"), ("state", "active")], &[4, 1]),
    ] {
        assert_eq!(pages(&daypass, query).await, [serials], "{query:?}");
        let query = [query, &[("limit", "1")]].concat();
        assert_eq!(pages(&daypass, &query).await.concat(), serials, "{query:?}");
    }
}

#[tokio::test]
async fn a_wrong_query_is_refused_and_the_message_names_the_field() {
    let daypass = Daypass::start();
    add_tokens(&daypass, 2);
    let (_, cursor) = page(&daypass, &[("limit", "1")]).await;
    let cursor = cursor.expect("a cursor");
    let (longer, shorter, long) = (format!("{cursor}A"), &cursor[1..], "n".repeat(513));
    for (field, value, says) in [
        ("limit", "0", "from 1 to 1000, not `0`"),
        ("limit", "1001", "from 1 to 1000, not `1001`"),
        ("limit", "-1", "from 1 to 1000"),
        ("limit", "", "from 1 to 1000"),
        ("limit", "ten", "from 1 to 1000"),
        ("limit", "99999999999999999999", "from 1 to 1000"),
        ("cursor", "", "`nextCursor` of an earlier page"),
        ("cursor", "2", "`nextCursor` of an earlier page"),
        ("cursor", "' OR 1=1 --", "`nextCursor` of an earlier page"),
        ("cursor", &longer, "`nextCursor` of an earlier page"),
        ("cursor", shorter, "`nextCursor` of an earlier page"),
        ("kind", "root", "unknown variant"),
        ("state", "deleted", "expected one of `active`, `suspended`, `expired`, `revoked`"),
        ("state", "", "expected one of `active`, `suspended`, `expired`, `revoked`"),
        ("name", &long, "at most 512 characters"),
        ("stat", "active", "unknown field"),
        ("after", "1", "unknown field"),
    ] {
        let message = expect_error(list(&daypass, &[(field, value)]), 400, "invalid_request").await;
        assert!(message.contains(&format!("{field}: ")) && message.contains(says), "{field}={value}: {message}");
    }
    let message = expect_error(list(&daypass, &[("limit", "1"), ("limit", "2")]), 400, "invalid_request").await;
    assert!(message.contains("`limit`"), "{message}");
    let bytes = daypass.get("/v2/access-token?name=%FF").bearer_auth(&daypass.admin);
    assert_eq!(send(bytes).await.0, 200, "bytes that are not UTF-8 are in no name");
    assert_eq!(page(&daypass, &[("limit", "1000"), ("cursor", &cursor)]).await, (vec![2, 1], None));
}

#[test]
fn the_command_line_lists_every_token_or_the_newest() {
    let daypass = Daypass::start();
    add_tokens(&daypass, 2_100);
    let serials = |options: &[&str]| -> Vec<u64> {
        let list = daypass.json(&[&["token", "list"], options].concat());
        assert_eq!(list.as_object().map(serde_json::Map::len), Some(1), "one document");
        list["tokens"].as_array().expect("a list").iter().filter_map(place).collect()
    };
    let lines = |options: &[&str]| -> usize {
        let output = daypass.command(&[&["token", "list"], options].concat());
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8_lossy(&output.stdout).lines().count()
    };
    let all: Vec<_> = (1..=2_101).rev().collect();
    assert_eq!(serials(&[]), all);
    assert_eq!(lines(&[]), 2_101);
    for limit in [1, 999, 1_000, 1_001, 2_101, 5_000] {
        let newest = &all[..limit.min(all.len())];
        assert_eq!(serials(&["--limit", &limit.to_string()]), newest);
        assert_eq!(lines(&["--limit", &limit.to_string()]), newest.len());
    }
    assert_eq!(serials(&["--kind", "secret"]), [1]);
    assert_eq!(serials(&["--name", "TOKEN 21", "--state", "active", "--limit", "1"]), [2_101]);
    assert_eq!(serials(&["--state", "expired"]), [0; 0]);
    assert_eq!((lines(&["--state", "expired"]), lines(&["--name", "OWNER"])), (0, 1));

    for (options, says) in [
        (["--limit", "0"], "--limit"),
        (["--limit", "many"], "--limit"),
        (["--state", "deleted"], "[possible values: active, suspended, expired, revoked]"),
        (["--name", &"n".repeat(513)], "at most 512 characters"),
    ] {
        let output = daypass.command(&[&["token", "list"], &options[..]].concat());
        let error = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success() && error.contains(says), "{error}");
    }
}

#[test]
fn a_list_is_printed_as_it_is_read() {
    let daypass = Daypass::start();
    // Much more than a pipe holds.
    add_tokens(&daypass, 20_000);
    for options in [&["token", "list"][..], &["token", "list", "--json"]] {
        let mut command = super::running::daypass();
        command.args(options).arg("--store").arg(daypass.store());
        let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("it starts");
        let mut start = [0; 100];
        process.stdout.take().expect("a pipe").read_exact(&mut start).expect("a start");
        let output = process.wait_with_output().expect("it ends");
        assert_eq!(String::from_utf8_lossy(&output.stderr), "", "a reader that stops is no failure to tell");
        assert!(!output.status.success(), "the list is not complete");
    }
}

#[tokio::test]
async fn a_revocation_counts_tokens_of_each_kind_however_many_there_are() {
    let daypass = Daypass::start();
    add_tokens(&daypass, 1_500);
    daypass.create_secret().await;
    let partner =
        to_text(&daypass.json(&["token", "list", "--limit", "1", "--kind", "application"])["tokens"][0]["id"]);
    daypass.revoke(&partner).await;
    let revoke = ["organization", "revoke", &daypass.organization()];
    let output = daypass.command(&revoke);
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(!output.status.success() && error.contains("active tokens: 2 secret, 1499 application"), "{error}");
    let before = ["organization", "revoke-issued-before", &daypass.organization(), "1"];
    let error = String::from_utf8_lossy(&daypass.command(&before).stderr).into_owned();
    assert!(error.contains("active tokens created before 1970-01-01T00:00:01Z (1): none"), "{error}");
}
