//! What a pattern of origins matches, by examples: [`explain`].
//!
//! The service shows it on the pages that it renders, and the same code in WebAssembly while a person types.

#[cfg(target_arch = "wasm32")]
pub mod browser;

use daypass::{Origin, OriginPattern};

/// What a pattern, as a person writes it, stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Explanation {
    /// It is a pattern.
    Pattern {
        /// Origins that it matches, and origins that it does not although they look alike.
        examples: Vec<Example>,
    },
    /// It is no pattern.
    Wrong {
        /// What is wrong, and what to write.
        why: String,
    },
}

/// An origin, and whether a pattern matches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Example {
    /// The origin.
    pub origin: String,
    /// Whether the pattern matches it.
    pub matches: bool,
}

/// Explains a pattern by examples, each of which the pattern itself has decided. An international name is in ASCII here, as
/// browsers send it.
#[must_use]
pub fn explain(text: &str) -> Explanation {
    match read(text) {
        Ok(pattern) => Explanation::Pattern { examples: examples(&pattern) },
        Err(why) => Explanation::Wrong { why },
    }
}

/// Returns whether a pattern, as a person writes it, matches a page's origin.
#[must_use]
pub fn matches(pattern: &str, origin: &str) -> bool {
    read(pattern).is_ok_and(|pattern| Origin::parse(origin).is_ok_and(|origin| pattern.matches(&origin)))
}

/// Reads a pattern in lower case, as the service does. A host of a scheme that is not the web's keeps its case.
fn read(text: &str) -> Result<OriginPattern, String> {
    let lower = text.trim().to_ascii_lowercase();
    let is_of_web = lower.starts_with("http://") || lower.starts_with("https://") || !lower.contains("://");
    let text = if is_of_web { &lower } else { text.trim() };
    text.parse().map_err(|cause: daypass::ParseOriginError| cause.to_string())
}

fn examples(pattern: &OriginPattern) -> Vec<Example> {
    let scheme = pattern.scheme().unwrap_or("https");
    let port = pattern.port().map(|port| format!(":{port}")).unwrap_or_default();
    let at = |host: &str| format!("{scheme}://{host}{port}");
    let host = pattern.host();
    let mut origins = match host.split_once('*') {
        _ if host.is_empty() => vec![format!("{scheme}:"), format!("{scheme}://a"), "https://example.com".to_owned()],
        Some(("", after)) => {
            let domain = after.trim_start_matches('.');
            let hosts = [format!("shop{after}"), format!("a.b{after}"), domain.to_owned(), format!("evil{domain}")];
            hosts.iter().map(|host| at(host)).collect()
        }
        Some((before, after)) => {
            let domain = after.split_once('.').map_or("", |(_, domain)| domain);
            let hosts = [
                format!("{before}12{after}"),
                format!("{before}new-menu{after}"),
                format!("{before}12.a{after}"),
                format!("www.{before}12{after}"),
                domain.to_owned(),
            ];
            hosts.iter().map(|host| at(host)).collect()
        }
        None => {
            let hosts = [host.to_owned(), format!("www.{host}"), format!("evil{host}"), format!("{host}.evil.example")];
            hosts.iter().map(|host| at(host)).collect()
        }
    };
    let first = host.replacen('*', "shop", 1);
    if !host.is_empty() {
        match (pattern.scheme(), pattern.port()) {
            (None, None) => origins.insert(1, format!("http://{first}:8080")),
            (Some("https"), _) => origins.push(format!("http://{first}{port}")),
            (_, Some(own)) => origins.push(format!("{scheme}://{first}:{}", if own == 8443 { 9443 } else { 8443 })),
            (Some(_), None) => {}
        }
    }
    let mut examples: Vec<Example> = vec![];
    for origin in origins {
        let Ok(parsed) = Origin::parse(&origin) else { continue };
        let matches = pattern.matches(&parsed);
        if examples.iter().all(|example| example.origin != origin) {
            examples.push(Example { origin, matches });
        }
    }
    // Those that match come first.
    examples.sort_by_key(|example| !example.matches);
    examples
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_is_explained_by_what_it_matches_and_what_it_does_not() {
        for (text, matching, others) in [
            (
                "Example.com",
                &["https://example.com", "http://example.com:8080"][..],
                &["https://www.example.com", "https://evilexample.com", "https://example.com.evil.example"][..],
            ),
            (
                "*.example.com",
                &["https://shop.example.com", "http://shop.example.com:8080", "https://a.b.example.com"],
                &["https://example.com", "https://evilexample.com"],
            ),
            (
                "https://pr-*.example.com",
                &["https://pr-12.example.com", "https://pr-new-menu.example.com"],
                &["https://pr-12.a.example.com", "https://www.pr-12.example.com", "https://example.com"],
            ),
            ("localhost:3000", &["https://localhost:3000"], &["https://localhost:8443"]),
            ("vscode-webview:", &["vscode-webview:", "vscode-webview://a"], &["https://example.com"]),
        ] {
            let Explanation::Pattern { examples } = explain(text) else { panic!("{text}") };
            let of = |matches| examples.iter().filter(move |example| example.matches == matches);
            let origins = |matches| of(matches).map(|example| example.origin.as_str()).collect::<Vec<_>>();
            for (is_match, expected) in [(true, matching), (false, others)] {
                let shown = origins(is_match);
                assert!(expected.iter().all(|origin| shown.contains(origin)), "{text}: {shown:?} {expected:?}");
            }
        }
    }

    #[test]
    fn a_text_that_is_not_a_pattern_says_why() {
        for text in ["", "a b", "https://example.com/path", "*.*.example.com", "https://", "bücher.example"] {
            assert!(matches!(explain(text), Explanation::Wrong { .. }), "{text}");
        }
        assert!(matches("*.Example.com", "https://a.example.com") && !matches("*.example.com", "https://example.com"));
        assert!(!matches("a b", "https://a") && !matches("example.com", "example.com"));
    }
}
