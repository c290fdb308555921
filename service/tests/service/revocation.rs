use std::time::Duration;

use daypass::api::RevocationTarget;
use serde_json::{Value, json};

use super::events::Event;
use super::running::{Daypass, FLOOR_READ, expect_error, mistype, now, send, to_text};

/// Returns whether an authentic token is revoked, as its holder sees it.
async fn is_revoked(daypass: &Daypass, token: &str) -> bool {
    let (status, described) = send(daypass.get("/v2/access-token/self").bearer_auth(token)).await;
    assert_eq!(status, 200, "{described}");
    described["revoked"] == true
}

/// Creates a signed bundle with this token.
async fn create_bundle(daypass: &Daypass, token: &str) -> String {
    let request = daypass.post("/v2/bundle/create").bearer_auth(token).json(&json!({"parameters": {}}));
    to_text(&send(request).await.1["bundle"])
}

/// Returns the targets in the feed that the owner of a token sees.
async fn read_feed(daypass: &Daypass, token: &str) -> Vec<RevocationTarget> {
    daypass.read_page(token, 0).await.revocations.into_iter().map(|entry| entry.target).collect()
}

/// Creates a secret token that can create bundles too.
async fn create_parent(daypass: &Daypass) -> (String, String) {
    daypass.create_token(json!({"kind": "secret", "name": "Parent", "scopes": [FLOOR_READ, "bundle:create"]})).await
}

fn revoke_issued_before(daypass: &Daypass, token: &str, time: &Value) -> reqwest::RequestBuilder {
    daypass.post("/v2/revocation").bearer_auth(token).json(&json!({"issuedBefore": time}))
}

#[tokio::test]
async fn a_stored_token_is_revoked_with_its_children_by_id_text_or_command() {
    let daypass = Daypass::start();
    let mut expected = vec![];
    for (serial, way) in [(3, "id"), (4, "text"), (5, "command")] {
        let (token, id) = create_parent(&daypass).await;
        let children = [daypass.create_temporary(&token).await, create_bundle(&daypass, &token).await];
        for again in [false, true] {
            assert_eq!(is_revoked(&daypass, &token).await, again, "{way}");
            match way {
                "id" => drop(daypass.revoke(&id).await),
                "text" => daypass.revoke_by_text(&token).await,
                _ => drop(daypass.json(&["token", "revoke", &id])),
            }
        }
        for token in [&token, &children[0], &children[1]] {
            assert!(is_revoked(&daypass, token).await, "{way}");
        }
        expected.push(RevocationTarget::Token { serial });
    }
    assert_eq!(read_feed(&daypass, &daypass.admin).await, expected);
}

#[tokio::test]
async fn a_bundle_reference_is_revoked_by_its_text_and_with_its_parent() {
    let daypass = Daypass::start();
    let partner = daypass.create_partner().await;
    let [first, second] =
        [daypass.create_reference(&partner, &json!({})).await, daypass.create_reference(&partner, &json!({})).await];
    daypass.revoke_by_text(&first).await;
    assert!(is_revoked(&daypass, &first).await && !is_revoked(&daypass, &second).await);
    daypass.revoke_by_text(&partner).await;
    assert!(is_revoked(&daypass, &second).await);
    assert_eq!(
        read_feed(&daypass, &daypass.admin).await,
        [RevocationTarget::Token { serial: 4 }, RevocationTarget::Token { serial: 3 }]
    );
}

#[tokio::test]
async fn a_jwt_is_revoked_alone() {
    let daypass = Daypass::start();
    let (token, _) = create_parent(&daypass).await;
    let signed = [daypass.create_temporary(&token).await, create_bundle(&daypass, &token).await];
    let sibling = daypass.create_temporary(&token).await;
    for signed in &signed {
        for again in [false, true] {
            assert_eq!(is_revoked(&daypass, signed).await, again);
            daypass.revoke_by_text(signed).await;
        }
        assert!(is_revoked(&daypass, signed).await);
    }
    assert!(!is_revoked(&daypass, &sibling).await && !is_revoked(&daypass, &token).await);
    let entries = read_feed(&daypass, &daypass.admin).await;
    assert!(matches!(&entries[..], [RevocationTarget::Jwt { .. }, RevocationTarget::Jwt { .. }]), "{entries:?}");
}

