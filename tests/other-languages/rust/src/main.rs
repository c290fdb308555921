//! Verifies each token with each module of the guide, which the test writes into a folder before it builds this. Reads one
//! JSON text from standard input and writes one.

use std::collections::BTreeMap;
use std::error::Error;
use std::io;

use serde_json::{Value, json};

#[path = "../modules/josekit.rs"]
mod with_josekit;
#[path = "../modules/jsonwebtoken.rs"]
mod with_jsonwebtoken;
#[path = "../modules/jwt_simple.rs"]
mod with_jwt_simple;

fn main() -> Result<(), Box<dyn Error>> {
    let batch: Value = serde_json::from_reader(io::stdin())?;
    let jwks = batch["jwks"].as_str().ok_or("the JWKS is missing")?;
    let tokens = batch["tokens"].as_object().ok_or("the tokens are missing")?;
    type Verify = fn(&str, &str) -> Result<String, Box<dyn Error>>;
    let modules: [(&str, Verify); 3] = [
        ("josekit.rs", |token, jwks| Ok(with_josekit::verify(token, jwks)?.jwt_id().unwrap_or_default().to_owned())),
        ("jsonwebtoken.rs", |token, jwks| {
            Ok(with_jsonwebtoken::verify(token, jwks)?["jti"].as_str().unwrap_or_default().to_owned())
        }),
        ("jwt_simple.rs", |token, jwks| Ok(with_jwt_simple::verify(token, jwks)?.jwt_id.unwrap_or_default())),
    ];
    let mut report = BTreeMap::new();
    for (name, verify) in modules {
        let verdict = |token: &Value| match verify(token.as_str().unwrap_or_default(), jwks) {
            Ok(id) => json!(id),
            Err(error) => json!(format!("refused: {error}")),
        };
        report.insert(name, tokens.iter().map(|(what, token)| (what, verdict(token))).collect::<BTreeMap<_, _>>());
    }
    serde_json::to_writer(io::stdout(), &report)?;
    Ok(())
}
