//! Valid JWTs, and others that differ from a valid one in one respect.

use aws_lc_rs::hmac;
use daypass::jwt::JwtType;
use serde::Serialize;
use serde_json::{Value, json};

use crate::common::{self, AUDIENCE, ISSUER, Signer, encoded};
use crate::now;

pub(crate) fn signer() -> Signer {
    Signer::new("k1", 1)
}

/// Returns the signer's private key as a JWK.
pub(crate) fn private_key() -> Value {
    let mut key = serde_json::to_value(signer().jwk()).unwrap();
    key["d"] = json!(encoded([1; 32]));
    key
}

#[derive(Serialize)]
pub(crate) struct Token {
    pub(crate) what: String,
    pub(crate) text: String,
    pub(crate) typ: &'static str,
}

impl Token {
    fn new(what: impl Into<String>, text: impl Into<String>) -> Token {
        Token { what: what.into(), text: text.into(), typ: "at+jwt" }
    }
}

/// Returns the claims of a valid access token with changes; `null` removes a claim.
fn with(changes: Value) -> Value {
    let mut claims = common::claims();
    claims["iat"] = json!(now() - 60);
    claims["exp"] = json!(now() + 3600);
    for (name, value) in changes.as_object().unwrap() {
        if value.is_null() {
            claims.as_object_mut().unwrap().remove(name);
        } else {
            claims[name] = value.clone();
        }
    }
    claims
}

/// Lists claims that we issue, each with its JWT type.
pub(crate) fn good_claims() -> Vec<(JwtType, Value)> {
    let changes = [
        json!({}),
        json!({ "nbf": now() - 60 }),
        json!({ "exp": now() + 86_300 }),
        json!({ "kind": "oauthAccess" }),
        json!({ "grants": [] }),
        json!({ "origins": ["example.com", "https://*.example.com:8443", "xn--bcher-kva.example"] }),
        json!({ "sub": "Bücher & Söhne", "jti": "\"\\/\n\u{2028}😀" }),
        json!({ "root_serial": u32::MAX }),
        json!({ "grants": [{ "tenant": "*", "scopes": ["*"], "resources": [{ "type": "floor", "id": "f1" }] }] }),
    ];
    let bundles = [
        json!({ "kind": "bundle", "grants": [] }),
        json!({ "kind": "bundle", "parameters": { "file": "second", "n": 1.50, "nested": [{ "ü": null }] } }),
    ];
    let typed = |jwt_type| move |changes| (jwt_type, with(changes));
    let access_tokens = changes.into_iter().map(typed(JwtType::AccessToken));
    access_tokens.chain(bundles.into_iter().map(typed(JwtType::Bundle))).collect()
}

/// Returns the `typ` of a JWT type.
pub(crate) fn typ(jwt_type: JwtType) -> &'static str {
    match jwt_type {
        JwtType::Bundle => "bundle+jwt",
        _ => "at+jwt",
    }
}

/// Makes valid JWTs of every type.
pub(crate) fn good() -> Vec<Token> {
    let tokens = good_claims().into_iter().map(|(jwt_type, claims)| Token {
        what: format!("{claims}"),
        text: signer().jwt(jwt_type, &claims),
        typ: typ(jwt_type),
    });
    tokens.collect()
}

/// Makes JWTs with an oddity. The verifiers decide which of them pass.
pub(crate) fn odd() -> Vec<Token> {
    [headers(), other_algorithms(), claims(), payloads(), forms(), changed_characters()].into_iter().flatten().collect()
}

/// Makes a valid token and returns its parts.
fn parts() -> [String; 3] {
    let text = signer().jwt(JwtType::AccessToken, &with(json!({})));
    text.split('.').map(str::to_owned).collect::<Vec<_>>().try_into().unwrap()
}

