//! Finds out whether revocations can be written: [`WriteProbe`].

use std::time::Duration;

use daypass::Error;
use tokio::sync::watch;
use tokio::time::timeout;

use crate::domain::write_state::WriteState;
use crate::store::SharedStore;

/// The time between two probes.
const PAUSE: Duration = Duration::from_secs(3);
/// The time after a probe that found revocations at risk.
const PAUSE_AT_RISK: Duration = Duration::from_secs(1);
/// How long a probe may take.
const PATIENCE: Duration = Duration::from_secs(4);
/// The least time between two probes, however many writes fail.
const SHORT_PAUSE: Duration = Duration::from_millis(100);

/// What the last probe found.
#[derive(Clone)]
pub(crate) struct Writable(watch::Receiver<WriteState>);

impl Writable {
    /// Returns what a command assumes, which mints nothing.
    pub(crate) fn of_command() -> Writable {
        Writable(watch::channel(WriteState::Open).1)
    }

    /// Returns what the store can write.
    pub(crate) fn state(&self) -> WriteState {
        *self.0.borrow()
    }

    /// Requires that revocations can be written.
    ///
    /// SECURITY: called for everything that is minted.
    ///
    /// # Errors
    /// [`Error::Unavailable`].
    pub(super) fn require_revocable(&self) -> Result<(), Error> {
        self.state().require_revocable()
    }
}

/// Probes the store for the whole process.
pub(crate) struct WriteProbe {
    store: SharedStore,
    /// How many bytes are kept free for revocations.
    reserve_bytes: u64,
    state: watch::Sender<WriteState>,
}

impl WriteProbe {
    /// Probes the store a first time, and lets it ask before it adds something. The rest is [`run`](WriteProbe::run)'s.
    pub(crate) async fn start(store: SharedStore, reserve_bytes: u64) -> (WriteProbe, Writable) {
        // Space is reserved later: that takes longer than a start should.
        let first = WriteState::after(store.probe(0).await.ok(), reserve_bytes);
        log(first, reserve_bytes);
        let (state, receiver) = watch::channel(first);
        let writable = Writable(receiver);
        let guard = writable.clone();
        store.guard_additions(Box::new(move |free: &Option<u64>| guard.state().may_add(*free, reserve_bytes)));
        (WriteProbe { store, reserve_bytes, state }, writable)
    }

    /// Probes the store for ever, and at once when a write has failed.
    pub(crate) async fn run(self) {
        loop {
            let state = self.find_state().await;
            if self.state.send_replace(state) != state {
                log(state, self.reserve_bytes);
            }
            let pause = if state == WriteState::AtRisk { PAUSE_AT_RISK } else { PAUSE };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = self.store.write_failed() => tokio::time::sleep(SHORT_PAUSE).await,
            }
        }
    }

    /// Probes the store, twice if the first time it fails: one write that was late under load does not stop minting.
    async fn find_state(&self) -> WriteState {
        // A disk that hangs fails nothing. The store logs a failure.
        let probe = async || timeout(PATIENCE, self.store.probe(self.reserve_bytes)).await.ok()?.ok();
        let found = match probe().await {
            Some(found) => Some(found),
            None => probe().await,
        };
        WriteState::after(found, self.reserve_bytes)
    }
}

fn log(state: WriteState, reserve_bytes: u64) {
    match state {
        WriteState::Open => tracing::info!("the store can be written"),
        WriteState::Low => {
            tracing::error!(reserve_bytes, "the disk is nearly full: nothing is added, only revocations go on");
        }
        WriteState::AtRisk => {
            tracing::error!("revocations may fail: nothing is minted or added until the store can be written");
        }
    }
}
