/** Time that never runs backwards, and the timer. */

/** The clocks may differ by this many milliseconds, and a thousandth of the time, before it counts as a step. */
const DRIFT = 1_000;
/** Browsers would ring at once for more. */
const LONGEST = 2 ** 31 - 1;

/**
 * Unix milliseconds with steps back taken out: all tabs of a device agree on them. The steady clock may stand still while a
 * device sleeps, so that this one goes with the wall clock, forward always: a token can seem older than it is, never younger.
 */
export class Clock {
  #wall = Date.now();
  #steady = performance.now();
  /** By how much the wall clock was set back. */
  #back = 0;
  #last = 0;

  now() {
    const [wall, steady] = [Date.now(), performance.now()];
    const passed = steady - this.#steady;
    const step = wall - this.#wall - passed;
    if (step < -DRIFT - passed / 1000) this.#back -= step;
    [this.#wall, this.#steady] = [wall, steady];
    this.#last = Math.max(this.#last, Math.floor(wall + this.#back));
    return this.#last;
  }
}

/** A timer; each call of `set` replaces the previous one. */
export class Timer {
  #timer;

  /** Calls back in so many milliseconds, never if that is infinite, unless set again before. */
  set(milliseconds, callback) {
    clearTimeout(this.#timer);
    this.#timer = milliseconds === Infinity ? undefined : setTimeout(callback, Math.min(milliseconds, LONGEST));
  }
}

/** A signal that aborts when the other does, or after so many milliseconds. */
export function abortAfter(milliseconds, signal) {
  return AbortSignal.any([AbortSignal.timeout(milliseconds), signal]);
}

/** The server's own time in Unix milliseconds, where the page may read it. */
export function serverTime(response) {
  const date = Date.parse(response.headers.get('date') ?? '');
  return Number.isNaN(date) ? undefined : date;
}
