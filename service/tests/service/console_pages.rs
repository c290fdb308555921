//! The console's pages beside those about tokens: why a request was refused, members, the audit trail, and the rest.

use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use super::console::{Person, answer, shown_serial};
use super::people::PASSWORD;
use super::running::{Daypass, FLOOR_READ, send, to_text};

/// Every page that is reached by an address alone.
const PAGES: [&str; 8] = ["use", "refusal", "members", "applications", "audit", "organization", "scopes", "keys"];

/// A name that is markup, turns the text around, and closes an attribute.
const HOSTILE: &str = "<img src=x onerror=alert(1)>\"'\u{202e}";
/// A name that is markup. One with a hidden character is refused.
const MARKUP: &str = "<img src=x onerror=alert(1)>\"'";

/// Creates a publishable token for a shop, and returns its text and its record.
async fn create_shop(daypass: &Daypass) -> (String, Value) {
    let body = json!({"kind": "publishable", "name": "Web shop", "scopes": ["floor:readPublic"], "origins": ["shop.example.com"]});
    let (status, created) = send(daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&body)).await;
    assert_eq!(status, 201, "{}", created["message"]);
    (to_text(&created["token"]), created)
}

#[tokio::test]
async fn each_page_is_for_the_roles_that_may_have_it_and_has_the_policy_of_all() {
    let daypass = Daypass::start();
    for (role, sees_audit) in [("viewer", false), ("developer", false), ("admin", true), ("owner", true)] {
        let person = Person::join(&daypass, role).await;
        for path in PAGES {
            let page = person.get(path).await;
            let expected = if path == "audit" && !sees_audit { 403 } else { 200 };
            assert_eq!((page.status, &*page.cache), (expected, "no-store"), "{role} {path}");
            assert!(!page.policy.contains("unsafe") && page.policy.contains("form-action 'self'"), "{role} {path}");
            assert!(!page.text.contains(" style=") && !page.text.contains("<script>"), "{role} {path}");
            let is_offered = page.text.contains(&format!("href=\"{}\"", person.path("audit")));
            assert_eq!(is_offered, sees_audit, "{role} {path}");
        }
        for path in ["members/new", "members/nobody/edit", "members/nobody/remove"] {
            let expected = match (sees_audit, path) {
                (false, _) => 403,
                (true, "members/new") => 200,
                (true, _) => 404,
            };
            assert_eq!(person.get(path).await.status, expected, "{role} {path}");
        }
    }
}

#[tokio::test]
async fn a_refusal_is_explained_step_by_step_by_the_answer_and_the_token() {
    let daypass = Daypass::start();
    let viewer = Person::join(&daypass, "viewer").await;
    let (text, record) = create_shop(&daypass).await;
    let id = to_text(&record["id"]);
    let public_part = format!("dp_pub_…{}", to_text(&record["lastChars"]));
    let refused = r#"{"error":"origin_not_allowed","message":"m","help":"h","status":403,"origin":"https://evil.example"}"#;
    for token in [&*id, &public_part, &text] {
        let page = viewer.post("refusal", &[("answer", refused), ("token", token), ("location", "query")]).await;
        assert_eq!((page.status, &*page.cache, &*page.location), (200, "no-store", ""));
        page.has(&[
            "Refused: <code>origin_not_allowed</code> (403)",
            "The answer said the same as is decided now.",
            "<code><bdi>https://evil.example</bdi></code>",
            "<li class=\"differs\"><code><bdi>shop.example.com</bdi></code> does not match",
            "<li class=\"failed\"><h3>May this page use it?",
            "<li class=\"passed\"><h3>May a token of its kind be there?",
            "<li class=\"passed\"><h3>Is it within its life?",
            "<li class=\"unknown\"><h3>May it do that?",
        ]);
        assert!(!page.text.contains(&text), "the page shows the token");
        page.has(&[&format!("name=\"token\" value=\"{id}\"")]);
    }
    let of = async |fields: &[(&str, &str)]| {
        let fields: Vec<_> = [("token", &*id), ("location", "query")].into_iter().chain(fields.iter().copied()).collect();
        viewer.post("refusal", &fields).await
    };
    let good = ("origin", "https://shop.example.com");
    of(&[good, ("scope", "floor:readPublic")]).await.has(&["A verifier would accept it now", "has it"]);
    of(&[good, ("scope", "floor:export")]).await.has(&["Refused: <code>insufficient_scope</code>", "lacks the scope"]);
    of(&[good, ("scope", "floor:readPublic"), ("tenant", "other")]).await.has(&["is for another tenant"]);
    of(&[good, ("answer", refused)]).await.has(&["The answer said <code>origin_not_allowed</code>, and the decision now is that it passes"]);
    let wrong_place = viewer.post("refusal", &[("token", &id), good, ("location", "api-key")]).await;
    wrong_place.has(&["Refused: <code>kind_not_accepted</code>", "It was here: Header x-api-key."]);
    let revoked = daypass.request(Method::DELETE, &format!("/v2/access-token/{id}")).bearer_auth(&daypass.admin);
    assert_eq!(send(revoked).await.0, 200);
    of(&[good]).await.has(&["Refused: <code>token_revoked</code>", "A revocation is for good."]);

    // What is found by nothing is not shown again: it may be a token with a typing error.
    let unknown = viewer.post("refusal", &[("token", "dp_sec_mistyped"), ("answer", "dp_sec_pasted by mistake")]).await;
    assert_eq!(unknown.status, 400);
    assert!(!unknown.text.contains("mistyped") && !unknown.text.contains("pasted by"));
    let unknown = viewer.post("refusal", &[("token", "dp_sec_mistyped")]).await;
    unknown.has(&["verifiers answer", "invalid_token"]);
    assert!(!unknown.text.contains("dp_sec_mistyped"));
    let hostile = of(&[("origin", HOSTILE), ("tenant", HOSTILE), ("scope", "floor:export")]).await;
    assert!(!hostile.text.contains("<img") && !hostile.text.contains('\u{202e}'));
}

