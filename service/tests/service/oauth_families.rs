//! Families of refresh tokens: each token is used once, and everything ends with the family.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::{Value, json};
use tokio::task::JoinSet;

use daypass::api::RevocationTarget;
use daypass::{OpaqueToken, TokenKind};

use super::backend::LOCK;
use super::oauth_clients::{OAuthClient, SCOPES, Tokens, add_code, add_developer, expect_refusal};
use super::running::{Beside, Daypass, now, payload_of, send, to_text};

/// How many requests use one refresh token or one code at once.
const USES: usize = 64;

/// Returns whether the service says that an access token is revoked.
async fn is_revoked(daypass: &Daypass, access: &str) -> bool {
    let (status, described) = send(daypass.get("/v2/access-token/self").bearer_auth(access)).await;
    assert_eq!(status, 200, "{}", described["message"]);
    described["revoked"] == true
}

/// Expects that a family has ended: its refresh token, and its access tokens.
async fn expect_end(daypass: &Daypass, client: &OAuthClient, tokens: &Tokens) {
    expect_refusal(client.refresh(&daypass.url, &tokens.refresh), 400, "invalid_grant").await;
    assert!(is_revoked(daypass, &tokens.access).await);
}

#[tokio::test]
async fn a_second_use_of_a_refresh_token_ends_the_family() {
    let daypass = Daypass::start();
    let user = add_developer(&daypass, "ada").await;
    for is_confidential in [false, true] {
        let client = OAuthClient::add(&daypass, is_confidential).await;
        let [first, another] = [client.begin(&daypass, &user).await, client.begin(&daypass, &user).await];
        let second = Tokens::of(client.refresh(&daypass.url, &first.refresh)).await;
        let third = Tokens::of(client.refresh(&daypass.url, &second.refresh)).await;
        let latest = daypass.read_page(&daypass.admin, 0).await.latest;
        let description = expect_refusal(client.refresh(&daypass.url, &first.refresh), 400, "invalid_grant").await;
        assert!(description.contains("used before"), "{description}");
        expect_end(&daypass, &client, &third).await;
        for tokens in [&first, &second] {
            assert!(is_revoked(&daypass, &tokens.access).await);
        }
        let entries = daypass.read_page(&daypass.admin, latest).await.revocations;
        let serial = payload_of(&first.access)["root_serial"].as_u64().expect("a number");
        let targets: Vec<_> = entries.into_iter().map(|entry| entry.target).collect();
        assert_eq!(targets, [RevocationTarget::Token { serial }], "one entry, however often it is used again");
        // Another sign-in of the same user is not concerned.
        Tokens::of(client.refresh(&daypass.url, &another.refresh)).await;
    }
}

#[tokio::test]
async fn another_client_neither_uses_nor_ends_a_family() {
    let daypass = Daypass::start();
    let user = add_developer(&daypass, "ada").await;
    let (client, other) = (OAuthClient::add(&daypass, false).await, OAuthClient::add(&daypass, true).await);
    let first = client.begin(&daypass, &user).await;
    expect_refusal(other.refresh(&daypass.url, &first.refresh), 400, "invalid_grant").await;
    let second = Tokens::of(client.refresh(&daypass.url, &first.refresh)).await;
    expect_refusal(other.refresh(&daypass.url, &first.refresh), 400, "invalid_grant").await;
    for text in ["", "x", "dp_ref_", &daypass.admin] {
        let code = if text.is_empty() { "invalid_request" } else { "invalid_grant" };
        expect_refusal(client.refresh(&daypass.url, text), 400, code).await;
    }
    let wide = [("grant_type", "refresh_token"), ("refresh_token", &second.refresh), ("scope", "floor:export")];
    expect_refusal(client.ask(&daypass.url, &wide), 400, "invalid_scope").await;
    Tokens::of(client.refresh(&daypass.url, &second.refresh)).await;
}