#[tokio::test]
async fn revoking_a_token_of_another_organization_changes_nothing_silently() {
    let daypass = Daypass::start();
    let (other, _) = create_parent(&daypass).await;
    let signed = daypass.create_temporary(&other).await;
    let move_away = "INSERT INTO organization (id, created_at) VALUES ('org_other', 1);
        UPDATE token SET organization = 'org_other' WHERE name = 'Parent'";
    daypass.execute(move_away);
    // Issued for its new organization, not for the admin's.
    let others = daypass.create_temporary(&other).await;
    let forged = format!("{}.{}", signed.rsplit_once('.').expect("a signature").0, "A".repeat(86));
    for token in [&other, &others, &forged, &mistype(&daypass.admin), "x", "a.b.c", "dp_sec_%00"] {
        daypass.revoke_by_text(token).await;
    }
    assert!(!is_revoked(&daypass, &other).await && !is_revoked(&daypass, &others).await);
    assert_eq!(read_feed(&daypass, &daypass.admin).await, []);
}

#[tokio::test]
async fn a_revocation_is_a_form_from_an_authorized_caller() {
    let daypass = Daypass::start();
    let post = || daypass.post("/revoke").bearer_auth(&daypass.admin);
    for request in [post(), post().json(&json!({"token": "x"})), post().form(&[("name", "x")])] {
        expect_error(request, 400, "invalid_request").await;
    }
    let (without, _) =
        daypass.create_token(json!({"kind": "secret", "name": "n", "scopes": ["token:introspect"]})).await;
    let temporary = daypass.create_temporary(&daypass.admin).await;
    let form = [("token", "x"), ("token_type_hint", "access_token")];
    expect_error(daypass.post("/revoke").form(&form), 401, "missing_token").await;
    expect_error(daypass.post("/revoke").form(&form).bearer_auth(&without), 403, "insufficient_scope").await;
    expect_error(revoke_issued_before(&daypass, &without, &json!(1)), 403, "insufficient_scope").await;
    expect_error(revoke_issued_before(&daypass, &temporary, &json!(1)), 403, "kind_not_accepted").await;
    assert_eq!(post().form(&form).send().await.expect("a response").status(), 200);
}

#[tokio::test]
async fn tokens_issued_before_a_time_are_revoked_and_later_ones_stay_active() {
    let daypass = Daypass::start();
    let organization = daypass.organization();
    let (old, id) = create_parent(&daypass).await;
    let (_, revoked) = daypass.create_secret().await;
    let scopes = ["token:revoke", "token:introspect"];
    let (caller, _) = daypass.create_token(json!({"kind": "secret", "name": "Caller", "scopes": scopes})).await;
    let (new, _) = create_parent(&daypass).await;
    daypass.revoke(&revoked).await;
    let time = now() - 50;
    let age = |time: u64, id: &str| {
        daypass.execute(&format!("UPDATE token SET created_at = {time} WHERE id = '{id}'"));
    };
    age(time - 1, &id);
    age(time - 1, &revoked);
    // The orphan was issued after the time, by a parent that was issued before it.
    let (orphan, child) = (daypass.create_temporary(&old).await, daypass.create_temporary(&new).await);

    let (status, first) = send(revoke_issued_before(&daypass, &caller, &json!(time))).await;
    assert_eq!(status, 200, "{first}");
    let at = first["at"].as_u64().expect("a time");
    assert!((now() - 5..=now()).contains(&at));
    let expected = json!({"seq": 2, "at": at, "level": "issuedUpTo", "organization": organization, "time": time,
        "rootSerial": 3});
    assert_eq!(first, expected);
    assert!(is_revoked(&daypass, &old).await && is_revoked(&daypass, &orphan).await);
    assert!(!is_revoked(&daypass, &new).await && !is_revoked(&daypass, &child).await);
    // It was created before the first one, by its number: a clock was wrong.
    assert!(is_revoked(&daypass, &daypass.admin).await && !is_revoked(&daypass, &caller).await);
    expect_error(
        daypass.post("/v2/bundle/create").bearer_auth(&old).json(&json!({"parameters": {}})),
        401,
        "token_revoked",
    )
    .await;

    let entries = || {
        vec![
            RevocationTarget::Token { serial: 4 },
            RevocationTarget::IssuedUpTo { organization: organization.clone(), time, root_serial: 3 },
        ]
    };
    assert_eq!(read_feed(&daypass, &caller).await, entries());

    // An earlier time, or the same again, changes nothing; neither does revoking a revoked token by its id.
    for earlier in [time, time - 1, 0] {
        assert_eq!(send(revoke_issued_before(&daypass, &caller, &json!(earlier))).await, (200, first.clone()));
    }
    daypass.json(&["token", "revoke", &revoked]);
    assert_eq!(read_feed(&daypass, &caller).await, entries());

    for wrong in [json!(now() + 60), json!(u64::MAX)] {
        let message =
            expect_error(revoke_issued_before(&daypass, &caller, &wrong), 400, "invalid_request").await;
        assert!(message.contains("in the future"), "{message}");
    }
    for wrong in [json!(-1), json!("1"), json!(1.5), Value::Null] {
        expect_error(revoke_issued_before(&daypass, &caller, &wrong), 400, "invalid_body").await;
    }
    let misspelt = daypass.post("/v2/revocation").bearer_auth(&caller);
    expect_error(misspelt.json(&json!({"issuedBefore": 1, "organization": "x"})), 400, "invalid_body").await;
    assert_eq!(read_feed(&daypass, &caller).await, entries());
}