#[tokio::test]
async fn a_temporary_token_is_explained_too_and_a_token_of_another_organization_is_unknown() {
    let daypass = Daypass::start();
    let viewer = Person::join(&daypass, "viewer").await;
    let body = json!({"kind": "secret", "name": "Backend", "scopes": ["floor:readPublic"]});
    let (_, secret) = send(daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&body)).await;
    let body = json!({"scopes": ["floor:readPublic"], "origins": ["https://shop.example.com"]});
    let request = daypass.post("/v2/temporary-access-token/create").bearer_auth(to_text(&secret["token"]));
    let (status, made) = send(request.json(&body)).await;
    assert_eq!(status, 200, "{}", made["message"]);
    let text = to_text(&made["authorization"]);
    let text = text.strip_prefix("Bearer ").expect("a bearer token");
    let fields = [("token", text), ("origin", "https://shop.example.com"), ("location", "bearer"), ("scope", "floor:readPublic")];
    let page = viewer.post("refusal", &fields).await;
    page.has(&["A verifier would accept it now", "A temporary token, made from"]);
    assert!(!page.text.contains(text), "the page shows the token");
    let id = to_text(&secret["id"]);
    let revoke = daypass.request(Method::DELETE, &format!("/v2/access-token/{id}")).bearer_auth(&daypass.admin);
    assert_eq!(send(revoke).await.0, 200);
    viewer.post("refusal", &fields).await.has(&["Refused: <code>token_revoked</code>", "or what it was made from was"]);

    let operator = to_text(&daypass.line["operatorToken"]);
    let (_, created) = send(daypass.post("/v2/organization").bearer_auth(&operator).json(&json!({"name": "Chairs"}))).await;
    let other = to_text(&created["ownerToken"]["token"]);
    for token in [&other, &to_text(&created["ownerToken"]["id"]), &operator] {
        let page = viewer.post("refusal", &[("token", token)]).await;
        assert_eq!(page.status, 400);
        assert!(!page.text.contains(&**token) && !page.text.contains("Owner token"), "it tells of another organization");
    }
}

