//! What a hook sees of each decision: [`Decision`].

use std::sync::Arc;

use super::{Access, Credentials};
use crate::{Error, Requirement};

/// One decision, for an audit log, metrics or an alarm. Nothing in it shows a token's text; `credentials` holds it unshown.
///
/// ```
/// # use daypass::verify::Verifier;
/// # fn audited(verifier: Verifier) -> Verifier {
/// verifier.on_decision(|decision| {
///     if let Some(error) = decision.error {
///         eprintln!("{} {:?}", error.code(), decision.access.map(|access| access.id()));
///     }
/// })
/// # }
/// ```
#[derive(Debug, Clone, Copy)]
#[non_exhaustive]
pub struct Decision<'a> {
    /// The token, if it is genuine, admitted or not.
    pub access: Option<&'a Access>,
    /// Why it was refused, if it was.
    pub error: Option<&'a Error>,
    /// What was needed, if that was asked.
    pub requirement: Option<&'a Requirement<'a>>,
    /// What the request credentials; `None` where a handler asked for more of an [`Access`] that it had.
    pub credentials: Option<&'a Credentials<'a>>,
}

/// Whoever is told of each decision.
#[derive(Clone)]
pub(super) struct Observer(Arc<dyn Fn(&Decision<'_>) + Send + Sync>);

impl Observer {
    pub(super) fn new(observe: impl Fn(&Decision<'_>) + Send + Sync + 'static) -> Observer {
        Observer(Arc::new(observe))
    }

    pub(super) fn observe(&self, decision: &Decision<'_>) {
        (self.0)(decision);
    }
}
