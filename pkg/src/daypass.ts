// Stand-in for its declarations: the class and the function are in daypass.js.
/// <reference lib="esnext.disposable" preserve="true" />
import type { ConnectOptions } from './connect-options.js';
import type { Description, TransformedRequest } from './description.js';
import type { DaypassError } from './error.js';
import type { DaypassEventMap, ListenerParameters, RemovalParameters } from './events.js';
import type { KnownScope, Scope } from './scope.js';

/** A connection: one credential, kept fresh, for one API. It lives until {@link Daypass.close}. */
export declare class Daypass<P extends object = Record<string, unknown>, S extends Scope = KnownScope> extends EventTarget {
  /** Use {@link connect}. */
  private constructor();
  /**
   * The parameters of the bundle, unknown keys included; `null` without a bundle.
   *
   * To the parameters of a bundle reference the service adds `auth`: the id of the application token
   * that created it.
   */
  readonly parameters: P | null;
  /**
   * Sends a request with the browser's `fetch` and adds the credential.
   *
   * A path is resolved against `api`. A publishable token is sent in the query, so a plain GET causes
   * no preflight. After a 401, a temporary token is refreshed and the request sent once more, unless a
   * readable `WWW-Authenticate` says that the token is not the reason.
   * @throws {DaypassError} `foreign_url` for a URL of another origin than the API's, `network_failed`
   * without a readable response, `origin_not_allowed` if the service says that the page's origin is the
   * reason, `body_not_replayable` for a stream that would have to be sent twice, `stream_not_supported`
   * for a stream that this browser cannot send, `closed` after {@link Daypass.close}, and the errors of
   * {@link Daypass.authorization}.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /**
   * Returns the value of the `Authorization` header, and waits for a refresh if the token has expired.
   * @throws {DaypassError} `token_expired` or a code `provider_…` if no token is active and the
   * provider supplies none, `interrupted` if the WebAssembly was lost during the call, `closed` after
   * {@link Daypass.close}.
   */
  authorization(): Promise<string>;
  /** Returns the value of the `Authorization` header without waiting; `null` if no token is active. */
  peek(): string | null;
  /** Describes the token in use. */
  describe(): Description;
  /**
   * Returns the headers for one request of another HTTP client, refreshed if necessary.
   *
   * They are `Authorization` and, with the option `dpop`, a proof for this URL and method. For a
   * publishable token, which is sent in the query, there are none. Call `headers()` for every request;
   * do not cache its result.
   * @throws {DaypassError} `foreign_url` for a URL of another origin than the API's, and the errors of
   * {@link Daypass.authorization}.
   */
  headers(url: string | URL, method?: string): Promise<Record<string, string>>;
  /**
   * Returns the URL and the headers for one request of another HTTP client, and waits for a refresh if
   * the token has expired.
   *
   * It is for clients whose hook may wait, such as MapLibre's `transformRequest`, hls.js and deck.gl,
   * and is bound: pass it on as a function. The URL is resolved against `api`. A URL that is not the
   * API's is returned unchanged, without headers.
   * @throws {DaypassError} The errors of {@link Daypass.authorization}.
   */
  authorize(url: string | URL): Promise<TransformedRequest>;
  /**
   * Returns the URL and the headers for one request of another HTTP client, without waiting.
   *
   * The URL is resolved against `api` and has a publishable token in its query. A URL of another origin
   * is returned unchanged, without headers. Call it for every request; do not cache its result, because
   * a token in a stored URL or header is not refreshed. `transformRequest` and `fetch` are bound: they
   * can be passed on as functions.
   * @throws {DaypassError} The reason why no token is active, so that no request is sent without one;
   * `dpop_required` with the option `dpop`, because a proof cannot be made synchronously: use
   * {@link Daypass.authorize} or {@link Daypass.headers}.
   */
  transformRequest(url: string | URL): TransformedRequest;
  /**
   * Reports that the API answered 401 to another HTTP client, and returns whether another token is in
   * use now, so that the request is worth sending again.
   *
   * `what` is the response or the URL of the request. Like {@link Daypass.fetch} after a 401, it
   * refreshes the token, unless the response says that the token is not the reason.
   */
  unauthorized(what?: Response | string | URL): Promise<boolean>;
  /**
   * Calls the provider now, and replaces the token in all tabs that share it: for rights that changed.
   * @throws {DaypassError} A code `provider_…`, or `closed` after {@link Daypass.close}.
   */
  refresh(): Promise<void>;
  /**
   * Closes this connection and those of all tabs with the same `share`, and makes them drop their token.
   * It resolves when the other tabs have been told.
   */
  signOut(): Promise<void>;
  /**
   * Returns whether a grant of the token has this scope; `null` if there is no token or it is opaque.
   *
   * Use it to choose what to show. The decision is the API's.
   * @throws {DaypassError} `invalid_options` if the text is not a scope.
   */
  can(scope: S): boolean | null;
  /**
   * Throws if the token is known to lack this scope, before a request is sent.
   * @throws {DaypassError} `insufficient_scope`, or `invalid_options` if the text is not a scope.
   */
  require(scope: S): void;
  /**
   * Returns the error in a response of the API; `null` if it contains none. The response's body stays
   * readable.
   */
  refusal(response: Response): Promise<DaypassError | null>;
  /**
   * Ends the connection: its refreshes, timers, listeners and requests.
   *
   * Pending and later calls fail with the code `closed`.
   */
  close(): void;
  /** Closes the connection at the end of a `using` block. */
  [Symbol.dispose](): void;

  /** Adds a listener, as any event target does, for the events of {@link DaypassEventMap}. */
  addEventListener<K extends keyof DaypassEventMap>(
    type: K,
    listener: (event: DaypassEventMap[K]) => void,
    options?: ListenerParameters[2],
  ): void;
  addEventListener(...parameters: ListenerParameters): void;
  /** Removes a listener, as any event target does. */
  removeEventListener<K extends keyof DaypassEventMap>(
    type: K,
    listener: (event: DaypassEventMap[K]) => void,
    options?: RemovalParameters[2],
  ): void;
  removeEventListener(...parameters: RemovalParameters): void;
}

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
export declare function connect<P extends object = Record<string, unknown>, S extends Scope = KnownScope>(
  options: ConnectOptions<NoInfer<S>>,
): Promise<Daypass<P, S>>;
