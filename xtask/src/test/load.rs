//! Busy loops, which make a machine slow for the tests beside them.

use std::hint;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

/// Busy loops that run until it drops.
pub(super) struct Load {
    is_over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Load {
    /// Starts this many busy loops, each in a thread.
    pub(super) fn start(count: usize) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let spawn = |_| {
            let is_over = is_over.clone();
            thread::spawn(move || {
                while !is_over.load(Ordering::Relaxed) {
                    hint::spin_loop();
                }
            })
        };
        Self { threads: (0..count).map(spawn).collect(), is_over }
    }
}

impl Drop for Load {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let _ = thread.join();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::Load;

    #[test]
    fn the_busy_loops_end_with_it() {
        let load = Load::start(2);
        assert_eq!(load.threads.iter().filter(|thread| !thread.is_finished()).count(), 2);
        let is_over = load.is_over.clone();
        assert_eq!(Arc::strong_count(&is_over), 4);
        drop(load);
        assert_eq!(Arc::strong_count(&is_over), 1, "a loop still runs");
    }
}