#[tokio::test]
async fn a_code_is_used_once_on_all_nodes_and_a_second_use_ends_what_the_first_gave() {
    let daypass = Daypass::start_with(&["--issuer", "https://tokens.example"]);
    let beside = daypass.start_beside();
    let user = add_developer(&daypass, "ada").await;
    let client = OAuthClient::add(&daypass, false).await;
    let code = add_code(&daypass, &client, &user, now() + 60);
    let tokens = Tokens::of(client.redeem(&daypass.url, &code)).await;
    let without_verifier = [("grant_type", "authorization_code"), ("code", &*code)];
    expect_refusal(client.ask(&beside.url, &without_verifier), 400, "invalid_request").await;
    assert!(!is_revoked(&daypass, &tokens.access).await, "only a use that would succeed ends it");
    expect_refusal(client.redeem(&beside.url, &code), 400, "invalid_grant").await;
    expect_end(&daypass, &client, &tokens).await;

    // At once, on two nodes: at most one gets tokens, and they are dead once all have their answers.
    let code = add_code(&daypass, &client, &user, now() + 60);
    let given = at_once(&daypass, &beside, &client, |client, url| client.redeem(url, &code)).await;
    assert!(given.len() <= 1, "{}", given.len());
    for tokens in &given {
        expect_end(&daypass, &client, tokens).await;
    }
    expect_refusal(client.redeem(&daypass.url, &code), 400, "invalid_grant").await;
}

/// Sends many requests at once over two nodes, and returns the tokens that they got.
async fn at_once(
    daypass: &Daypass,
    beside: &Beside,
    client: &OAuthClient,
    request: impl Fn(&OAuthClient, &str) -> reqwest::RequestBuilder,
) -> Vec<Tokens> {
    let mut uses = JoinSet::new();
    for number in 0..USES {
        let request = request(client, if number % 2 == 0 { &daypass.url } else { &beside.url });
        uses.spawn(async move {
            let (status, body) = send(request).await;
            match status {
                200 => Some(Tokens {
                    access: to_text(&body["access_token"]),
                    refresh: to_text(&body["refresh_token"]),
                    rest: Value::Null,
                }),
                400 => {
                    assert_eq!(body["error"], "invalid_grant");
                    None
                }
                status => panic!("{status} {}", body["error_description"]),
            }
        });
    }
    uses.join_all().await.into_iter().flatten().collect()
}