#[tokio::test]
async fn a_request_id_leads_to_its_entry_for_those_who_may_read_the_trail() {
    let daypass = Daypass::start();
    let (admin, viewer) = (Person::join(&daypass, "admin").await, Person::join(&daypass, "viewer").await);
    let rename = admin.request(Method::POST, &admin.path("organization")).header("origin", &daypass.url);
    let renamed = rename.form(&[("name", "Renamed")]).send().await.expect("a response");
    assert_eq!(renamed.status(), 303);
    let id = renamed.headers()["x-request-id"].to_str().expect("text").to_owned();
    admin.post("refusal", &[("answer", &id)]).await.has(&["organization.rename", "admin@example.com"]);
    admin.post("refusal", &[("answer", &id)]).await.has(&[&format!("The request <code><bdi>{id}</bdi></code>")]);
    admin.post("refusal", &[("answer", "Root=1-6789/ab+c:d")]).await.has(&["The audit trail has no entry of it"]);
    // What has no entry may be a token, of another system too, or one that was cut off.
    for token in ["0123456789abcdef0123456789abcdef0123456789", "dp_sec_cutoff", "eyJhbGciOiJFUzI1NiJ9.e30.c2ln"] {
        assert!(!admin.post("refusal", &[("answer", token)]).await.text.contains(token), "the page repeats a token");
    }
    for field in ["origin", "scope", "tenant", "resources"] {
        let page = admin.post("refusal", &[(field, "floor:dp_sec_cutoff")]).await;
        assert_eq!(page.status, 400, "{field}");
        page.has(&["A token goes into the field for the token.", &format!("id=\"{field}-problem\"")]);
        assert!(!page.text.contains("cutoff"), "{field}");
    }
    viewer.post("refusal", &[("answer", &id)]).await.has(&["Only admins and owners read the audit trail"]);
}

#[tokio::test]
async fn an_admin_adds_invites_edits_and_removes_members_and_is_told_what_ends() {
    let daypass = Daypass::start();
    let admin = Person::join(&daypass, "admin").await;
    let user = [("kind", "user"), ("name", MARKUP), ("email", "grace@example.com"), ("role", "developer")];
    let added = admin.post("members/new", &user).await;
    assert_eq!(added.status, 303, "{}", added.text);
    let page = answer(admin.request(Method::GET, &added.location)).await;
    assert!(!page.text.contains("<img"));
    page.has(&["&lt;img src=x", "grace@example.com", "developer", "No active token belongs to it."]);
    let own = added.location.strip_prefix(&admin.path("")).expect("a page of the organization").to_owned();
    admin.post("members/new", &user).await.has(&["has this email already", "aria-invalid=\"true\""]);
    let nameless = admin.post("members/new", &[("kind", "user"), ("email", "a@example.com"), ("role", "owner")]).await;
    assert_eq!(nameless.status, 400);
    nameless.has(&["The member was not added", "a@example.com"]);
    // An admin gives no role above the own one.
    let owner = admin.post("members/new", &[("kind", "user"), ("name", "n"), ("email", "o@example.com"), ("role", "owner")]).await;
    assert_eq!(owner.status, 400);
    owner.has(&["Your role may not do this"]);

    let invited = admin.post(&format!("{own}/invite"), &[]).await;
    assert_eq!((invited.status, &*invited.cache), (201, "no-store"));
    let link = invited.text.split("id=\"link\" value=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a link");
    let secret = link.split_once('#').expect("a secret").1;
    assert!(!answer(admin.request(Method::GET, &added.location)).await.text.contains(secret));
    let mut browser = super::people::Browser::new(&daypass);
    let accept = browser.post("/v2/invitation/accept", &json!({"invitation": secret, "password": PASSWORD}));
    assert_eq!(browser.send(accept).await.0, 200);
    let token = json!({"kind": "personal", "name": "mine", "scopes": ["floor:export"]});
    assert_eq!(send(browser.post("/v2/access-token", &token)).await.0, 201);

    // The lower role ends a token: the form says so first.
    admin.get(&format!("{own}/edit")).await.has(&["name=\"version\" value=\"1\""]);
    let lower = [("name", "Grace"), ("role", "viewer"), ("version", "1")];
    let asked = admin.post(&format!("{own}/edit"), &lower).await;
    assert_eq!(asked.status, 200);
    asked.has(&["The lower role ends 1 token", "name=\"ending\" value=\"1\""]);
    admin.get(&own).await.has(&["1 personal token", "developer"]);
    let confirmed = admin.post(&format!("{own}/edit"), &[&lower[..], &[("ending", "1")]].concat()).await;
    assert_eq!(confirmed.status, 303, "{}", confirmed.text);
    admin.get(&own).await.has(&["Grace", "viewer", "No active token belongs to it."]);
    let stale = admin.post(&format!("{own}/edit"), &[("name", "Late"), ("role", "viewer"), ("version", "1")]).await;
    assert_eq!(stale.status, 409);

    let service = admin.post("members/new", &[("kind", "serviceAccount"), ("name", "Web shop")]).await;
    let id = service.location.rsplit('/').next().expect("an id").to_owned();
    let token = json!({"kind": "secret", "name": "Backend", "scopes": ["floor:readPublic"], "owner": id});
    assert_eq!(send(daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&token)).await.0, 201);
    admin.get(&format!("members/{id}/remove")).await.has(&["1 secret token", "Remove the member"]);
    // The form is for the tokens that the page named.
    let other = admin.post(&format!("members/{id}/remove"), &[("ending", "0")]).await;
    assert_eq!(other.status, 200);
    // Once told so, a person agrees to any: more of them keep nobody from the removal.
    other.has(&["Nothing was removed", "1 secret token", "name=\"ending\" value=\"any\""]);
    admin.get(&format!("members/{id}")).await.has(&["active"]);
    assert_eq!(admin.post(&format!("members/{id}/remove"), &[]).await.status, 200);
    assert_eq!(send(daypass.post("/v2/access-token").bearer_auth(&daypass.admin).json(&token)).await.0, 201);
    assert_eq!(admin.post(&format!("members/{id}/remove"), &[("ending", "any")]).await.status, 303);
    admin.get(&format!("members/{id}")).await.has(&["removed", "No active token belongs to it."]);
    admin.get("members?kind=user").await.has(&["grace@example.com"]);
    assert!(!admin.get("members?kind=application").await.text.contains("grace@example.com"));
    assert_eq!(admin.get("members?kind=nonsense").await.status, 400);
}

