//! Users are invited by a link, and accept.

use reqwest::Method;
use serde_json::json;

use super::people::{Browser, PASSWORD, add_user, invite, join};
use super::running::{Daypass, expect_error, mistype, send, to_text};

const ACCEPT: &str = "/v2/invitation/accept";

#[tokio::test]
async fn an_invited_person_sets_a_password_and_is_signed_in() {
    let daypass = Daypass::start();
    let organization = daypass.organization();
    let user = add_user(&daypass, &daypass.admin, &organization, "ada@example.com", "viewer").await;
    let mut browser = Browser::new(&daypass);
    let login = json!({"email": "ada@example.com", "password": PASSWORD});
    expect_error(browser.post("/v2/session", &login), 401, "sign_in_failed").await;
    let invitation = invite(&daypass, &daypass.admin, &organization, &user).await;
    assert_eq!(invitation.len(), 43, "256 bits in base64url");
    let (status, shown) = send(browser.post("/v2/invitation", &json!({"invitation": invitation}))).await;
    assert_eq!(status, 200, "{}", shown["message"]);
    let expected = json!({
        "organization": {"id": organization, "name": "First organization"}, "principal": user, "name": "Ada",
        "email": "ada@example.com", "expiresAt": shown["expiresAt"], "hasAccount": false,
    });
    assert_eq!(shown, expected);
    for (password, says) in [(json!("short"), "12 characters"), (json!(null), "with a `password`")] {
        let request = browser.post(ACCEPT, &json!({"invitation": invitation, "password": password}));
        let message = expect_error(request, 400, "invalid_request").await;
        assert!(message.contains(says), "{message}");
    }
    let accept = browser.post(ACCEPT, &json!({"invitation": invitation, "password": PASSWORD}));
    let (status, session) = browser.send(accept).await;
    assert_eq!((status, &session["account"]["email"]), (200, &json!("ada@example.com")));
    assert!(to_text(&session["account"]["id"]).starts_with("acc_"));
    assert_eq!(send(browser.get("/v2/session")).await, (200, session));
    browser.sign_in("ada@example.com").await;
}

#[tokio::test]
async fn an_invitation_that_cannot_be_accepted_gets_one_answer() {
    let daypass = Daypass::start();
    let organization = daypass.organization();
    let add = async |email: &str| {
        let user = add_user(&daypass, &daypass.admin, &organization, email, "viewer").await;
        let invitation = invite(&daypass, &daypass.admin, &organization, &user).await;
        (user, invitation)
    };
    let (user, replaced) = add("replaced@example.com").await;
    let newer = invite(&daypass, &daypass.admin, &organization, &user).await;
    let (_, expired) = add("expired@example.com").await;
    daypass.execute(
        "UPDATE invitation SET expires_at = created_at
        WHERE principal = (SELECT number FROM principal WHERE email = 'expired@example.com')",
    );
    let (removed_user, removed) = add("removed@example.com").await;
    let path = format!("/v2/organization/{organization}/principal/{removed_user}");
    assert_eq!(send(daypass.delete(&path).bearer_auth(&daypass.admin)).await.0, 200);
    let (_, used) = add("used@example.com").await;
    let browser = Browser::new(&daypass);
    let accept = |invitation: &str| browser.post(ACCEPT, &json!({"invitation": invitation, "password": PASSWORD}));
    assert_eq!(send(accept(&used)).await.0, 200);
    let mut answers = vec![];
    for invitation in [&replaced, &expired, &removed, &used, &mistype(&newer), "", "x"] {
        let show = browser.post("/v2/invitation", &json!({"invitation": invitation}));
        expect_error(show, 403, "invalid_invitation").await;
        answers.push(send(accept(invitation)).await);
    }
    assert_eq!(answers[0].0, 403);
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(send(accept(&newer)).await.0, 200);
    for email in ["expired@example.com", "removed@example.com"] {
        let login = json!({"email": email, "password": PASSWORD});
        expect_error(browser.post("/v2/session", &login), 401, "sign_in_failed").await;
    }
}