/// Signs other headers with our key, and our header with other keys.
fn headers() -> Vec<Token> {
    let [_, payload, _] = parts();
    let jwk = serde_json::to_string(&signer().jwk()).unwrap();
    let other_jwk = serde_json::to_string(&Signer::new("k1", 2).jwk()).unwrap();
    let texts = [
        "".into(),
        "{}".into(),
        "null".into(),
        "[]".into(),
        "at+jwt".into(),
        r#"{"alg":"EdDSA"}"#.into(),
        r#"{"alg":"EdDSA","kid":"k1"}"#.into(),
        r#"{"typ":"at+jwt","kid":"k1"}"#.into(),
        r#"{"typ":"at+jwt","alg":"EdDSA"}"#.into(),
        r#"{"alg":"EdDSA","typ":"at+jwt","kid":"k1"}"#.into(),
        r#"{"kid":"k1","alg":"EdDSA","typ":"at+jwt"}"#.into(),
        r#"{"typ": "at+jwt", "alg": "EdDSA", "kid": "k1"}"#.into(),
        "{\"typ\":\"at+jwt\",\"alg\":\"EdDSA\",\"kid\":\"k1\"}\n".into(),
        "\u{feff}{\"typ\":\"at+jwt\",\"alg\":\"EdDSA\",\"kid\":\"k1\"}".into(),
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k1"}{}"#.into(),
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k1",}"#.into(),
        r#"{"typ":"at+jwt","alg":"\u0045dDSA","kid":"k1"}"#.into(),
        r#"{"typ":"application/at+jwt","alg":"EdDSA","kid":"k1"}"#.into(),
        r#"{"typ":"AT+JWT","alg":"EdDSA","kid":"k1"}"#.into(),
        r#"{"typ":"JWT","alg":"EdDSA","kid":"k1"}"#.into(),
        r#"{"typ":"bundle+jwt","alg":"EdDSA","kid":"k1"}"#.into(),
        r#"{"typ":7,"alg":"EdDSA","kid":"k1"}"#.into(),
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k2"}"#.into(),
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":"K1"}"#.into(),
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":"../k1"}"#.into(),
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":1}"#.into(),
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":null}"#.into(),
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":["k1"]}"#.into(),
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k1","crit":["exp"],"exp":1}"#.into(),
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k1","crit":[]}"#.into(),
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k1","crit":["b64"],"b64":false}"#.into(),
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k1","b64":false}"#.into(),
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k1","zip":"DEF"}"#.into(),
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k1","enc":"A256GCM"}"#.into(),
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k1","jku":"https://evil.example/jwks.json"}"#.into(),
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k1","x5u":"https://evil.example/x"}"#.into(),
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k1","alg":"none"}"#.into(),
        r#"{"typ":"at+jwt","alg":"none","kid":"k1","alg":"EdDSA"}"#.into(),
        r#"{"typ":"at+jwt","alg":"EdDSA","kid":"k2","kid":"k1"}"#.into(),
        format!(r#"{{"typ":"at+jwt","alg":"EdDSA","kid":"k1","jwk":{jwk}}}"#),
        format!(r#"{{"typ":"at+jwt","alg":"EdDSA","jwk":{jwk}}}"#),
    ];
    let ours =
        texts.map(|header| Token::new(format!("the header {header}"), signer().sign(&encoded(&header), &payload)));
    let header = format!(r#"{{"typ":"at+jwt","alg":"EdDSA","kid":"k1","jwk":{other_jwk}}}"#);
    let theirs = [
        Token::new("another key inside", Signer::new("k1", 2).sign(&encoded(header), &payload)),
        Token::new("another key under our key's id", Signer::new("k1", 2).jwt(JwtType::AccessToken, &with(json!({})))),
        Token::new("an unknown key", Signer::new("k2", 2).jwt(JwtType::AccessToken, &with(json!({})))),
    ];
    ours.into_iter().chain(theirs).collect()
}

/// Makes tokens of other algorithms, signed by our key, unsigned, and with our public key as a shared secret.
fn other_algorithms() -> Vec<Token> {
    let [_, payload, _] = parts();
    let mut tokens = Vec::new();
    for alg in [
        "none", "None", "NONE", "nOnE", "", "eddsa", "EDDSA", "Ed25519", "Ed448", "HS256", "HS384", "HS512", "RS256",
        "PS256", "ES256", "ES512",
    ] {
        let header = encoded(json!({ "typ": "at+jwt", "alg": alg, "kid": "k1" }).to_string());
        let input = format!("{header}.{payload}");
        tokens.push(Token::new(format!("{alg} with our signature"), signer().sign(&header, &payload)));
        tokens.push(Token::new(format!("{alg} without a signature"), format!("{input}.")));
        tokens.push(Token::new(format!("{alg} in two parts"), input));
    }
    let jwk = signer().jwk();
    let secrets =
        [signer().public_key().to_vec(), jwk.x.clone().into_bytes(), serde_json::to_vec(&jwk).unwrap(), vec![]];
    for (alg, algorithm) in [
        ("HS256", hmac::HMAC_SHA256),
        ("HS384", hmac::HMAC_SHA384),
        ("HS512", hmac::HMAC_SHA512),
        ("EdDSA", hmac::HMAC_SHA512),
    ] {
        for (number, secret) in secrets.iter().enumerate() {
            let header = encoded(format!(r#"{{"typ":"at+jwt","alg":"{alg}","kid":"k1"}}"#));
            let input = format!("{header}.{payload}");
            let tag = hmac::sign(&hmac::Key::new(algorithm, secret), input.as_bytes());
            tokens.push(Token::new(format!("{alg} with public secret {number}"), format!("{input}.{}", encoded(tag))));
        }
    }
    tokens
}

/// Makes tokens with our key and header, and other claims.
fn claims() -> Vec<Token> {
    let (past, future) = (now() - 3600, now() + 3600);
    let mut tokens = vec![];
    let mut add = |claims: Value, what: String| {
        tokens.push(Token::new(what, signer().jwt(JwtType::AccessToken, &claims)));
    };
    let values = [
        Value::Null,
        json!(true),
        json!(0),
        json!(-1),
        json!(1.5),
        json!(1e30),
        json!(u64::MAX),
        json!(past),
        json!(future),
        json!(past as f64 + 0.5),
        json!(future as f64 + 0.5),
        json!(future.to_string()),
        json!(""),
        json!([]),
        json!({}),
        json!([ISSUER]),
        json!([AUDIENCE]),
        json!([AUDIENCE, "viewer-api"]),
        json!([[AUDIENCE]]),
        json!(ISSUER.to_uppercase()),
        json!(format!("{ISSUER}/")),
        json!(format!("{ISSUER}\0")),
        json!("viewer-api"),
        json!(format!("{AUDIENCE}-2")),
        json!(format!("{AUDIENCE} ")),
    ];
    for claim in
        ["iss", "sub", "aud", "iat", "nbf", "exp", "jti", "client_id", "root_serial", "kind", "grants", "origins"]
    {
        for value in &values {
            add(with(json!({ claim: value })), format!("{claim} = {value}"));
        }
    }
    for [iat, nbf, exp] in [
        [-3600, -3600, -3599],
        [3600, 3600, 3601],
        [3600, -3600, 3601],
        [-3600, 3600, 3601],
        [-3600, -3600, 120],
        [3600, -3600, -3600],
    ] {
        let at = |seconds: i64| now().checked_add_signed(seconds);
        let changes = json!({ "iat": at(iat), "nbf": at(nbf), "exp": at(exp) });
        add(with(changes), format!("iat {iat:+}, nbf {nbf:+}, exp {exp:+}"));
    }
    tokens
}

/// Makes tokens with our key and header, and payloads that are invalid or ambiguous JSON.
fn payloads() -> Vec<Token> {
    let claims = with(json!({})).to_string();
    let inside = claims.strip_prefix('{').unwrap();
    let with_member =
        |member: &str| [format!("{{{member},{inside}"), format!("{},{member}}}", claims.strip_suffix('}').unwrap())];
    let (past, future) = (now() - 3600, now() + 3600);
    let members = [
        format!(r#""exp":{past}"#),
        format!(r#""exp":{future}"#),
        format!(r#""nbf":{future}"#),
        r#""nbf":null"#.to_owned(),
        r#""iss":"https://evil.example""#.to_owned(),
        format!(r#""iss":"{ISSUER}""#),
        r#""aud":"viewer-api""#.to_owned(),
        format!(r#""\u0061ud":"{AUDIENCE}""#),
        r#""kind":"temporary""#.to_owned(),
        r#""grants":[{"tenant":"*","scopes":["*"]}]"#.to_owned(),
        r#""sub":"org_other""#.to_owned(),
        r#""unknown":1"#.to_owned(),
        r#""unknown":false"#.to_owned(),
        r#""unknown":"text""#.to_owned(),
        r#""unknown":{"a":[{"b":1.5},null]}"#.to_owned(),
        r#""unknown":1,"unknown":2"#.to_owned(),
        r#""__proto__":{"exp":1}"#.to_owned(),
        r#""unknown":"\ud800""#.to_owned(),
        r#""unknown":NaN"#.to_owned(),
        r#""unknown":-Infinity"#.to_owned(),
        r#""unknown":01"#.to_owned(),
        r#""unknown":1e400"#.to_owned(),
        r#""unknown":'a'"#.to_owned(),
        r#""unknown":"#.to_owned(),
        "\"unknown\":\"a\tb\"".to_owned(),
        "/**/\"unknown\":1".to_owned(),
        format!(r#""unknown":{}{}"#, "[".repeat(100), "]".repeat(100)),
    ];
    let texts = members.iter().flat_map(|member| with_member(member)).chain([
        String::new(),
        "null".into(),
        "true".into(),
        "1".into(),
        "[]".into(),
        format!("[{claims}]"),
        format!("{claims:?}"),
        format!("{claims}{{}}"),
        format!("{claims}\0"),
        format!("{claims}x"),
        format!("{{}}{claims}"),
        format!("\u{feff}{claims}"),
        format!(" \n{claims}\t "),
        format!("\u{a0}{claims}"),
        claims[..claims.len() - 1].into(),
        claims.replace(':', " : "),
        claims.replace("\"iss\"", "\"ISS\""),
        claims.replace("\"aud\"", "\"aud \""),
        claims.replace("\"exp\":", "\"exp\":+"),
        claims.replace("\"exp\":", "\"exp\":0"),
        claims.replace("\"exp\":", "\"exp\":-"),
    ]);
    let header = JwtType::AccessToken.header("k1");
    let mut tokens: Vec<_> = texts
        .map(|text| Token::new(format!("the payload {:.200}", text), signer().sign(&header, &encoded(&text))))
        .collect();
    let cut = claims.find("org").unwrap();
    let not_utf_8 = [&claims.as_bytes()[..cut], b"\xff", &claims.as_bytes()[cut..]].concat();
    let utf_16: Vec<u8> = claims.encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (what, bytes) in [("a payload that is not UTF-8", not_utf_8), ("a payload in UTF-16", utf_16)] {
        tokens.push(Token::new(what, signer().sign(&header, &encoded(bytes))));
    }
    tokens
}

/// Joins the parts of a valid token in other ways.
fn forms() -> Vec<Token> {
    let [header, payload, signature] = parts();
    let good = format!("{header}.{payload}.{signature}");
    let other_signature = signer().jwt(JwtType::AccessToken, &with(json!({ "jti": "tmp_2" })));
    let other_signature = other_signature.rsplit('.').next().unwrap();
    let standard = |part: &str| part.replace('-', "+").replace('_', "/");
    let json_form = json!({ "payload": payload, "protected": header, "signature": signature });
    let mut texts = vec![
        good.clone(),
        String::new(),
        ".".into(),
        "..".into(),
        header.clone(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}."),
        format!("{header}..{signature}"),
        format!(".{payload}.{signature}"),
        format!("{payload}.{header}.{signature}"),
        format!("{header}.{payload}.{signature}."),
        format!(".{good}"),
        format!("{good}.{signature}"),
        format!("{header}..{payload}.{signature}"),
        format!("{header}.{payload}.{signature}.{header}.{payload}"),
        format!("{header}.{payload}.{other_signature}"),
        format!("{header}=.{payload}.{signature}"),
        format!("{header}.{payload}=.{signature}"),
        format!("{header}.{payload}==.{signature}"),
        format!("{header}.{payload}.{signature}="),
        format!("{header}.{payload}.{signature}=="),
        format!("{header}.{payload}.{signature}==="),
        format!("{header}.{payload}.{signature}A"),
        format!("{header}.{payload}.{signature}AA"),
        format!("{header}.{payload}.{signature}{signature}"),
        format!("{}.{}.{}", standard(&header), standard(&payload), standard(&signature)),
        format!("{header}.{payload}.{}", standard(&signature)),
        format!("{header}%2E{payload}%2E{signature}"),
        format!("{header}.{payload}.{signature}%3D"),
        good.to_lowercase(),
        format!("Bearer {good}"),
        format!("\"{good}\""),
        format!("{good}#"),
        format!("{good}\0"),
        format!("{good}é"),
        json_form.to_string(),
    ];
    for space in [" ", "\t", "\n", "\r\n", "\u{a0}", "\u{200b}"] {
        texts.extend([
            format!("{space}{good}"),
            format!("{good}{space}"),
            format!("{header}{space}.{payload}.{signature}"),
            format!("{header}.{space}{payload}.{signature}"),
            format!("{header}.{}{space}{}.{signature}", &payload[..8], &payload[8..]),
            format!("{header}.{payload}.{}{space}{}", &signature[..8], &signature[8..]),
        ]);
    }
    // The last character of each part has unused bits, which may be other than zero.
    for at in [header.len() - 1, header.len() + payload.len(), good.len() - 1] {
        for last in ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']) {
            texts.push(format!("{}{last}{}", &good[..at], &good[at + 1..]));
        }
    }
    texts.into_iter().enumerate().map(|(number, text)| Token::new(format!("form {number}"), text)).collect()
}

/// Makes a token for each character of a valid one, with that character changed.
fn changed_characters() -> Vec<Token> {
    let good = parts().join(".");
    let changed = good.char_indices().map(|(at, old)| {
        let new = if old == 'A' { 'B' } else { 'A' };
        Token::new(format!("{new} for {old} at {at}"), format!("{}{new}{}", &good[..at], &good[at + 1..]))
    });
    changed.collect()
}
