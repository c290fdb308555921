//! The processor's time instead of the wall's: the same on an idle machine, and on a busy one without the turns of others.

use std::time::Duration;

use criterion::measurement::{Measurement, ValueFormatter, WallTime};
use nix::time::{ClockId, clock_gettime};

/// What Criterion measures with: the time that this thread has run.
pub struct CpuTime;

/// The time that this process has run, all its threads together.
///
/// # Panics
/// If the system has no such clock.
#[must_use]
pub fn of_process() -> Duration {
    read(ClockId::CLOCK_PROCESS_CPUTIME_ID)
}

fn read(clock: ClockId) -> Duration {
    clock_gettime(clock).expect("the system has clocks of processor time").into()
}

impl Measurement for CpuTime {
    type Intermediate = Duration;
    type Value = Duration;

    fn start(&self) -> Duration {
        read(ClockId::CLOCK_THREAD_CPUTIME_ID)
    }

    fn end(&self, start: Duration) -> Duration {
        read(ClockId::CLOCK_THREAD_CPUTIME_ID) - start
    }

    fn add(&self, a: &Duration, b: &Duration) -> Duration {
        *a + *b
    }

    fn zero(&self) -> Duration {
        Duration::ZERO
    }

    fn to_f64(&self, value: &Duration) -> f64 {
        value.as_nanos() as f64
    }

    fn formatter(&self) -> &dyn ValueFormatter {
        WallTime.formatter()
    }
}