#[tokio::test]
async fn one_of_many_acceptances_at_once_succeeds() {
    let daypass = Daypass::start();
    let organization = daypass.organization();
    let user = add_user(&daypass, &daypass.admin, &organization, "ada@example.com", "viewer").await;
    let invitation = invite(&daypass, &daypass.admin, &organization, &user).await;
    let browser = Browser::new(&daypass);
    let accept = || send(browser.post(ACCEPT, &json!({"invitation": invitation, "password": PASSWORD})));
    let answers = futures_util::future::join_all((0..8).map(|_| accept())).await;
    let accepted = answers.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!(accepted, 1, "{answers:?}");
    assert!(answers.iter().all(|(status, _)| matches!(status, 200 | 401 | 403)), "{answers:?}");
    assert_eq!(daypass.session().number("SELECT count(*) FROM account"), 1);
}

#[tokio::test]
async fn an_account_that_exists_accepts_only_when_it_is_signed_in() {
    let daypass = Daypass::start();
    join(&daypass, "ada@example.com", "viewer").await;
    let (_, other) = join(&daypass, "bob@example.com", "viewer").await;
    let request = daypass.post("/v2/organization").bearer_auth(to_text(&daypass.line["operatorToken"]));
    let (_, created) = send(request.json(&json!({"name": "Chairs", "id": "chairs"}))).await;
    let owner = to_text(&created["ownerToken"]["token"]);
    // An organization invites whom it likes: its link must not open the account.
    let user = add_user(&daypass, &owner, "chairs", "ada@example.com", "owner").await;
    let invitation = invite(&daypass, &owner, "chairs", &user).await;
    let mut browser = Browser::new(&daypass);
    let (_, shown) = send(browser.post("/v2/invitation", &json!({"invitation": invitation}))).await;
    assert_eq!(shown["hasAccount"], true);
    let with_password = json!({"invitation": invitation, "password": "another horse battery"});
    for (browser, body) in [
        (&browser, &with_password),
        (&browser, &json!({"invitation": invitation})),
        (&other, &with_password),
        (&other, &json!({"invitation": invitation})),
    ] {
        expect_error(browser.post(ACCEPT, body), 401, "not_signed_in").await;
    }
    browser.sign_in("ada@example.com").await;
    let accept = browser.post(ACCEPT, &json!({"invitation": invitation}));
    let (status, session) = browser.send(accept).await;
    let roles: Vec<_> = session["memberships"].as_array().expect("a list").iter().map(|one| &one["role"]).collect();
    assert_eq!((status, roles), (200, vec![&json!("viewer"), &json!("owner")]));
}

#[tokio::test]
async fn users_are_invited_by_those_who_may_give_their_role() {
    let daypass = Daypass::start();
    let organization = daypass.organization();
    let add = async |email: &str, role| add_user(&daypass, &daypass.admin, &organization, email, role).await;
    let (viewer, owner) = (add("v@example.com", "viewer").await, add("o@example.com", "owner").await);
    let path = |user: &str| format!("/v2/organization/{organization}/principal/{user}/invitation");
    for (role, of_viewer, of_owner) in [
        ("developer", Err((403, "insufficient_role")), Err((403, "insufficient_role"))),
        ("admin", Ok(()), Err((400, "invalid_request"))),
        ("owner", Ok(()), Ok(())),
    ] {
        let (own, browser) = join(&daypass, &format!("{role}@example.com"), role).await;
        for (user, expected) in [(&viewer, of_viewer), (&owner, of_owner)] {
            let request = browser.post(&path(user), &json!({}));
            match expected {
                Ok(()) => assert_eq!(send(request).await.0, 201, "{role}"),
                Err((status, code)) => drop(expect_error(request, status, code).await),
            }
        }
        let again = daypass.post(&path(&own)).bearer_auth(&daypass.admin);
        let message = expect_error(again, 400, "invalid_request").await;
        assert!(message.contains("accepted an invitation already"), "{message}");
    }
    let operator = to_text(&daypass.line["operatorToken"]);
    assert_eq!(send(daypass.post(&path(&viewer)).bearer_auth(&operator)).await.0, 201);
    let request = daypass.post("/v2/organization").bearer_auth(&operator);
    let (_, created) = send(request.json(&json!({"name": "Chairs", "id": "chairs"}))).await;
    let other = to_text(&created["ownerToken"]["token"]);
    for request in [
        daypass.post(&path(&viewer)).bearer_auth(&other),
        daypass.post(&format!("/v2/organization/chairs/principal/{viewer}/invitation")).bearer_auth(&other),
        daypass.post(&path("usr_x")).bearer_auth(&daypass.admin),
        daypass.post(&path("%00")).bearer_auth(&daypass.admin),
    ] {
        expect_error(request, 404, "not_found").await;
    }
}

