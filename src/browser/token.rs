//! A token, and what the browser can read of it. It verifies nothing here: the API decides.

use js_sys::{Array, JSON};
use wasm_bindgen::prelude::*;

use super::js::{get, is_present, list, text, texts, whole};
use crate::jwt::MAX_JWT_BYTES;
use crate::session::refresh::NEVER;
use crate::text::{cut, parts};

/// A token in use, or on its way.
#[derive(Default)]
pub(super) struct Token {
    /// The value of the `Authorization` header.
    pub(super) authorization: String,
    /// The lifetime that it had when it was received, in milliseconds.
    pub(super) lifetime: u64,
    /// What its grants allow, and the patterns of its origins; `None` if the token is opaque.
    pub(super) contents: Option<Contents>,
}

/// What a JWT says of itself, for showing.
pub(super) struct Contents {
    pub(super) scopes: Vec<String>,
    pub(super) origins: Vec<String>,
    /// Has what it says of its visitor: `subject` and `claims`.
    pub(super) visitor: JsValue,
}

impl Token {
    /// Reads what the token says of itself, if it is a JWT.
    #[inline(never)]
    pub(super) fn new(authorization: String, lifetime: u64) -> Token {
        let jwt = cut(&authorization, b' ').and_then(|(_, token)| split_jwt(token));
        let contents = jwt.and_then(|[_, payload, _]| Contents::read(&claims(payload)));
        Token { authorization, lifetime, contents }
    }

    /// Makes a token that does not expire.
    pub(super) fn lasting(text: &str) -> Token {
        Token { authorization: ["Bearer ", text].concat(), lifetime: NEVER, contents: None }
    }

    /// Returns the token without its scheme.
    pub(super) fn text(&self) -> &str {
        cut(&self.authorization, b' ').map_or("", |(_, token)| token)
    }
}

impl Contents {
    /// Reads them from claims, if those are well-formed.
    #[inline(never)]
    pub(super) fn read(claims: &JsValue) -> Option<Contents> {
        whole(claims, "iat")?;
        let list_or_none = |name| if is_present(&get(claims, name)) { list(claims, name) } else { Some(Array::new()) };
        let origins = texts(&list_or_none("origins")?)?;
        let mut scopes = Vec::new();
        for grant in list_or_none("grants")?.iter() {
            for scope in list(&grant, "scopes")?.iter() {
                let scope = scope_text(&scope)?;
                if !scopes.contains(&scope) {
                    scopes.push(scope);
                }
            }
        }
        Some(Contents { scopes, origins, visitor: claims.clone() })
    }
}

/// Returns a scope as text: Space API also writes it as an object.
fn scope_text(scope: &JsValue) -> Option<String> {
    if let Some(text) = scope.as_string() {
        return Some(text);
    }
    let whole = [&text(scope, "resource")?, ":", &text(scope, "action")?].concat();
    Some(match text(scope, "resourceId") {
        Some(id) => [&whole, ":", &id].concat(),
        None => whole,
    })
}

/// Returns the three parts of a JWT, as they are written.
#[inline(never)]
pub(super) fn split_jwt(text: &str) -> Option<[&str; 3]> {
    let mut parts = parts(text, b'.');
    let three = [parts.next()?, parts.next()?, parts.next()?];
    (text.len() <= MAX_JWT_BYTES && parts.next().is_none()).then_some(three)
}

/// Returns the claims of a payload; `undefined` if it is not a JSON object in base64url.
#[inline(never)]
pub(super) fn claims(payload: &str) -> JsValue {
    let parse = || JSON::parse(str::from_utf8(&decode(payload)?).ok()?).ok();
    parse().filter(|claims| claims.is_object() && !Array::is_array(claims)).unwrap_or_default()
}

/// Returns the bytes of base64url without padding, if the text is the one way to write them. In the npm package the crate
/// `data-encoding` would be half a kilobyte more.
#[inline(never)]
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0_u32, 0);
    for digit in text.bytes() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'-' => 62,
            b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push((bits >> count) as u8);
            bits &= (1 << count) - 1;
        }
    }
    // What is left is less than a digit, and nothing.
    (count < 6 && bits == 0).then_some(bytes)
}

/// The digits of base64url.
const DIGITS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// Returns the digit of the last six bits.
fn digit(bits: u32) -> &'static str {
    let at = bits as usize & 63;
    &DIGITS[at..=at]
}

/// Returns bytes as base64url without padding.
#[inline(never)]
pub(super) fn encode(bytes: &[u8]) -> String {
    let (mut text, mut bits, mut count) = (String::new(), 0_u32, 0);
    for byte in bytes {
        bits = bits << 8 | u32::from(*byte);
        count += 8;
        while count >= 6 {
            count -= 6;
            text.push_str(digit(bits >> count));
        }
    }
    if count > 0 {
        text.push_str(digit(bits << (6 - count)));
    }
    text
}
