/** What the inspector sees of a connection: its events, and how its calls end. */
import type { Daypass } from './daypass.js';
import type { Description } from './description.js';
import type { DaypassError } from './error.js';
import type { DaypassEventMap } from './events.js';
import { withoutTokens } from './inspector-text.js';
import type { Scope } from './scope.js';

/** A failure, as it is shown: without the text of any token. */
export interface Refusal {
  readonly code: string;
  readonly status: number;
  readonly message: string;
  readonly help: string;
  /** The request, such as `GET /v2/floor/first`; `null` if the failure is not that of a request. */
  readonly request: string | null;
  /** When it happened last, and how often in a row. */
  at: Date;
  count: number;
}

/** The most refusals that are kept. */
const MOST = 20;

/** The calls that are watched. */
const CALLS = [
  'fetch',
  'authorization',
  'headers',
  'authorize',
  'transformRequest',
  'unauthorized',
  'refresh',
  'require',
  'refusal',
] as const;

/** Which tab called the provider for the token in use. */
export type Leader = 'this tab' | 'another tab';

/** Watches a connection until it is stopped. */
export class Recorder {
  /** How many tokens followed the first one that was seen, by the tab that called the provider. */
  readonly refreshes: Record<Leader, number> = { 'this tab': 0, 'another tab': 0 };
  /** Which tab called the provider last; `null` if that was before. */
  leader: Leader | null = null;
  /** Whether this tab calls the provider. */
  isRefreshing = false;
  /** Whether the provider gives no more tokens. */
  hasEnded = false;
  /** The newest first. */
  readonly refusals: Refusal[] = [];
  onChange: () => void = () => {};
  onClosed: () => void = () => {};

  readonly #daypass: Daypass<object, Scope> | undefined;
  readonly #life = new AbortController();
  readonly #undo: (() => void)[] = [];
  /** What has been recorded: an event and a call may report one error, and two calls one response. */
  readonly #seen = new WeakSet<object>();

  /** Without a connection it records what it is told. */
  constructor(daypass: Daypass<object, Scope> | undefined) {
    this.#daypass = daypass;
    if (!daypass) return;
    this.#listen(daypass);
    for (const name of CALLS) this.#watch(daypass, name);
  }

  describe(): Description | null {
    return this.#daypass?.describe() ?? null;
  }

  /** Returns whether a token is in use. Without one, a description has the times of a token that never ends. */
  hasToken(): boolean {
    return typeof this.#daypass?.peek() === 'string';
  }

  /** Records a failure. */
  add(error: DaypassError, request: string | null): void {
    if (this.#life.signal.aborted || this.#seen.has(error)) return;
    this.#seen.add(error);
    const token = this.#daypass?.peek() ?? null;
    const [message, help] = [withoutTokens(error.message, token), withoutTokens(error.help, token)];
    const [last] = this.refusals;
    if (last && last.code === error.code && last.message === message && last.request === request) {
      last.at = new Date();
      last.count += 1;
    } else {
      const { code, status } = error;
      this.refusals.unshift({ code, status, message, help, request, at: new Date(), count: 1 });
      this.refusals.length = Math.min(this.refusals.length, MOST);
    }
    this.onChange();
  }

  /** Leaves the connection as it was. */
  stop(): void {
    this.#life.abort();
    for (const undo of this.#undo.splice(0)) undo();
  }

  #listen(daypass: Daypass<object, Scope>): void {
    const { signal } = this.#life;
    const changed = (change: () => void) => () => {
      change();
      this.onChange();
    };
    daypass.addEventListener('refreshing', changed(() => (this.isRefreshing = true)), { signal });
    daypass.addEventListener('refreshed', changed(() => this.#refreshed()), { signal });
    daypass.addEventListener('expired', changed(() => {}), { signal });
    daypass.addEventListener('closed', () => this.onClosed(), { signal });
    const failed = ({ detail: { error, retryInSeconds } }: DaypassEventMap['failed']) => {
      this.isRefreshing = false;
      this.hasEnded = retryInSeconds === null;
      this.add(error, null);
      this.onChange();
    };
    daypass.addEventListener('failed', failed, { signal });
  }

  #refreshed(): void {
    // The tab that calls the provider says so before; the others are only given the token.
    this.leader = this.isRefreshing ? 'this tab' : 'another tab';
    this.refreshes[this.leader] += 1;
    this.isRefreshing = false;
    this.hasEnded = false;
  }

  /** Replaces a method of the connection by one that calls it and records how it ends. */
  #watch(daypass: Daypass<object, Scope>, name: (typeof CALLS)[number]): void {
    const own = Object.getOwnPropertyDescriptor(daypass, name);
    const call = daypass[name] as (...given: unknown[]) => unknown;
    const watched = (...given: unknown[]): unknown => {
      const request = name === 'fetch' ? requestLine(given[0], given[1]) : null;
      if (name === 'unauthorized') this.#see(given[0], request);
      try {
        const result = Reflect.apply(call, daypass, given);
        if (!(result instanceof Promise)) return result;
        return result.then(
          (value) => {
            if (name === 'fetch') this.#see(value, request);
            if (name === 'refusal' && isDaypassError(value) && !this.#hasSeen(given[0])) this.add(value, null);
            return value;
          },
          (error) => this.#rethrow(error, request),
        );
      } catch (error) {
        return this.#rethrow(error, request);
      }
    };
    const how = { configurable: true, writable: true, enumerable: !!own?.enumerable };
    Object.defineProperty(daypass, name, { ...how, value: watched });
    this.#undo.push(() => {
      // What others have put in its place stays.
      if (daypass[name] !== watched) return;
      if (own) Object.defineProperty(daypass, name, own);
      else Reflect.deleteProperty(daypass, name);
    });
  }

  #hasSeen(value: unknown): boolean {
    return value instanceof Response && this.#seen.has(value);
  }

  #rethrow(error: unknown, request: string | null): never {
    if (isDaypassError(error)) this.add(error, request);
    throw error;
  }

  /** Records why a response refuses, if it does. The page reads the response as if nobody else had. */
  #see(response: unknown, request: string | null): void {
    if (!(response instanceof Response) || response.ok || response.bodyUsed || this.#seen.has(response)) return;
    this.#seen.add(response);
    const copy = response.clone();
    this.#seen.add(copy);
    void this.#daypass?.refusal(copy).then((error) => error && this.add(error, request), () => {});
  }
}

/** By its members: the class is that of the entry, or of the mock. */
export function isDaypassError(value: unknown): value is DaypassError {
  const { code, help } = Object(value) as Partial<DaypassError>;
  return typeof code === 'string' && typeof help === 'string';
}

/** The method and the path of a request, without the query, which may have a token in it. */
function requestLine(input: unknown, init: unknown): string | null {
  try {
    const { method, url } = Object(input) as Partial<Request>;
    const { pathname } = new URL(url ?? String(input), 'http://relative');
    return `${(Object(init) as RequestInit).method ?? method ?? 'GET'} ${withoutTokens(pathname, null)}`.slice(0, 200);
  } catch {
    // `fetch` says what is wrong with it.
    return null;
  }
}
