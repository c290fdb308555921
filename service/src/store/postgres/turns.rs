//! One revocation at a time of each organization: [`Turns`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as Turn, OwnedMutexGuard};

/// The organizations that revoke something now, or wait for it.
///
/// SECURITY: however many revocations one organization asks for, they take one connection, and others find one.
#[derive(Default)]
pub(super) struct Turns(Mutex<HashMap<String, Weak<Turn<()>>>>);

impl Turns {
    /// Waits until nothing else of an organization has its turn. Who came first is next.
    pub(super) async fn take(&self, organization: &str) -> OwnedMutexGuard<()> {
        let turn = {
            let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            turns.retain(|_, turn| turn.strong_count() > 0);
            turns.get(organization).and_then(Weak::upgrade).unwrap_or_else(|| {
                let turn = Arc::default();
                turns.insert(organization.to_owned(), Arc::downgrade(&turn));
                turn
            })
        };
        turn.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use tokio::task::yield_now;

    use super::*;

    #[tokio::test]
    async fn one_organization_waits_for_itself_and_no_other_does() {
        let turns = Arc::new(Turns::default());
        let first = turns.take("o").await;
        let second = tokio::spawn({
            let turns = Arc::clone(&turns);
            async move { turns.take("o").await }
        });
        yield_now().await;
        drop(turns.take("p").await);
        assert!(!second.is_finished());
        drop(first);
        drop(second.await.expect("its turn"));
        drop(turns.take("p").await);
        assert_eq!(turns.0.lock().expect("turns").len(), 1, "who has gone is forgotten");
    }
}
