//! The service's own pages.

use axum::http::HeaderName;
use axum::http::header::{REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};

use crate::domain::hidden;

const OPENER_POLICY: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const RESOURCE_POLICY: HeaderName = HeaderName::from_static("cross-origin-resource-policy");

/// What every page has.
///
/// SECURITY: no page of another site holds a page of the service in a window or loads it.
pub(crate) const ISOLATED: [(HeaderName, &str); 4] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (REFERRER_POLICY, "same-origin"),
    (OPENER_POLICY, "same-origin"),
    (RESOURCE_POLICY, "same-origin"),
];

/// Returns a text as HTML that shows it literally, also in an attribute with double quotation marks, and in which no
/// character is hidden.
pub(crate) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in hidden::show(text).chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            c => html.push(c),
        }
    }
    html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_shown_literally() {
        assert_eq!(escape(r#"<b a="1" c='2'>&amp; é"#), "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;amp; é");
        assert_eq!(escape("<\u{202e}"), "&lt;\\u{202e}");
    }
}
