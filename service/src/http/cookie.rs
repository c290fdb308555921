//! Cookies of the service's own pages.

use axum::http::header::{COOKIE, SET_COOKIE};
use axum::http::{HeaderMap, HeaderName};

/// The cookie of a session.
///
/// SECURITY: browsers take a `__Host-` cookie only over https, from this host and for it alone (RFC 6265bis, section
/// 4.1.3.2), so that no other host of the domain can set or read it.
pub(super) const SESSION: &str = "__Host-daypass-session";

/// What every cookie has: no script reads it, and other sites' pages send it only when they navigate to the service.
const ATTRIBUTES: &str = "Path=/; Secure; HttpOnly; SameSite=Lax";

/// Returns the value of a cookie; `None` if the request has none, or several.
pub(crate) fn find<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let lines = headers.get_all(COOKIE).into_iter().filter_map(|line| line.to_str().ok());
    let cookies = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut values = cookies.filter(|(own, _)| *own == name).map(|(_, value)| value);
    let value = values.next()?;
    values.next().is_none().then_some(value)
}

/// Returns the header that sets a cookie until so many seconds are over.
pub(super) fn set(name: &str, value: &str, seconds: u64) -> [(HeaderName, String); 1] {
    [(SET_COOKIE, format!("{name}={value}; Max-Age={seconds}; {ATTRIBUTES}"))]
}

/// Returns the header that deletes a cookie.
pub(super) fn delete(name: &str) -> [(HeaderName, String); 1] {
    set(name, "", 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cookie_is_found_by_its_whole_name_if_there_is_one() {
        for (lines, expected) in [
            (&["s=1"][..], Some("1")),
            (&["a=2; s=1; b=3"], Some("1")),
            (&["a=2", "s=1"], Some("1")),
            (&["s="], Some("")),
            (&["S=1"], None),
            (&["xs=1; s2=1; a=s=1"], None),
            (&["s=1; s=1"], None),
            (&["s=1", "s=2"], None),
            (&[], None),
        ] {
            let mut headers = HeaderMap::new();
            for line in lines {
                headers.append(COOKIE, line.parse().expect("a value"));
            }
            assert_eq!(find(&headers, "s"), expected, "{lines:?}");
        }
    }
}
