//! What a hook sees of each decision: [`Decision`].

use std::sync::Arc;

use super::{Access, Presented};
use crate::{Denied, Need};

/// One decision, for an audit log, metrics or an alarm. Nothing in it shows a token's text; `presented` holds it unshown.
///
/// ```
/// # use daypass::verify::Verifier;
/// # fn audited(verifier: Verifier) -> Verifier {
/// verifier.on_decision(|decision| {
///     if let Some(denied) = decision.denied {
///         eprintln!("{} {:?}", denied.code(), decision.access.map(|access| access.id()));
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
    pub denied: Option<&'a Denied>,
    /// What was needed, if that was asked.
    pub need: Option<&'a Need<'a>>,
    /// What the request presented; `None` where a handler asked for more of an [`Access`] that it had.
    pub presented: Option<&'a Presented<'a>>,
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