#[tokio::test]
async fn a_token_of_another_owner_is_created_once_more_for_that_owner_by_those_who_may() {
    let daypass = Daypass::start();
    let (owner, developer) = (Person::join(&daypass, "owner").await, Person::join(&daypass, "developer").await);
    let added = owner.post("members/new", &[("kind", "serviceAccount"), ("name", "Planner")]).await;
    let id = added.location.rsplit('/').next().expect("an id");
    daypass.create_token(json!({"kind": "application", "name": "engine", "id": "engine", "scopes": [FLOOR_READ], "owner": id})).await;
    let serial = shown_serial(&owner.get("tokens/engine/revoke").await);
    assert_eq!(owner.post("tokens/engine/revoke", &[("serial", &serial)]).await.status, 303);
    assert!(!developer.get("tokens/engine").await.text.contains("/recreate\""));
    assert!(!developer.get("tokens/engine/recreate").await.text.contains("<form"));
    assert_eq!(developer.post("tokens/engine/recreate", &[]).await.status, 403);
    owner.get("tokens/engine").await.has(&["/recreate\""]);
    owner.get("tokens/engine/recreate").await.has(&["It belongs to <bdi>Planner</bdi>", "<form method=\"post\""]);
    assert_eq!(owner.post(&format!("members/{id}/remove"), &[("ending", "0")]).await.status, 303);
    assert!(!owner.get("tokens/engine/recreate").await.text.contains("<form"));
}

#[tokio::test]
async fn no_form_is_taken_from_another_site_or_from_a_role_that_may_not() {
    let daypass = Daypass::start();
    let (owner, viewer) = (Person::join(&daypass, "owner").await, Person::join(&daypass, "viewer").await);
    let added = owner.post("members/new", &[("kind", "serviceAccount"), ("name", "Target")]).await;
    let own = added.location.strip_prefix(&owner.path("")).expect("a page of the organization").to_owned();
    let forms = ["members/new", "organization", "refusal", &format!("{own}/edit"), &format!("{own}/invite"), &format!("{own}/remove")];
    let fields = [("kind", "serviceAccount"), ("name", "Stolen"), ("version", "1"), ("token", "t")];
    for form in forms {
        let request = owner.request(Method::POST, &owner.path(form)).header("origin", "https://evil.example");
        let refused = answer(request.form(&fields)).await;
        assert_eq!(refused.status, 403, "{form}");
        refused.has(&["Not from this site"]);
        if form != "refusal" {
            assert_eq!(viewer.post(form, &fields).await.status, 403, "{form}");
        }
    }
    owner.get(&own).await.has(&["Target", "active"]);
    owner.get("organization").await.has(&["First organization"]);
}

