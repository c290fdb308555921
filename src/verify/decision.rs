//! What the hook of [`Verifier::on_decision`](super::Verifier::on_decision) sees: [`Decision`].

use std::sync::Arc;

#[cfg(feature = "remote")]
use super::UseReports;
use super::token::AuthenticToken;
use super::{Credentials, Page};
use crate::{Error, Requirement, TokenKind};

/// One decision, for an audit log, metrics or an alarm.
///
/// SECURITY: it describes the token and gives no [`Access`](super::Access), since the token may
/// have been refused. `Debug` shows no token; `credentials` holds its text, to be read by name
/// only.
///
/// ```
/// # use daypass::verify::Verifier;
/// # fn audited(verifier: Verifier) -> Verifier {
/// verifier.on_decision(|decision| {
///     if let Some(error) = decision.error {
///         eprintln!("{} {:?}", error.code(), decision.token.map(|token| token.id));
///     }
/// })
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Decision<'a> {
    /// The token, if it is authentic, whether or not it was refused.
    pub token: Option<TokenSummary<'a>>,
    /// Why the request was refused. `None` if it was not.
    pub error: Option<&'a Error>,
    /// What the token had to meet, if the decision was about a requirement. `None` also where
    /// [`Access::scoped`](super::Access::scoped) refused a token that lacks the scope for every tenant.
    pub requirement: Option<&'a Requirement<'a>>,
    /// The request's credentials. `None` for what a handler checked on its `Access`.
    pub credentials: Option<&'a Credentials<'a>>,
    /// The page that sent the request, as far as it counts for the token, and what says so. `None` for a requirement that
    /// a handler checked.
    pub page: Option<Page<'a>>,
}

/// Describes an authentic token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct TokenSummary<'a> {
    /// The token's id: of an opaque token its record's, of a JWT its `jti`.
    pub id: &'a str,
    /// Its kind.
    pub kind: TokenKind,
    /// The organization that it belongs to.
    pub organization: &'a str,
    /// The id of the opaque token that a JWT was minted from.
    pub parent: Option<&'a str>,
    /// The serial number of the opaque token at the root of the chain.
    pub root_serial: u64,
}

impl<'a> TokenSummary<'a> {
    pub(super) fn of(token: &'a AuthenticToken) -> TokenSummary<'a> {
        TokenSummary {
            id: &token.id,
            kind: token.kind,
            organization: &token.organization,
            parent: token.parent.as_deref(),
            root_serial: token.root_serial,
        }
    }
}

/// What sees each decision: a function of the product, and reports of use.
#[derive(Clone, Default)]
pub(super) struct Observer(Arc<Watchers>);

#[derive(Clone, Default)]
struct Watchers {
    hook: Option<Arc<Hook>>,
    #[cfg(feature = "remote")]
    reports: Option<Arc<UseReports>>,
}

type Hook = dyn Fn(&Decision<'_>) + Send + Sync;

impl Observer {
    /// Adds a function, in the place of the one before.
    pub(super) fn with_hook(self, observe: impl Fn(&Decision<'_>) + Send + Sync + 'static) -> Observer {
        let mut watchers = Arc::unwrap_or_clone(self.0);
        watchers.hook = Some(Arc::new(observe));
        Observer(Arc::new(watchers))
    }

    /// Adds reports of use, in the place of those before.
    #[cfg(feature = "remote")]
    pub(super) fn with_reports(self, reports: Arc<UseReports>) -> Observer {
        let mut watchers = Arc::unwrap_or_clone(self.0);
        watchers.reports = Some(reports);
        Observer(Arc::new(watchers))
    }

    pub(super) fn observe(&self, decision: &Decision<'_>) {
        #[cfg(feature = "remote")]
        if let Some(reports) = &self.0.reports {
            reports.count(decision);
        }
        if let Some(hook) = &self.0.hook {
            hook(decision);
        }
    }
}