#[tokio::test]
async fn a_time_revokes_what_was_issued_while_a_clock_was_ahead_and_nothing_that_is_issued_later() {
    let daypass = Daypass::start();
    let organization = daypass.organization();
    let revoke = |time: u64| {
        daypass.json(&["organization", "revoke-issued-before", &organization, &time.to_string(), "--yes"])
    };
    let ahead = now() + 5 * 86_400;
    let (stored, id) = create_parent(&daypass).await;
    let minted = daypass.create_temporary(&stored).await;
    daypass.execute(&format!("UPDATE token SET created_at = {ahead} WHERE id = '{id}'"));
    let output = daypass.command(&["organization", "revoke-issued-before", &organization, &(now() - 1).to_string()]);
    let asked = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(asked.contains(": 2 secret"), "what is asked first counts it: {asked}");
    revoke(now() - 1);
    assert!(is_revoked(&daypass, &stored).await && is_revoked(&daypass, &minted).await);

    // The clock was ahead when the time was given.
    daypass.execute(&format!("UPDATE organization SET issued_before = {ahead}"));
    let create = ["create", "--organization", &organization, "--kind", "secret", "--name", "n", "--scope", FLOOR_READ];
    let output = daypass.token_command(&[&create[..], &["--json"]].concat());
    let created: Value = serde_json::from_slice(&output.stdout).expect("a token");
    let (stored, id) = (to_text(&created["token"]), to_text(&created["id"]));
    // Until the service knows the entry, it mints JWTs that the entry ends.
    tokio::time::sleep(Duration::from_millis(500)).await;
    let minted = daypass.create_temporary(&stored).await;
    assert!(!is_revoked(&daypass, &stored).await && !is_revoked(&daypass, &minted).await);
    daypass.execute(&format!("UPDATE token SET created_at = created_at - 9 WHERE id = '{id}'"));
    assert_eq!(revoke(now() - 5)["time"], json!(ahead), "the later time counts");
    assert!(is_revoked(&daypass, &stored).await && is_revoked(&daypass, &minted).await);
}

#[tokio::test]
async fn a_jwt_issued_before_the_time_is_revoked_without_its_parent() {
    let daypass = Daypass::start();
    let (parent, id) = create_parent(&daypass).await;
    let before = daypass.create_temporary(&parent).await;
    tokio::time::sleep(Duration::from_millis(1100)).await;
    let time = now();
    daypass.execute(&format!("UPDATE token SET created_at = {time} WHERE id = '{id}'"));
    let after = daypass.create_temporary(&parent).await;
    // The caller's token is older than the time too: the request succeeds and revokes it.
    assert_eq!(send(revoke_issued_before(&daypass, &daypass.admin, &json!(time))).await.0, 200);
    for (token, expected) in [(&before, true), (&parent, false), (&after, false), (&daypass.admin, true)] {
        assert_eq!(is_revoked(&daypass, token).await, expected);
    }
    expect_error(revoke_issued_before(&daypass, &daypass.admin, &json!(time)), 401, "token_revoked").await;
}