#[tokio::test]
async fn the_trail_is_filtered_and_exported_as_the_api_has_it() {
    let daypass = Daypass::start();
    let admin = Person::join(&daypass, "admin").await;
    create_shop(&daypass).await;
    assert_eq!(admin.post("organization", &[("name", "Renamed")]).await.status, 303);
    let all = admin.get("audit").await;
    all.has(&["organization.rename", "token.create", "Export CSV"]);
    let some = admin.get("audit?action=organization.rename&actor=admin%40example.com&outcome=ok&since=2020-01-01").await;
    some.has(&["data-label=\"What\"><span class=\"word\">organization.rename", "name=\"since\" type=\"date\" value=\"2020-01-01\""]);
    assert!(!some.text.contains("data-label=\"What\"><span class=\"word\">token.create"));
    admin.get("audit?until=2020-01-01").await.has(&["No entry matches."]);
    let wrong = admin.get("audit?since=never").await;
    assert_eq!(wrong.status, 400);
    wrong.has(&["Write the day as 2027-01-31."]);
    for (format, media_type) in [("csv", "text/csv; charset=utf-8; header=present"), ("ndjson", "application/x-ndjson")] {
        let path = admin.path(&format!("audit/export?format={format}&action=organization.rename"));
        let export = admin.request(Method::GET, &path).send().await.expect("a response");
        assert_eq!((export.status().as_u16(), &export.headers()["content-type"]), (200, &media_type.parse().expect("a value")));
        let text = export.text().await.expect("a body");
        assert!(text.contains("organization.rename") && !text.contains("token.create"), "{format}");
    }
    assert_eq!(admin.get("audit/export?format=html").await.status, 400);
    assert_eq!(Person::join(&daypass, "viewer").await.get("audit/export?format=csv").await.status, 403);
}

#[tokio::test]
async fn the_other_pages_show_what_there_is() {
    let daypass = Daypass::start();
    let owner = Person::join(&daypass, "owner").await;
    create_shop(&daypass).await;
    owner.get("organization").await.has(&["First organization", "<td role=\"cell\" data-label=\"Used\">1 <meter", "100"]);
    let nameless = owner.post("organization", &[("name", " ")]).await;
    assert_eq!(nameless.status, 400);
    nameless.has(&["The organization was not renamed"]);
    owner.get("scopes").await.has(&["floor:readPublic", "token:create", "Daypass itself"]);
    let (_, jwks) = send(daypass.get("/.well-known/jwks.json")).await;
    owner.get("keys").await.has(&[&to_text(&jwks["keys"][0]["kid"]), "It signs until the next key does.", "daypass key rotate"]);

    let app = owner.post("members/new", &[("kind", "application"), ("name", "Planner")]).await;
    let id = app.location.rsplit('/').next().expect("an id");
    owner.get("applications").await.has(&["No OAuth client yet"]);
    let settings = json!({"confidential": false, "redirectUris": ["https://planner.example/back"], "scopes": ["floor:readPublic"]});
    let path = format!("/v2/organization/{}/principal/{id}/oauth-client", daypass.organization());
    assert_eq!(send(daypass.request(Method::PUT, &path).bearer_auth(&daypass.admin).json(&settings)).await.0, 200);
    owner.get("applications").await.has(&["Planner", id, "https://planner.example/back", "authorization_code"]);
}