#[tokio::test]
async fn an_invitation_ends_with_a_higher_role_and_with_the_user_who_made_it() {
    let daypass = Daypass::start();
    let organization = daypass.organization();
    let of_user = |user: &str| format!("/v2/organization/{organization}/principal/{user}");
    let edit = async |user: &str, role: &str| {
        let request = daypass.request(Method::PATCH, &of_user(user)).bearer_auth(&daypass.admin);
        assert_eq!(send(request.json(&json!({"role": role}))).await.0, 200, "{role}");
    };
    let anyone = Browser::new(&daypass);
    let accept = |invitation: &str| anyone.post(ACCEPT, &json!({"invitation": invitation, "password": PASSWORD}));
    let add = async |email: &str| add_user(&daypass, &daypass.admin, &organization, email, "developer").await;

    let ada = add("ada@example.com").await;
    let for_developer = invite(&daypass, &daypass.admin, &organization, &ada).await;
    edit(&ada, "owner").await;
    expect_error(accept(&for_developer), 403, "invalid_invitation").await;
    let for_owner = invite(&daypass, &daypass.admin, &organization, &ada).await;
    edit(&ada, "viewer").await;
    assert_eq!(send(accept(&for_owner)).await.0, 200, "a lower role is what remains of it");

    for (email, role) in [("removed@example.com", None), ("lowered@example.com", Some("developer"))] {
        let (inviter, browser) = join(&daypass, email, "admin").await;
        let mut links = vec![];
        for name in ["a", "b"] {
            let user = add(&format!("{name}-{email}")).await;
            let (status, invited) = send(browser.post(&format!("{}/invitation", of_user(&user)), &json!({}))).await;
            assert_eq!(status, 201);
            links.push(to_text(&invited["link"]).split_once('#').expect("a secret").1.to_owned());
        }
        assert_eq!(send(accept(&links[0])).await.0, 200);
        match role {
            Some(role) => edit(&inviter, role).await,
            None => assert_eq!(send(daypass.delete(&of_user(&inviter)).bearer_auth(&daypass.admin)).await.0, 200),
        }
        expect_error(accept(&links[1]), 403, "invalid_invitation").await;
        let show = anyone.post("/v2/invitation", &json!({"invitation": links[1]}));
        expect_error(show, 403, "invalid_invitation").await;
    }
}

#[tokio::test]
async fn the_command_line_invites_a_user() {
    let daypass = Daypass::start();
    let organization = daypass.organization();
    let user = add_user(&daypass, &daypass.admin, &organization, "ada@example.com", "owner").await;
    let invited = daypass.json(&["user", "invite", &user, "--issuer", &format!("{}/", daypass.url)]);
    let link = to_text(&invited["link"]);
    let invitation = link.strip_prefix(&format!("{}/invitation#", daypass.url)).expect("a link to the service");
    let mut browser = Browser::new(&daypass);
    let accept = browser.post(ACCEPT, &json!({"invitation": invitation, "password": PASSWORD}));
    assert_eq!(browser.send(accept).await.0, 200);
    for (id, says) in [(&*user, "accepted an invitation already"), ("usr_x", "no user with id usr_x")] {
        let output = daypass.command(&["user", "invite", id]);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success() && error.contains(says), "{error}");
    }
    let other = add_user(&daypass, &daypass.admin, &organization, "bob@example.com", "viewer").await;
    let output = daypass.command(&["user", "invite", &other]);
    let text = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(text.starts_with("http://127.0.0.1:8787/invitation#") && text.contains("shown this once"), "{text}");
}
