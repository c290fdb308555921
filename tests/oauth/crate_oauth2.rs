//! The crate `oauth2`: a public client and a confidential one. It has neither token exchange nor DPoP.

use oauth2::basic::BasicClient;
use oauth2::http::Response;
use oauth2::{
    AccessToken, AuthUrl, AuthorizationCode, ClientId, ClientSecret, CsrfToken, HttpRequest, HttpResponse,
    IntrospectionUrl, PkceCodeChallenge, RedirectUrl, RefreshToken, RequestTokenError, RevocationUrl, Scope,
    StandardRevocableToken, TokenIntrospectionResponse, TokenResponse, TokenUrl,
};
use reqwest::Url;

use crate::world::World;

/// Sends the crate's requests, without TLS also where it insists on it.
async fn send(request: HttpRequest) -> Result<HttpResponse, reqwest::Error> {
    let (parts, body) = request.into_parts();
    let client = reqwest::Client::new();
    let request = client
        .request(parts.method, parts.uri.to_string().replacen("https", "http", 1))
        .headers(parts.headers)
        .body(body);
    let response = request.send().await?;
    let mut converted = Response::new(vec![]);
    *converted.status_mut() = response.status();
    *converted.headers_mut() = response.headers().clone();
    *converted.body_mut() = response.bytes().await?.to_vec();
    Ok(converted)
}

/// Completes every flow that the crate has.
pub(crate) async fn complete(world: &World) {
    let (confidential, secret) = &world.confidential;
    run(world, &world.public, None).await;
    run(world, confidential, Some(secret)).await;
}

async fn run(world: &World, id: &str, secret: Option<&String>) {
    let at = |path: &str| format!("{}{path}", world.issuer);
    let mut client = BasicClient::new(ClientId::new(id.to_owned()))
        .set_auth_uri(AuthUrl::new(at("/oauth/authorize")).unwrap())
        .set_token_uri(TokenUrl::new(at("/oauth/token")).unwrap())
        .set_revocation_url(RevocationUrl::new(at("/revoke").replacen("http", "https", 1)).unwrap())
        .set_redirect_uri(RedirectUrl::new(World::REDIRECT_URI.to_owned()).unwrap());
    if let Some(secret) = secret {
        client = client.set_client_secret(ClientSecret::new(secret.clone()));
    }
    let (api, text) = &world.introspector;
    let api = BasicClient::new(ClientId::new(api.clone()))
        .set_client_secret(ClientSecret::new(text.clone()))
        .set_introspection_url(IntrospectionUrl::new(at("/introspect")).unwrap());
    let is_active = async |token: &AccessToken| api.introspect(token).request_async(&send).await.unwrap().active();

    let (challenge, verifier) = PkceCodeChallenge::new_random_sha256();
    let request = client.authorize_url(CsrfToken::new_random).set_pkce_challenge(challenge);
    let scopes = ["floor:readPublic", "floor:readPrivate"].map(|scope| Scope::new(scope.to_owned()));
    let (url, state) = request.add_scopes(scopes).url();
    let back = Url::parse(&world.person.visit(url.as_str()).await).unwrap();
    let answer = |wanted: &str| back.query_pairs().find(|(name, _)| name == wanted).unwrap().1.into_owned();
    assert_eq!((answer("state"), answer("iss")), (state.into_secret(), world.issuer.clone()));

    let code = AuthorizationCode::new(answer("code"));
    let first = client.exchange_code(code).set_pkce_verifier(verifier).request_async(&send).await.unwrap();
    assert!(is_active(first.access_token()).await);
    let call = reqwest::Client::new().get(format!("{}/private", world.api)).bearer_auth(first.access_token().secret());
    assert_eq!(call.send().await.unwrap().status(), 200);

    let refresh = async |token: &RefreshToken| client.exchange_refresh_token(token).request_async(&send).await;
    let second = refresh(first.refresh_token().unwrap()).await.unwrap();
    let token = second.refresh_token().unwrap();
    let revocable = StandardRevocableToken::RefreshToken(token.clone());
    let revoked = client.revoke_token(revocable).unwrap().request_async(&send).await;
    revoked.unwrap();
    assert!(!is_active(second.access_token()).await);
    let Err(RequestTokenError::ServerResponse(refused)) = refresh(token).await else { panic!("it was not refused") };
    assert_eq!(refused.error().as_ref(), "invalid_grant");
}
