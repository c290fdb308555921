/// <reference lib="esnext.disposable" preserve="true" />
/** What a page holds: `connect` and the class `Daypass`. */
import type { Glue, Handle, Kept } from '../wasm/daypass_bg.js';
import { core, failure, holders, initialise, isCurrent } from './core.js';
import type { DaypassErrorCode } from './codes.js';
import type { DaypassError } from './error.js';
import type { ConnectOptions } from './connect-options.js';
import type { Description, TransformedRequest } from './description.js';
import { dispose } from './dispose.js';
import type { DaypassEventMap, ListenerParameters, RemovalParameters } from './events.js';
import { isSentAsIs, plainOptions, plainUrl } from './plain-request.js';
import type { KnownScope, Scope } from './scope.js';
import { ATTEMPTS, surviving } from './surviving.js';

/** Milliseconds until a connection is opened again that no instance could be made for. */
const PAUSE = 1_000;

/** The methods that a proof is made for. */
const METHODS = /^(GET|HEAD|POST|PUT|PATCH|DELETE|OPTIONS)$/i;

/** Only this module opens connections. */
const OPEN = Symbol('open');

/**
 * Connects an embed to its API.
 *
 * It resolves when the first token has been received, or when the bundle is open. `P` is the type of a
 * bundle's parameters. `S` is the type of the known scopes, by default that of {@link DaypassTypes},
 * which `daypass catalog types` generates from a catalogue.
 * @throws {DaypassError} `invalid_options` names the invalid option, `load_failed` says that the
 * WebAssembly could not be loaded; `token_malformed`, `token_expired`, `network_failed` and the codes
 * `provider_…` and `bundle_…` say why there is no credential. If `signal` aborts, its reason.
 */
// `NoInfer`: the scopes that are requested are not all that the product has.
export function connect<P extends object = Record<string, unknown>, S extends Scope = KnownScope>(
  options: ConnectOptions<NoInfer<S>>,
): Promise<Daypass<P, S>> {
  return Daypass.open<P, S>(options);
}

/** A call that is waited for. */
interface Pending {
  /** Begins it in this instance. */
  start(handle: Handle): void;
  /** Ends it with an error. */
  reject(error: unknown): void;
  /** Whether it can be begun again in another instance. */
  readonly isRepeatable: boolean;
}

/** A connection hears as any event target does, for the events of {@link DaypassEventMap}. */
export interface Daypass<P extends object = Record<string, unknown>, S extends Scope = KnownScope> {
  /** Adds a listener. */
  addEventListener<K extends keyof DaypassEventMap>(
    type: K,
    listener: (event: DaypassEventMap[K]) => void,
    options?: ListenerParameters[2],
  ): void;
  /** Adds a listener, as any event target does. */
  addEventListener(...parameters: ListenerParameters): void;
  /** Removes a listener. */
  removeEventListener<K extends keyof DaypassEventMap>(
    type: K,
    listener: (event: DaypassEventMap[K]) => void,
    options?: RemovalParameters[2],
  ): void;
  /** Removes a listener, as any event target does. */
  removeEventListener(...parameters: RemovalParameters): void;
}

/** A connection: one credential, kept fresh, for one API. It lives until {@link Daypass.close}. */
export class Daypass<P extends object = Record<string, unknown>, S extends Scope = KnownScope> extends EventTarget {
  /**
   * The parameters of the bundle, unknown keys included; `null` without a bundle.
   *
   * To the parameters of a bundle reference the service adds `auth`: the id of the application token
   * that created it.
   */
  readonly parameters: P | null;

