//! The challenges for clients that send proofs (RFC 9449, section 7.1).

use super::{Api, UPDATE, get_with};
use crate::common::{NOW, Signer, claims, encoded, verifier};
use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair};
use axum::Router;
use axum::http::HeaderValue;
use axum::response::IntoResponse;
use axum::routing::get;
use daypass::Error;
use daypass::jwt::JwtType;
use daypass::verify::Dpop;
use daypass::verify::http::VerifyLayer;
use serde_json::json;
use tower::ServiceExt;

#[tokio::test]
async fn a_client_that_sends_proofs_is_challenged_in_its_scheme() {
    let api = Api::new();
    for (authorization, challenge) in [
        ("DPoP hunter2".to_owned(), r#"DPoP error="invalid_token", algs="ES256 EdDSA Ed25519""#),
        ("Bearer hunter2".to_owned(), r#"Bearer error="invalid_token""#),
        (
            format!("DPoP {}", api.temporary),
            concat!(
                r#"DPoP error="invalid_dpop_proof", "#,
                r#"error_description="The token is not bound to a key: send it as Bearer.", algs="ES256 EdDSA Ed25519""#,
            ),
        ),
    ] {
        let response = api.send(get_with("/floor", &[("authorization", &authorization)])).await;
        assert_eq!(
            (response.status().as_u16(), response.headers()["www-authenticate"].to_str().unwrap()),
            (401, challenge)
        );
    }
    assert_eq!(api.calls(), 0);
}

#[tokio::test]
async fn a_handlers_own_error_is_challenged_in_the_clients_scheme_as_well() {
    let refuse = async || {
        let mut response = Error::InsufficientScope { scope: UPDATE.clone(), tenant: None }.into_response();
        response.headers_mut().append("www-authenticate", HeaderValue::from_static("Basic realm=\"old clients\""));
        response
    };
    let router = Router::new()
        .route("/floor", get(refuse))
        .layer(VerifyLayer::new(verifier().keys(Signer::new("k1", 1).keys()).dpop(Dpop::new("https://api.example"))));
    let pair = Ed25519KeyPair::from_seed_unchecked(&[9; 32]).unwrap();
    let x = encoded(pair.public_key());
    let thumbprint = digest(&SHA256, format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#).as_bytes());
    let mut claims = claims();
    claims["cnf"] = json!({ "jkt": encoded(thumbprint) });
    let token = Signer::new("k1", 1).jwt(JwtType::AccessToken, &claims);
    let header = json!({ "typ": "dpop+jwt", "alg": "EdDSA", "jwk": { "kty": "OKP", "crv": "Ed25519", "x": x } });
    let ath = encoded(digest(&SHA256, token.as_bytes()));
    let payload = json!({ "jti": "1", "htm": "GET", "htu": "https://api.example/floor", "iat": NOW, "ath": ath });
    let input = format!("{}.{}", encoded(header.to_string()), encoded(payload.to_string()));
    let proof = format!("{input}.{}", encoded(pair.sign(input.as_bytes())));
    let request = [("authorization", format!("DPoP {token}")), ("dpop", proof)];
    let request: Vec<_> = request.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let response = router.oneshot(get_with("/floor", &request)).await.unwrap();
    assert_eq!(response.status(), 403);
    let challenges: Vec<_> = response.headers().get_all("www-authenticate").iter().collect();
    assert_eq!(challenges.len(), 2, "{challenges:?}");
    let challenge = challenges[0].to_str().unwrap();
    assert!(challenge.starts_with(r#"DPoP error="insufficient_scope""#), "{challenge}");
    assert!(challenge.ends_with(r#"algs="ES256 EdDSA Ed25519""#), "{challenge}");
    assert_eq!(challenges[1], r#"Basic realm="old clients""#);
}
