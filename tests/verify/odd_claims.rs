//! Claims of an odd form: refused, although the service's key signed them.

use crate::common::{ISSUER, NOW, ORGANIZATION, access_token, bearer, claims, encoded, signer, verifier};
use daypass::Error;
use daypass::jwt::JwtType;
use serde_json::{Value, json};

/// The claims of a valid token, with this member's text added at the end.
fn with_member(member: &[u8]) -> Vec<u8> {
    let claims = claims().to_string();
    [&claims.as_bytes()[..claims.len() - 1], b",", member, b"}"].concat()
}

/// Claims without one, and with this text in its place.
fn with(name: &str, value: &str) -> Vec<u8> {
    let mut claims = claims();
    claims.as_object_mut().unwrap().remove(name);
    let claims = claims.to_string();
    format!(r#"{},"{name}":{value}}}"#, &claims[..claims.len() - 1]).into_bytes()
}

fn nested(open: &str, inner: &str, close: &str, depth: usize) -> Vec<u8> {
    with_member(format!(r#""x":{}{inner}{}"#, open.repeat(depth), close.repeat(depth)).as_bytes())
}

async fn verify(payload: &[u8]) -> Result<(), Error> {
    let text = signer().sign(&JwtType::AccessToken.header("k1"), &encoded(payload));
    bearer(&verifier().keys(signer().keys()), &text).await.map(drop)
}

#[tokio::test]
async fn claims_that_no_type_reads_are_ignored_if_they_are_well_formed() {
    for payload in [
        with_member(br#""x":null"#),
        with_member(r#""x":{"y":[{"y":"ä\n\u00e4"},1e300,-7,true],"z":{}},"\u0079":18446744073709551616"#.as_bytes()),
        nested("[", "7", "]", 100),
        with("exp", &(NOW + 3600).to_string()),
    ] {
        assert_eq!(verify(&payload).await, Ok(()), "{}", String::from_utf8_lossy(&payload));
    }
}

#[tokio::test]
async fn claims_of_an_odd_form_are_refused() {
    let list_of = |object: Value| Value::from_iter(object.as_object().unwrap().values().cloned()).to_string();
    let grant = json!({ "tenant": ORGANIZATION, "scopes": ["floor:readPublic"], "resources": [] });
    let limited = |resource: &str| {
        format!(r#"[{{"tenant":"{ORGANIZATION}","scopes":["floor:readPublic"],"resources":[{resource}]}}]"#)
    };
    assert_eq!(verify(&with("grants", &limited(r#"{"type":"floor","id":"f1"}"#))).await, Ok(()));
    let tenant_twice = format!(r#"[{{"tenant":"*","scopes":[],"tenant":"{ORGANIZATION}"}}]"#);
    let cases = [
        ("a list for an object: a grant", with("grants", &format!(r#"[["{ORGANIZATION}",["floor:readPublic"],[]]]"#))),
        ("a list for an object: a resource", with("grants", &limited(r#"["floor","f1"]"#))),
        ("a list for an object: the confirmation", with("cnf", r#"["NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"]"#)),
        ("a list for an object: the visitor's claims", with("claims", r#"["a","b"]"#)),
        ("a list for an object: all claims", list_of(claims()).into_bytes()),
        ("an object for a list: grants", with("grants", &grant.to_string())),
        ("an object for a list: scopes", with("grants", r#"[{"tenant":"*","scopes":{"floor:readPublic":true}}]"#)),
        ("an object for a list: origins", with("origins", r#"{"0":"https://shop.example"}"#)),
        ("an object for a text", with("sub", r#"{"org":1}"#)),
        ("a list for a text", with("jti", r#"["tmp_1"]"#)),
        ("a list for the confirmation's text", with("cnf", r#"{"jkt":["a"]}"#)),
        ("a number for a text", with("subject", "7")),
        ("a text for the grants", with("grants", r#""*""#)),
        ("an object for an enum", with("kind", r#"{"temporary":null}"#)),
        ("a list for an enum", with("kind", r#"["temporary"]"#)),
        ("a number for an enum", with("kind", "4")),
        ("a kind in capitals", with("kind", r#""Temporary""#)),
        ("a fraction", with("exp", &format!("{}.5", NOW + 3600))),
        ("an integer as a float", with("exp", "1.8000036e9")),
        ("a float as the serial number", with("root_serial", "7.0")),
        ("a negative number", with("nbf", "-1")),
        ("a number over 64 bits", with("exp", "18446744073709551616")),
        ("a number with 5,000 digits", with("exp", &"9".repeat(5000))),
        ("an exponent without end", with_member(br#""x":1e999"#)),
        ("a number of no JSON", with("exp", "NaN")),
        ("a number with a zero before it", with("iat", "01800000000")),
        ("null for the grants", with("grants", "null")),
        ("null for the origins", with("origins", "null")),
        ("null for the subject", with("subject", "null")),
        ("a claim twice", with_member(format!(r#""iss":"{ISSUER}""#).as_bytes())),
        ("a claim twice, once with an escape", with_member(br#""\u0061ud":"floor-api""#)),
        ("an optional claim twice", with_member(br#""nbf":1,"nbf":1"#)),
        ("an unknown claim twice", with_member(br#""x":1,"x":1"#)),
        ("an unknown claim twice, within another", with_member(br#""x":[{"y":{"z":1,"w":2,"z":3}}]"#)),
        ("a claim of the visitor twice", with("claims", r#"{"a":"1","b":"2","a":"3"}"#)),
        ("a grant's member twice", with("grants", &tenant_twice)),
        ("an unknown member of a grant", with("grants", r#"[{"tenant":"*","scopes":[],"x":1}]"#)),
        ("UTF-8 that is not: a claim", with_member(b"\"subject\":\"\xff\"")),
        ("UTF-8 that is not: an unknown claim", with_member(b"\"x\":\"\xc3\"")),
        ("UTF-8 that is not: a name", with_member(b"\"\xed\xa0\x80\":1")),
        ("UTF-8 that is not: overlong", with_member(b"\"x\":\"\xc0\xaf\"")),
        ("UTF-16", claims().to_string().encode_utf16().flat_map(u16::to_le_bytes).collect()),
        ("half of a surrogate pair", with_member(br#""x":"\ud800""#)),
        ("a control character", with_member(b"\"x\":\"\n\"")),
        ("a null byte behind", [claims().to_string().as_bytes(), b"\0"].concat()),
        ("a comment", [claims().to_string().as_bytes(), b"//"].concat()),
        ("a comma too many", with_member(b"")),
        ("lists 5,000 deep", nested("[", "", "]", 5000)),
        ("lists 129 deep", nested("[", "", "]", 129)),
        ("objects 1,500 deep", nested(r#"{"a":"#, "1", "}", 1500)),
        ("lists 10,000 deep that do not end", nested("[", "", "", 10_000)),
    ];
    for (case, payload) in cases {
        assert_eq!(verify(&payload).await, Err(Error::InvalidToken), "{case}");
    }
    assert!(bearer(&verifier().keys(signer().keys()), &access_token(&[])).await.is_ok());
}