async fn use_one_refresh_token_at_once(rounds: usize) {
    let daypass = Daypass::start_with(&["--issuer", "https://tokens.example"]);
    let beside = daypass.start_beside();
    let user = add_developer(&daypass, "ada").await;
    let client = OAuthClient::add(&daypass, false).await;
    for round in 0..rounds {
        let first = client.begin(&daypass, &user).await;
        let given =
            at_once(&daypass, &beside, &client, |client, url| client.refresh(url, &first.refresh)).await;
        assert!(given.len() <= 1, "round {round}: {} children of one refresh token", given.len());
        for tokens in given.iter().chain([&first]) {
            expect_end(&daypass, &client, tokens).await;
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refresh_token_that_64_requests_use_at_once_has_one_child_at_most_and_the_family_ends() {
    use_one_refresh_token_at_once(5).await;
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "takes minutes: a part of the soak"]
async fn soak_a_refresh_token_has_one_child_at_most_in_a_thousand_races() {
    use_one_refresh_token_at_once(1000).await;
}

#[tokio::test]
async fn a_family_ends_with_its_user_its_client_its_role_and_its_organization() {
    let daypass = Daypass::start();
    let organization = format!("/v2/organization/{}", daypass.organization());
    let principal = |id: &str| format!("{organization}/principal/{id}");
    let by_admin = |method, path: &str| daypass.request(method, path).bearer_auth(&daypass.admin);
    let client = OAuthClient::add(&daypass, true).await;
    let begin = async |name: &str| {
        let user = add_developer(&daypass, name).await;
        (client.begin(&daypass, &user).await, add_code(&daypass, &client, &user, now() + 60), user)
    };

    let (tokens, code, user) = begin("removed").await;
    assert_eq!(send(by_admin(Method::DELETE, &principal(&user))).await.0, 200);
    expect_end(&daypass, &client, &tokens).await;
    expect_refusal(client.redeem(&daypass.url, &code), 400, "invalid_grant").await;

    let (tokens, code, user) = begin("lower").await;
    let viewer = by_admin(Method::PATCH, &principal(&user)).json(&json!({"role": "viewer"}));
    assert_eq!(send(viewer).await.0, 200);
    expect_end(&daypass, &client, &tokens).await;
    expect_refusal(client.redeem(&daypass.url, &code), 400, "invalid_grant").await;

    // A family is a token of its own, which is revoked by its id.
    let (tokens, _, user) = begin("revoked").await;
    let (_, list) = send(by_admin(Method::GET, &format!("/v2/access-token?kind=oauthRefresh&owner={user}"))).await;
    daypass.revoke(&to_text(&list["tokens"][0]["id"])).await;
    expect_end(&daypass, &client, &tokens).await;

    let (tokens, code, user) = begin("client").await;
    let another = OAuthClient::add(&daypass, false).await;
    let kept = another.begin(&daypass, &user).await;
    assert_eq!(send(by_admin(Method::DELETE, &principal(&client.id))).await.0, 200);
    assert!(is_revoked(&daypass, &tokens.access).await);
    expect_refusal(client.refresh(&daypass.url, &tokens.refresh), 401, "invalid_client").await;
    expect_refusal(client.redeem(&daypass.url, &code), 401, "invalid_client").await;
    let kept = Tokens::of(another.refresh(&daypass.url, &kept.refresh)).await;

    // A suspension ends nothing for good.
    let id = daypass.organization();
    daypass.json(&["organization", "suspend", &id]);
    let code = add_code(&daypass, &another, &user, now() + 60);
    expect_refusal(another.refresh(&daypass.url, &kept.refresh), 400, "unauthorized_client").await;
    expect_refusal(another.redeem(&daypass.url, &code), 400, "unauthorized_client").await;
    daypass.json(&["organization", "resume", &id]);
    let kept = Tokens::of(another.refresh(&daypass.url, &kept.refresh)).await;
    Tokens::of(another.redeem(&daypass.url, &code)).await;

    daypass.json(&["organization", "revoke", &id, "--yes"]);
    expect_refusal(another.refresh(&daypass.url, &kept.refresh), 401, "invalid_client").await;
}

#[tokio::test]
async fn a_family_is_shown_as_one_token_with_its_limits_and_is_not_edited() {
    let daypass = Daypass::start();
    let client = OAuthClient::add(&daypass, false).await;
    let user = add_developer(&daypass, "ada").await;
    let before = now();
    let tokens = client.begin(&daypass, &user).await;
    let list = || daypass.get("/v2/access-token?kind=oauthRefresh").bearer_auth(&daypass.admin);
    let (_, page) = send(list()).await;
    let shown = page["tokens"][0].clone();
    let id = to_text(&shown["id"]);
    let scopes = json!([{"tenant": daypass.organization(), "scopes": SCOPES}]);
    assert_eq!((&shown["kind"], &shown["name"], &shown["grants"]), (&json!("oauthRefresh"), &json!("App"), &scopes));
    assert_eq!((&shown["owner"], &shown["createdBy"]), (&json!(user), &json!(client.id)));
    let end = shown["expiresAt"].as_u64().expect("an end");
    assert!((before + 30 * 86_400..=now() + 30 * 86_400).contains(&end), "{end}");
    assert_eq!(daypass.json(&["token", "show", &id])["kind"], "oauthRefresh");
    let listed = daypass.json(&["token", "list", "--kind", "oauthRefresh"]);
    assert_eq!(listed["tokens"][0]["id"], shown["id"]);

    let path = format!("/v2/access-token/{id}");
    let edit = daypass.request(Method::PATCH, &path).bearer_auth(&daypass.admin).json(&json!({"expiresAt": null}));
    let (status, refused) = send(edit).await;
    assert_eq!((status, &refused["error"]), (403, &json!("token_immutable")), "{}", refused["message"]);

    // Its end moves with each use, up to a year after its beginning.
    daypass.execute(&format!("UPDATE token SET created_at = created_at - 350 * 86400 WHERE id = '{id}'"));
    let tokens = Tokens::of(client.refresh(&daypass.url, &tokens.refresh)).await;
    let (_, page) = send(list()).await;
    let moved = &page["tokens"][0];
    assert_eq!((page["tokens"].as_array().map(Vec::len), &moved["id"]), (Some(1), &shown["id"]));
    let created_at = moved["createdAt"].as_u64().expect("a time");
    assert_eq!(moved["expiresAt"].as_u64(), Some(created_at + 365 * 86_400));
    assert!(moved["lastUsedAt"].as_u64() >= Some(before), "{}", moved["lastUsedAt"]);
    daypass.execute(&format!("UPDATE token SET expires_at = {} WHERE id = '{id}'", now()));
    expect_refusal(client.refresh(&daypass.url, &tokens.refresh), 400, "invalid_grant").await;
}

#[tokio::test]
async fn a_user_has_a_hundred_families_with_a_client_and_a_new_one_ends_the_oldest() {
    let daypass = Daypass::start();
    let (user, other) = (add_developer(&daypass, "ada").await, add_developer(&daypass, "bob").await);
    let client = OAuthClient::add(&daypass, false).await;
    let kept = client.begin(&daypass, &other).await;
    let [first, second] = [client.begin(&daypass, &user).await, client.begin(&daypass, &user).await];
    for _ in 0..98 {
        client.begin(&daypass, &user).await;
    }
    let first = Tokens::of(client.refresh(&daypass.url, &first.refresh)).await;
    client.begin(&daypass, &user).await;
    expect_end(&daypass, &client, &first).await;
    for tokens in [second, kept] {
        Tokens::of(client.refresh(&daypass.url, &tokens.refresh)).await;
    }
}

#[tokio::test]
async fn guesses_do_not_wait_for_the_writer() {
    let daypass = Daypass::start();
    let client = OAuthClient::add(&daypass, false).await;
    let user = add_developer(&daypass, "ada").await;
    let first = client.begin(&daypass, &user).await;
    let guess = OpaqueToken::generate(TokenKind::OauthRefresh, |bytes| bytes.fill(7)).expect("an opaque kind");
    let mut other = daypass.session();
    other.execute(LOCK);
    expect_refusal(client.refresh(&daypass.url, guess.expose_secret()), 400, "invalid_grant").await;
    expect_refusal(client.redeem(&daypass.url, "x"), 400, "invalid_grant").await;
    expect_refusal(client.refresh(&daypass.url, &first.refresh), 503, "temporarily_unavailable").await;
    other.execute("ROLLBACK");
    Tokens::of(client.refresh(&daypass.url, &first.refresh)).await;
}

/// Waits until the service signs JWTs, or does not.
async fn expect_signing(daypass: &Daypass, signs: bool) {
    let deadline = Instant::now() + Duration::from_secs(10);
    let minted = || daypass.post("/v2/temporary-access-token/create").bearer_auth(&daypass.admin).json(&json!({"scopes": SCOPES}));
    while (send(minted()).await.0 == 503) == signs {
        assert!(Instant::now() < deadline, "{signs}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn without_a_signing_key_no_code_and_no_refresh_token_is_used_up() {
    let daypass = Daypass::start();
    let user = add_developer(&daypass, "ada").await;
    let client = OAuthClient::add(&daypass, false).await;
    let first = client.begin(&daypass, &user).await;
    let code = add_code(&daypass, &client, &user, now() + 60);
    daypass.execute("UPDATE signing_key SET revoked_at = 1");
    expect_signing(&daypass, false).await;
    for _ in 0..2 {
        expect_refusal(client.refresh(&daypass.url, &first.refresh), 503, "temporarily_unavailable").await;
        expect_refusal(client.redeem(&daypass.url, &code), 503, "temporarily_unavailable").await;
    }
    daypass.execute("UPDATE signing_key SET revoked_at = NULL");
    expect_signing(&daypass, true).await;
    Tokens::of(client.refresh(&daypass.url, &first.refresh)).await;
    Tokens::of(client.redeem(&daypass.url, &code)).await;
}