#[tokio::test]
async fn use_is_shown_by_the_day_for_a_token_and_for_all() {
    let daypass = Daypass::start();
    let owner = Person::join(&daypass, "owner").await;
    owner.get("use").await.has(&["Nothing was counted"]);
    let (_, record) = create_shop(&daypass).await;
    let refused = [("token_expired", 9), ("insufficient_scope", 8), ("token_revoked", 7), ("kind_not_accepted", 6), ("origin_required", 5)];
    let refused = refused.map(|(outcome, count)| json!({"serial": record["serial"], "outcome": outcome, "count": count}));
    let mut rows = json!([
        {"serial": record["serial"], "outcome": "accepted", "count": 41, "origins": [{"origin": "https://shop.example.com", "count": 41}]},
        {"serial": record["serial"], "outcome": "origin_not_allowed", "count": 3, "origins": [{"origin": "https://evil.example", "count": 3}]},
    ]);
    rows.as_array_mut().expect("rows").extend(refused);
    let report = json!({"verifier": "v", "sequence": 1, "rows": rows});
    let reported = daypass.post("/v2/use").bearer_auth(&daypass.admin).json(&report).send().await.expect("a response");
    assert_eq!(reported.status(), 204);
    let id = to_text(&record["id"]);
    for path in ["use".to_owned(), format!("use?token={id}")] {
        let page = owner.get(&path).await;
        page.has(&["<svg", "origin_not_allowed", "https://evil.example", "https://shop.example.com"]);
        page.has(&["<p class=\"total\">41</p>", "<p class=\"total\">38</p>"]);
        // A chart for each of the most frequent reasons, and one for the others; the numbers of a day are in the table.
        page.has(&["aria-label=\"token_expired by the day, at most 9\"", "aria-label=\"other reasons by the day, at most 3\""]);
        page.has(&["<li><bdi>token_expired</bdi> 9</li>", "<li><bdi>origin_required</bdi> 5</li>", "<li><bdi>other reasons</bdi> 3</li>"]);
        assert_eq!(page.text.matches("<svg").count(), 3 + 5 + 1);
    }
    assert_eq!(owner.get("use?token=nothing-has-this-id").await.status, 404);
}

#[tokio::test]
async fn a_token_says_how_many_temporary_tokens_of_it_can_be_usable() {
    let mut daypass = Daypass::start();
    let (secret, id) = daypass.create_secret().await;
    for _ in 0..3 {
        daypass.create_temporary(&secret).await;
    }
    // What was counted is written once a minute, and when the service stops.
    let sent = Command::new("kill").args(["-TERM", &daypass.process_id().to_string()]).status();
    assert!(sent.is_ok_and(|status| status.success()) && daypass.wait().success());
    daypass.restart();
    let owner = Person::join(&daypass, "owner").await;
    for page in [format!("tokens/{id}"), format!("tokens/{id}/revoke")] {
        let page = owner.get(&page).await;
        // The day may have ended meanwhile.
        let counted = ["3 made today and 0 yesterday (UTC)", "0 made today and 3 yesterday (UTC)"];
        assert!(counted.iter().any(|text| page.text.contains(text)), "the number");
        page.has(&["as many as that (3) can be usable now", "The last one ends in ", "Signed bundles: not stored and not counted"]);
    }
    let (_, unused) = daypass.create_secret().await;
    owner.get(&format!("tokens/{unused}")).await.has(&["0 made today and 0 yesterday (UTC)", "none of those that were counted is usable"]);
    let (_, shop) = create_shop(&daypass).await;
    let shop = owner.get(&format!("tokens/{}", to_text(&shop["id"]))).await;
    assert!(!shop.text.contains("Temporary tokens:"));
}

/// "Generate on the access tokens page (100 token limit)", as the documentation of Space API says.
#[tokio::test]
async fn the_101st_token_of_a_kind_is_refused_with_what_to_do_and_a_revocation_makes_room() {
    let daypass = Daypass::start();
    let owner = Person::join(&daypass, "owner").await;
    let (_, shop) = create_shop(&daypass).await;
    for _ in 1..100 {
        create_shop(&daypass).await;
    }
    let new = [("kind", "publishable"), ("name", "One too many"), ("scope", "floor:readPublic"), ("origins", "shop.example.com")];
    let full = owner.post("tokens/new", &new).await;
    assert_eq!(full.status, 409);
    full.has(&["Limit reached: 100 active publishable tokens.", "Revoke a token that is no longer needed", "value=\"One too many\""]);
    owner.get("organization").await.has(&["Active publishable tokens"]);
    let revoke = format!("tokens/{}/revoke", to_text(&shop["id"]));
    let serial = shown_serial(&owner.get(&revoke).await);
    assert_eq!(owner.post(&revoke, &[("serial", &serial)]).await.status, 303);
    let created = owner.post("tokens/new", &new).await;
    created.has(&["The token was created"]);
}
