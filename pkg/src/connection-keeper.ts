/** Connects, and connects again after failures that may pass, for as long as a component is mounted. */
import type { Daypass } from './daypass.js';
import type { DaypassError } from './error.js';
import type { Scope } from './scope.js';

/** What has become of the last attempt: nothing yet, a connection, or a failure. */
export type Outcome<P extends object, S extends Scope> =
  { daypass: null; error: null } | { daypass: Daypass<P, S>; error: null } | { daypass: null; error: DaypassError };

/** The first and the longest time between two attempts, in seconds. */
const FIRST = 1;
const LONGEST = 60;

/** Keeps one connection until it is closed. */
export class Keeper<P extends object, S extends Scope> {
  readonly #open: (signal: AbortSignal) => Promise<Daypass<P, S>>;
  readonly #report: (outcome: Outcome<P, S>) => void;
  readonly #closing = new AbortController();
  #daypass: Daypass<P, S> | undefined;
  #isOpening = false;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(open: (signal: AbortSignal) => Promise<Daypass<P, S>>, report: (outcome: Outcome<P, S>) => void) {
    this.#open = open;
    this.#report = report;
    void this.#connect();
  }

  /** Connects now, if there is no connection and no attempt. */
  retry(): void {
    if (this.#closing.signal.aborted || this.#isOpening || this.#daypass) return;
    this.#stopWaiting();
    this.#report({ daypass: null, error: null });
    void this.#connect();
  }

  close(): void {
    this.#closing.abort();
    this.#stopWaiting();
    this.#daypass?.close();
  }

  async #connect(): Promise<void> {
    const { signal } = this.#closing;
    this.#isOpening = true;
    try {
      const daypass = await this.#open(signal);
      if (signal.aborted) return daypass.close();
      this.#daypass = daypass;
      this.#failures = 0;
      daypass.addEventListener('closed', () => void this.#closed(daypass), { once: true });
      this.#report({ daypass, error: null });
    } catch (error) {
      if (!signal.aborted) this.#failed(error as DaypassError);
    } finally {
      this.#isOpening = false;
    }
  }

  #failed(error: DaypassError): void {
    this.#report({ daypass: null, error });
    if (!error.retryable) return;
    // Random, so that the visitors of a page do not come back all at once.
    const seconds = Math.min(LONGEST, FIRST * 2 ** this.#failures) * (0.5 + Math.random() / 2);
    this.#failures += 1;
    this.#timer = setTimeout(this.#again, seconds * 1_000);
    // Not in React Native.
    globalThis.addEventListener?.('online', this.#again);
  }

  readonly #again = (): void => {
    this.#stopWaiting();
    void this.#connect();
  };

  #stopWaiting(): void {
    if (this.#timer === undefined) return;
    clearTimeout(this.#timer);
    this.#timer = undefined;
    globalThis.removeEventListener?.('online', this.#again);
  }

  /** Somebody else closed the connection, such as `signOut()` in another tab. */
  async #closed(daypass: Daypass<P, S>): Promise<void> {
    if (this.#closing.signal.aborted) return;
    this.#daypass = undefined;
    // What its calls fail with from now on.
    const error = await daypass.authorization().then(
      () => undefined,
      (error: DaypassError) => error,
    );
    if (error && !this.#closing.signal.aborted) this.#report({ daypass: null, error });
  }
}
