//! The routes that a layer leaves open: [`OpenRoutes`].

use std::sync::Arc;

use axum::extract::MatchedPath;
use http::request::Parts;

/// Routes as the router has them, each with all prefixes under which it is nested.
///
/// SECURITY: what is compared is the route that the router chose, and never the path of the request. An encoded
/// letter, a second slash, `..` or a prefix that a nested router removed cannot make a path look like that of an open
/// route. What matches no route, or is not behind a router, is not open.
#[derive(Clone, Default)]
pub(super) struct OpenRoutes(Option<Arc<[Box<str>]>>);

impl OpenRoutes {
    /// Adds routes.
    ///
    /// # Panics
    /// If one is no route, as `Router::route` writes them.
    pub(super) fn with(&self, routes: &[&str]) -> OpenRoutes {
        for route in routes {
            let is_old = |part: &str| part.starts_with([':', '*']);
            assert!(
                route.starts_with('/') && !route.split('/').any(is_old),
                "an open route must be written as in `Router::route`, such as `/health` or `/docs/{{*path}}`: {route:?}"
            );
        }
        let known = self.0.iter().flat_map(|known| known.iter().cloned());
        OpenRoutes(Some(known.chain(routes.iter().map(|route| Box::from(*route))).collect()))
    }

    /// Returns whether the request's route is open.
    pub(super) fn contains(&self, parts: &Parts) -> bool {
        let Some(open) = &self.0 else { return false };
        matched_route(parts).is_some_and(|route| open.iter().any(|known| **known == *route))
    }
}

/// Returns the route that axum's router chose for a request.
pub(super) fn matched_route(parts: &Parts) -> Option<&str> {
    parts.extensions.get::<MatchedPath>().map(MatchedPath::as_str)
}
