/** Time that never runs backwards, and the timer. */

/** The clocks may drift apart by this many milliseconds before it counts as a jump. */
const DRIFT = 1_000;
/** Browsers would ring at once for more. */
const LONGEST = 2 ** 31 - 1;

/**
 * Unix milliseconds, but for steps back: all tabs of a device agree on them. The steady clock may stand still while a device
 * sleeps, and the wall clock may be set. This one goes with the steady clock, and follows the wall clock's jumps forward: a
 * token can seem older than it is, never younger.
 */
export class Clock {
  /** By how much this clock is ahead of the steady one. */
  #offset = Date.now() - performance.now();
  /** By how much the wall clock was ahead of the steady one when they were last compared. */
  #ahead = this.#offset;

  now() {
    const steady = performance.now();
    const ahead = Date.now() - steady;
    const jump = ahead - this.#ahead;
    if (Math.abs(jump) > DRIFT) {
      this.#ahead = ahead;
      this.#offset += Math.max(jump, 0);
    }
    return Math.floor(steady + this.#offset);
  }
}

/** A timer that is set anew each time. */
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