  readonly #kept: Kept;
  #owner: Glue | undefined;
  #handle: Handle | undefined;
  /** Ends everything that the connection has at the platform, whatever became of its instance. */
  #life = new AbortController();
  #isClosed = false;
  readonly #pending = new Set<Pending>();
  /** How often in a row no instance could open the connection, and the timer of the next attempt. */
  #failures = 0;
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** Use {@link connect}. */
  private constructor(key: typeof OPEN, kept: Kept) {
    super();
    if (key !== OPEN) throw new TypeError('Use connect().');
    this.#kept = kept;
    this.parameters = kept.parameters;
    // So that they can be passed on to other clients as they are.
    this.fetch = this.fetch.bind(this);
    this.authorize = this.authorize.bind(this);
    this.transformRequest = this.transformRequest.bind(this);
    holders.add(this.#holder);
  }

  /** @internal */
  static async open<P extends object, S extends Scope>(options: unknown): Promise<Daypass<P, S>> {
    await initialise();
    const kept = await surviving((glue, signal) => glue.prepare(options, signal));
    const daypass = new Daypass<P, S>(OPEN, kept);
    const { timeoutSeconds, options: given } = kept;
    try {
      await daypass.#call((handle) => handle.opened(timeoutSeconds, given.signal ?? daypass.#life.signal));
    } catch (error) {
      daypass.close();
      throw error;
    }
    return daypass;
  }

  /**
   * Sends a request with the browser's `fetch` and adds the credential.
   *
   * A path is resolved below `api`. A publishable token is sent in the query, so a plain GET causes
   * no preflight. After a 401, a temporary token is refreshed and the request sent once more, unless a
   * readable `WWW-Authenticate` says that the token is not the reason. A response that says when to come
   * again (`Retry-After`) is waited out, up to `maxRetryAfterSeconds`.
   * @throws {DaypassError} `foreign_url` for a URL of another origin than the API's, `network_failed`
   * without a readable response, `origin_not_allowed` if the service says that the page's origin is the
   * reason, `body_not_replayable` for a stream that would have to be sent twice, `stream_not_supported`
   * for a stream that the browser cannot send, `closed` after {@link Daypass.close}, and the errors of
   * {@link Daypass.authorization}.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response> {
    // Begun again, it could do twice what it asks for.
    return this.#call((handle) => this.#send(handle, input, init), false);
  }

  /**
   * Returns the value of the `Authorization` header, and waits for a refresh if the token has expired.
   * @throws {DaypassError} `token_expired` or a code `provider_…` if no token is active and the
   * provider supplies none, `closed` after {@link Daypass.close}.
   */
  authorization(): Promise<string> {
    return this.#call((handle) => handle.authorization());
  }

  /** Returns the value of the `Authorization` header without waiting; `null` if no token is active. */
  peek(): string | null {
    return this.#isClosed ? null : this.#now((handle) => handle.peek());
  }

  /** Describes the token in use. */
  describe(): Description {
    if (!this.#isClosed) return this.#now((handle) => handle.describe());
    const contents = { scopes: null, origins: null, subject: null, claims: null };
    return { kind: this.#kept.kind, ...contents, lifetimeSeconds: null, secondsLeft: null, refreshInSeconds: null };
  }

  /**
   * Returns the headers for one request of another HTTP client, refreshed if necessary.
   *
   * They are `Authorization` and, with the option `dpop`, a proof for this URL and method. For a
   * publishable token, which is sent in the query, there are none. Call `headers()` for every request;
   * do not cache its result.
   * @throws {DaypassError} `foreign_url` for a URL of another origin than the API's, and the errors of
   * {@link Daypass.authorization}.
   */
  headers(url: string | URL, method = 'GET'): Promise<Record<string, string>> {
    return this.#call((handle) => handle.authorize(url, String(method).toUpperCase(), true)).then(({ headers }) => headers);
  }

  /**
   * Returns the URL and the headers for one request of another HTTP client, and waits for a fresh token.
   *
   * It is for hooks that may return a promise, such as `transformRequest` of MapLibre. A URL of another
   * origin is returned unchanged, without headers. It is bound, so it can be passed on as a function.
   * @throws {DaypassError} the errors of {@link Daypass.authorization}.
   */
  authorize(url: string | URL, method?: string): Promise<TransformedRequest> {
    // A hook may pass something else second, such as the type of the resource.
    const own = METHODS.test(method!) ? method!.toUpperCase() : 'GET';
    return this.#call((handle) => handle.authorize(url, own, false));
  }

  /**
   * Returns the URL and the headers for one request of another HTTP client, without waiting.
   *
   * The URL is resolved below `api` and has a publishable token in its query. A URL of another origin
   * is returned unchanged, without headers. Call it for every request; do not cache its result, because
   * a token in a stored URL or header is not refreshed. It is bound, so it can be passed on as a
   * function. Where the hook may return a promise, use {@link Daypass.authorize}.
   * @throws {DaypassError} `token_expired` or a code `provider_…` if no token is active: the request
   * could only fail. `dpop_required` with the option `dpop`, because a proof cannot be made
   * synchronously.
   */
  transformRequest(url: string | URL): TransformedRequest {
    if (this.#isClosed) throw failure('closed');
    return this.#now((handle) => handle.transformRequest(url));
  }

  /**
   * Reports that another HTTP client got a 401, and returns whether another token is in use now, so that
   * its request is worth repeating. Pass the response if there is one: its reason counts.
   */
  unauthorized(what?: Response | string | URL): Promise<boolean> {
    return this.#call((handle) => handle.unauthorized(what));
  }

  /**
   * Asks the provider for a new token now, and waits for it. All tabs that share the token use it then.
   * @throws {DaypassError} `invalid_options` without a provider, a code `provider_…` if it supplies none,
   * `closed` after {@link Daypass.close}.
   */
  refresh(): Promise<void> {
    return this.#call((handle) => handle.refresh());
  }

  /**
   * Returns whether a grant of the token has this scope; `null` if there is no token or it is opaque.
   *
   * Use it to choose what to show. The decision is the API's.
   * @throws {DaypassError} `invalid_options` if the text is not a scope.
   */
  can(scope: S): boolean | null {
    return this.#isClosed ? null : this.#now((handle) => handle.can(scope));
  }

  /**
   * Throws if the token is known to lack this scope, before a request is sent.
   * @throws {DaypassError} `insufficient_scope`, or `invalid_options` if the text is not a scope.
   */
  require(scope: S): void {
    if (this.can(scope) === false) throw failure('insufficient_scope', scope);
  }

  /**
   * Returns the error in a response of the API; `null` if it contains none. The response's body stays
   * readable.
   */
  refusal(response: Response): Promise<DaypassError | null> {
    return surviving((glue) => glue.refusal(response)) as Promise<DaypassError | null>;
  }

  /**
   * Ends the connection: its refreshes, timers, listeners and requests.
   *
   * Pending and later calls fail with the code `closed`.
   */
  close(): void {
    this.#end((handle) => handle.close());
  }

  /**
   * Closes this connection, and those of the same person in all tabs: connections whose `share` is the
   * same. Their tokens are gone with them.
   */
  signOut(): Promise<void> {
    this.#end((handle) => handle.signOut());
    return Promise.resolve();
  }

  /** Closes the connection at the end of a `using` block. */
  [dispose](): void {
    this.close();
  }

  /** What an instance calls of this side. */
  readonly #page = {
    emit: (type: string, detail: unknown) => {
      // Another tab may have signed out.
      if (type === 'closed') queueMicrotask(() => this.#end(() => {}));
      this.dispatchEvent(new CustomEvent(type, { detail }));
    },
  };

  readonly #holder = {
    lost: () => {
      if (this.#isClosed || this.#timer || isCurrent(this.#owner)) return;
      try {
        this.#live();
      } catch {
        this.#failures += 1;
        // Not at once: the page stays alive if it fails again and again.
        this.#timer = setTimeout(() => {
          this.#timer = undefined;
          this.#holder.lost();
        }, PAUSE);
        if (this.#failures >= ATTEMPTS) this.#reject('interrupted');
      }
    },
  };

  /** The connection in the instance in use. If the instance before is lost, another goes on with the token at hand. */
  #live(): Handle {
    if (this.#handle && isCurrent(this.#owner)) return this.#handle;
    this.#life.abort();
    this.#life = new AbortController();
    this.#handle = undefined;
    const glue = core();
    this.#handle = new glue.Handle(this.#kept, this.#page, this.#life);
    this.#owner = glue;
    this.#failures = 0;
    const handle = this.#handle;
    for (const pending of [...this.#pending]) {
      if (pending.isRepeatable) pending.start(handle);
      else pending.reject(failure('interrupted'));
    }
    return handle;
  }

  /**
   * Sends a request. One that needs nothing but the token at hand goes out at once: a call into the WebAssembly can take
   * longer than all else here. What becomes of it is the instance's, unless it is a response for the page.
   */
  async #send(handle: Handle, input: unknown, init?: RequestInit): Promise<Response> {
    const { base, authorization, restsUntil, call } = this.#kept;
    const url = base && authorization && Date.now() < restsUntil! ? plainUrl(input, base) : undefined;
    const own = url && plainOptions(init);
    if (!own || !isSentAsIs(own)) return handle.fetch(input, own || init);
    const life = this.#life.signal;
    own.headers = new Headers(own.headers ?? []);
    own.headers.set('authorization', authorization!);
    const signal = own.signal == null ? life : AbortSignal.any([own.signal, life]);
    const sent = (async () => fetch(url, { ...own, signal }))();
    const isForPage = await sent.then(({ status }) => status >= 0 && ![401, 429, 503].includes(status)).catch(() => false);
    if (isForPage) return sent;
    // A handle that is no longer this one's is freed, and the call has ended with it.
    if (handle !== this.#handle) throw failure('interrupted');
    return handle.fetch(input, own, sent, call);
  }

  /** Makes a call, which ends when this closes. */
  #call<T>(call: (handle: Handle) => Promise<T>, isRepeatable = true): Promise<T> {
    return new Promise((resolve, reject) => {
      if (this.#isClosed) return reject(failure('closed'));
      const settle = <V>(how: (value: V) => void, value: V) => {
        this.#pending.delete(pending);
        how(value);
      };
      const pending: Pending = {
        isRepeatable,
        reject: (error) => settle(reject, error),
        start: (handle) => {
          const owner = this.#owner;
          // If the instance is lost, the call is begun again or rejected with the connection.
          const fail = (error: unknown) => isCurrent(owner) && settle(reject, error);
          try {
            call(handle).then((value) => settle(resolve, value), fail);
          } catch (error) {
            fail(error);
          }
        },
      };
      const handle = this.#now((handle) => handle);
      this.#pending.add(pending);
      pending.start(handle);
    });
  }

  /** Makes a call that does not wait, once more if the instance is lost in it. */
  #now<T>(call: (handle: Handle) => T): T {
    for (let attempts = 0; attempts < 2; attempts += 1) {
      try {
        return call(this.#live());
      } catch (error) {
        if (isCurrent(this.#owner)) throw error;
      }
    }
    throw failure('interrupted');
  }

  /** Ends all calls that are waited for. */
  #reject(code: DaypassErrorCode): void {
    for (const pending of [...this.#pending]) pending.reject(failure(code));
  }

  /** Closes once, whatever happens. */
  #end(how: (handle: Handle) => void): void {
    if (this.#isClosed) return;
    const handle = isCurrent(this.#owner) ? this.#handle : undefined;
    this.#isClosed = true;
    holders.delete(this.#holder);
    try {
      if (handle) how(handle);
    } finally {
      this.#handle = undefined;
      this.#kept.authorization = undefined;
      this.#life.abort();
      clearTimeout(this.#timer);
      this.#reject('closed');
      const owner = this.#owner;
      // Not now: it may be at work, and have called a listener that closes.
      if (handle) queueMicrotask(() => isCurrent(owner) && handle.free());
    }
  }
}
