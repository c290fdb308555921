//! Whether a page's origin is allowed, for the browser half: [`is_allowed`].

use super::pattern::Parts;
use super::{Origin, host};

/// Returns whether a page's origin, as the browser writes it, matches one of the patterns.
///
/// The texts are only split, as those who wrote them have checked them: the browser, the service, the page's own developer. What
/// is malformed matches nothing. Checking them is a lot of code for a browser to load.
pub(crate) fn is_allowed(page: &str, patterns: &[String]) -> bool {
    let Ok(origin) = Origin::split(page) else { return false };
    let origin = Origin { port: origin.port.or(host::default_port(origin.scheme)), ..origin };
    patterns.iter().any(|pattern| Parts::split(pattern).is_ok_and(|pattern| pattern.matches(&origin)))
}

#[cfg(test)]
mod tests {
    use super::super::OriginPattern;
    use super::*;

    const PAGES: [&str; 19] = [
        "http://localhost:8000",
        "https://example.com",
        "https://a.example.com",
        "https://pr-1.example.com",
        "https://pr-1.example.com:8443",
        "https://pr-.example.com",
        "https://a.pr-1.example.com",
        "https://www.pr-1.example.com",
        "https://xn--pr-1-x.example.com",
        "https://evilexample.com",
        "vscode-webview://1q2w3e4r",
        "app:",
        "app://localhost",
        "app://.",
        "safari-web-extension://140BB581-A2C0-422A-9DD3-6982A5ABEE5E",
        "safari-web-extension://140bb581-a2c0-422a-9dd3-6982a5abee5e",
        "https://[::1]:8080",
        "https://127.0.0.1",
        "null",
    ];

    #[test]
    fn the_browser_half_matches_as_the_verifier_does() {
        let patterns = [
            "localhost",
            "*.localhost",
            "http://localhost:8000",
            "example.com",
            "*.example.com",
            "pr-*.example.com",
            "https://pr-*.example.com:8443",
            "*-1.example.com",
            "www.pr-*.example.com",
            "x*.example.com",
            "vscode-webview:",
            "app:",
            "app://localhost",
            "app://.",
            "safari-web-extension:",
            "safari-web-extension://140BB581-A2C0-422A-9DD3-6982A5ABEE5E",
            "[::1]",
            "127.0.0.1",
        ];
        let mut matches = 0;
        for (pattern, page) in patterns.into_iter().flat_map(|pattern| PAGES.map(|page| (pattern, page))) {
            let parsed: OriginPattern = pattern.parse().expect("a pattern");
            let expected = Origin::parse(page).is_ok_and(|origin| parsed.matches(&origin));
            assert_eq!(is_allowed(page, &[pattern.to_owned()]), expected, "{pattern} and {page}");
            matches += u32::from(expected);
        }
        assert!(matches >= 25, "{matches}");
    }

    /// Texts of one label to three.
    fn hosts(labels: &[&str]) -> Vec<String> {
        let longer = |hosts: &[String]| -> Vec<String> {
            hosts.iter().flat_map(|host| labels.iter().map(move |label| format!("{label}.{host}"))).collect()
        };
        let one: Vec<String> = labels.iter().map(|label| (*label).to_owned()).collect();
        let two = longer(&one);
        [longer(&two), two, one].concat()
    }

    #[test]
    fn the_browser_half_matches_as_the_verifier_does_whatever_the_labels() {
        let pages = hosts(&["a", "b", "ab", "a-b", "xn--a"]);
        let (mut matches, mut malformed) = (0, 0);
        for pattern in hosts(&["a", "b", "xn--a", "*", "a*", "*b", "a*b", "xn--*"]) {
            let parsed: Result<OriginPattern, _> = pattern.parse();
            malformed += u32::from(parsed.is_err());
            let patterns = [pattern];
            for page in &pages {
                let page = format!("https://{page}");
                let origin = Origin::parse(&page).expect("an origin");
                let expected = parsed.as_ref().is_ok_and(|pattern| pattern.matches(&origin));
                assert_eq!(is_allowed(&page, &patterns), expected, "{patterns:?} and {page}");
                matches += u32::from(expected);
            }
        }
        assert!(matches > 200 && malformed > 100, "{matches} match, and {malformed} are no patterns");
    }

    /// The browser half checks no pattern: its own page's developer may have written this.
    #[test]
    fn a_malformed_pattern_matches_no_page() {
        for pattern in [
            "",
            "*",
            "*.",
            "https:",
            "http:",
            "https://",
            "https://*",
            "http://",
            "null",
            "**.example.com",
            "*.*.example.com",
            "p*-*.example.com",
            "www.*.example.com",
            "a.*.com",
            "*ocalhost",
            "l*",
            "a.*",
            "example.*",
            "https://example.com/",
            "example.com:",
        ] {
            for page in PAGES {
                assert!(!is_allowed(page, &[pattern.to_owned()]), "{pattern} and {page}");
            }
        }
    }
}
