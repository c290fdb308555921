/** Connects, and connects again after failures that may pass, for as long as a component is mounted. */
import type { Daypass } from './daypass.js';
import type { DaypassError } from './error.js';
import type { Aborted } from './react.js';
import type { Scope } from './scope.js';

/**
 * What has become of the last attempt: nothing yet, a connection, or a failure. A connection with an error is one whose
 * provider gives no more tokens: it lasts until its token expires.
 */
export type Outcome<P extends object, S extends Scope> =
  | { daypass: null; error: null }
  | { daypass: Daypass<P, S>; error: DaypassError | null }
  | { daypass: null; error: DaypassError | Aborted };

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
  /** Whether the provider gives the connection no more tokens. */
  #hasEnded = false;
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(open: (signal: AbortSignal) => Promise<Daypass<P, S>>, report: (outcome: Outcome<P, S>) => void) {
    this.#open = open;
    this.#report = report;
    void this.#connect();
  }

  /** Connects now, if there is no attempt, and no connection that goes on. */
  retry(): void {
    if (this.#closing.signal.aborted || this.#isOpening || (this.#daypass && !this.#hasEnded)) return;
    this.#stopWaiting();
    this.#release();
    this.#report({ daypass: null, error: null });
    void this.#connect();
  }

  close(): void {
    this.#closing.abort();
    this.#stopWaiting();
    this.#release();
  }

  /** Closes the connection, which is then no longer this one's. */
  #release(): void {
    const daypass = this.#daypass;
    this.#daypass = undefined;
    this.#hasEnded = false;
    daypass?.close();
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
      daypass.addEventListener('failed', ({ detail: { error, retryInSeconds } }) => {
        if (retryInSeconds === null) this.#ended(daypass, error);
      });
      this.#report({ daypass, error: null });
    } catch (error) {
      if (!signal.aborted) this.#failed(error);
    } finally {
      this.#isOpening = false;
    }
  }

  /** The reason is a failure, or whatever the signal in the options was aborted with. */
  #failed(reason: unknown): void {
    const error: DaypassError | Aborted = isDaypassError(reason)
      ? reason
      : new Error('The signal in the options was aborted.', { cause: reason });
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

  /** The provider gives no more tokens. */
  #ended(daypass: Daypass<P, S>, error: DaypassError): void {
    if (this.#daypass !== daypass) return;
    this.#hasEnded = true;
    this.#report({ daypass, error });
  }

  /** Somebody else closed the connection, such as `signOut()` in another tab. */
  async #closed(daypass: Daypass<P, S>): Promise<void> {
    if (this.#daypass !== daypass) return;
    this.#daypass = undefined;
    // What its calls fail with from now on.
    const error = await daypass.authorization().then(
      () => undefined,
      (error: DaypassError) => error,
    );
    if (error && !this.#closing.signal.aborted) this.#report({ daypass: null, error });
  }
}

/** By its members: the class is that of the entry, or of the mock. */
function isDaypassError(reason: unknown): reason is DaypassError {
  return typeof Object(reason).retryable === 'boolean';
}