#[tokio::test]
async fn an_organization_is_revoked_with_all_its_tokens_and_no_other() {
    let daypass = Daypass::start();
    let organization = daypass.organization();
    let (api, _) = daypass.create_token(json!({"kind": "secret", "name": "API", "scopes": ["token:introspect"]})).await;
    let (token, _) = create_parent(&daypass).await;
    let partner = daypass.create_partner().await;
    let stored =
        [daypass.admin.clone(), token.clone(), partner.clone(), daypass.create_reference(&partner, &json!({})).await];
    let signed = [daypass.create_temporary(&token).await, create_bundle(&daypass, &partner).await];
    let grants = r#"[{"tenant":"org_other","scopes":["token:introspect","token:read","bundle:create"]}]"#;
    // It is newer, so that the command line continues to use the first.
    let move_away = "INSERT INTO organization (id, created_at) VALUES ('org_other', unixepoch() + 1)";
    daypass.execute(move_away);
    daypass.execute(&format!("UPDATE token SET organization = 'org_other', grants = '{grants}' WHERE name = 'API'"));

    let mut own = daypass.subscribe(&daypass.admin, 0).await;
    own.until_heartbeat().await;
    let first = daypass.json(&["organization", "revoke", &organization, "--yes"]);
    assert_eq!(first["organization"], json!(organization));
    assert_eq!(daypass.json(&["organization", "revoke", &organization, "--yes"]), first, "the first revocation stands");
    for token in stored.iter().chain(&signed) {
        assert!(is_revoked(&daypass, token).await);
    }
    // The organization's subscribers get the entry, and nothing after it.
    let received = loop {
        if let Event::Revocation(entry) = own.next().await.expect("the entry that ends it") {
            break entry;
        }
    };
    assert_eq!(json!(received), first);
    own.expect_end().await;
    // A token created now would be revoked too, so that none is created.
    let create = ["create", "--kind", "secret", "--name", "n"];
    let output = daypass.token_command(&[&create[..], &["--organization", &organization]].concat());
    let error = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && error.contains("The organization was revoked"), "{error}");

    let page = daypass.read_page(&api, 0).await;
    assert_eq!((page.revocations, page.latest), (vec![], 1));
    assert!(!is_revoked(&daypass, &api).await && !is_revoked(&daypass, &create_bundle(&daypass, &api).await).await);
    assert_eq!(daypass.session().number("SELECT count(*) FROM revocation"), 1);
}

#[tokio::test]
async fn the_command_line_describes_revocations_in_words() {
    let daypass = Daypass::start();
    let organization = daypass.organization();
    let run = |arguments: &[&str]| {
        let output = daypass.command(arguments);
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).expect("UTF-8"))
    };
    for (arguments, succeeds, says) in [
        (&["revoke-issued-before", &organization, "1000"][..], true, "issued before 1970-01-01T00:16:40Z (1000)."),
        (&["revoke-issued-before", &organization, "999"], true, "issued before 1970-01-01T00:16:40Z (1000)."),
        (&["revoke-issued-before", &organization, "99999999999"], false, "in the future"),
        (&["revoke-issued-before", &organization, "soon"], false, "invalid value 'soon'"),
        (&["revoke-issued-before", "org_unknown", "1000"], false, "no organization with id org_unknown in"),
        (&["revoke", "org_unknown"], false, "no organization with id org_unknown in"),
        (&["revoke", &organization], true, "all tokens of the organization org_"),
    ] {
        let (succeeded, text) = run(&[&["organization"], arguments, &["--yes"]].concat());
        assert!(succeeded == succeeds && text.contains(says), "{arguments:?}: {text}");
    }
}

#[tokio::test]
async fn no_acknowledged_revocation_is_lost_in_a_crash() {
    let mut daypass = Daypass::start();
    let mut expected = vec![];
    for (serial, way) in [(3, "text"), (4, "id"), (5, "signed"), (6, "issued before")] {
        let (token, id) = create_parent(&daypass).await;
        match way {
            "text" => daypass.revoke_by_text(&token).await,
            "id" => drop(daypass.revoke(&id).await),
            "signed" => daypass.revoke_by_text(&daypass.create_temporary(&token).await).await,
            _ => assert_eq!(send(revoke_issued_before(&daypass, &daypass.admin, &json!(1000))).await.0, 200),
        }
        daypass.restart();
        let entries = read_feed(&daypass, &daypass.admin).await;
        assert_eq!((entries.len(), &entries[..expected.len()]), (expected.len() + 1, &expected[..]), "{way}");
        expected = entries;
        assert_eq!(is_revoked(&daypass, &token).await, serial < 5, "{way}");
    }
    assert_eq!(expected[..2], [RevocationTarget::Token { serial: 3 }, RevocationTarget::Token { serial: 4 }]);
    assert!(
        matches!(expected[2], RevocationTarget::Jwt { .. })
            && matches!(expected[3], RevocationTarget::IssuedUpTo { .. })
    );
}
