/**
 * The SDK: {@link connect} joins an embed to its API and keeps the credential fresh.
 * @packageDocumentation
 */
/// <reference lib="esnext.disposable" />

/** A scope: `resource:action`, for example `floor:readPublic`, or `resource:action:resourceId`. */
export type Scope = `${string}:${string}`;

/** A temporary token: the unchanged response body of `POST /v2/temporary-access-token/create`. */
export interface TemporaryToken {
  /** The value of the `Authorization` header, `Bearer …` or `DPoP …`. It is sent verbatim. */
  authorization: string;
  /**
   * When the token expires, as Unix time in seconds. The SDK uses only the token's lifetime, so a wrong
   * clock on the visitor's device does no harm.
   */
  expiresAt: number;
}

/** The request that a provider receives. */
export interface TokenRequest<S extends Scope = Scope> {
  /** The scopes given to `connect`; empty if none were given. */
  scopes: S[];
  /** The requested lifetime, in seconds. */
  durationSeconds: number;
  /**
   * The thumbprint (RFC 7638) of this browser's key, with the option `dpop`. Your backend passes it to
   * the service.
   */
  dpopJkt?: string;
}

/**
 * Gets a temporary token from your own backend.
 *
 * A URL receives `{scopes, durationSeconds}` as a JSON `POST`. A function receives a
 * {@link TokenRequest}. If the URL answers 403, or the function throws an error whose `status` is 403,
 * refreshing stops for good. After any other failure Daypass retries.
 */
export type TokenProvider<S extends Scope = Scope> =
  | string
  | URL
  | ((request: TokenRequest<S>, context: TokenContext) => Promise<TemporaryToken>);

/** The second argument of a provider that is a function. */
export interface TokenContext {
  /** Aborts when the result is no longer needed: the connection closes, or 10 seconds have passed. */
  signal: AbortSignal;
}

/** The options that every kind of connection has. */
export interface CommonOptions {
  /**
   * The base URL of the product's API. `fetch` resolves paths against it.
   *
   * The token is sent to this origin only, with one exception: to explain a failure, a token that may
   * be bound to origins is also sent to `service`, which issued it.
   */
  api: string | URL;
  /** The base URL of the token service. Bundles need it, and it explains why an origin was refused. */
  service?: string | URL;
}

/** Options for a publishable token. */
export interface PublishableOptions extends CommonOptions {
  /** The publishable token. It is safe in a page, because it is bound to the page's origin. */
  publishableToken: string;
}

/** Options for temporary tokens that are refreshed before they expire. */
export interface ProviderOptions<S extends Scope = Scope> extends CommonOptions {
  /** The source of temporary tokens. */
  provider: TokenProvider<S>;
  /** The scopes to request from the provider. */
  scopes?: S[];
  /** The lifetime to request from the provider, in seconds; from 1 to 86400, by default 3600. */
  durationSeconds?: number;
  /**
   * Whether to bind the tokens to a key of this browser that cannot be exported (RFC 9449); by default
   * `false`.
   *
   * A stolen token is then useless elsewhere. Your backend passes `dpopJkt` to the service, and the API
   * must accept proofs. It needs a secure context. The key is stored in IndexedDB where possible.
   */
  dpop?: boolean;
  /**
   * The name under which tabs of this origin share their refreshes; `false` shares nothing.
   *
   * Tabs refresh together if they request the same from the same provider under the same name. A
   * provider that is a function is shared only under a name. If several visitors may be signed in at
   * once, use the visitor's id as the name, so that no visitor gets the token of another.
   */
  share?: string | false;
  /** A first temporary token, if the page was delivered with one. */
  temporaryToken?: TemporaryToken;
}

/** Options for one temporary token without a provider. */
export interface GivenTokenOptions extends CommonOptions {
  /** The temporary token that the page was delivered with. It is used until it expires. */
  temporaryToken: TemporaryToken;
  /** Absent: with a provider, the options are {@link ProviderOptions}. */
  provider?: undefined;
}

/** Options for a parameter bundle. */
export interface BundleOptions extends CommonOptions {
  /** The base URL of the token service that created the bundle. */
  service: string | URL;
  /** The parameter bundle (a reference or a signed bundle), or its place in the page's URL. */
  bundle: string | BundleInUrl;
}

/** The place of a bundle in the page's own URL. */
export interface BundleInUrl {
  /** The part of the URL: after the `?`, or after the `#`. */
  from: 'query' | 'fragment';
  /** The name of the parameter; by default `bundle`. */
  name?: string;
  /**
   * Whether to remove the bundle from the address and the history entry once it is open; by default
   * `false`. The rest of the URL stays as it is.
   */
  clean?: boolean;
}

/** Options for an embed that gets its tokens from the page around it: see `mount` of `daypass/host`. */
export interface HostOptions<S extends Scope = Scope> extends CommonOptions {
  /**
   * The origins of the pages that may host this one, as patterns such as `https://www.example.com` or
   * `*.example.com`. The host page mounts this one with `mount` of `daypass/host`.
   */
  host: string | string[];
  /** The scopes to request. */
  scopes?: S[];
  /** The lifetime to request, in seconds; from 1 to 86400, by default 3600. */
  durationSeconds?: number;
  /** Whether to bind the tokens to a key of this browser, as {@link ProviderOptions.dpop} does. */
  dpop?: boolean;
}

/** The options of {@link connect}: one source of the credential. */
export type ConnectOptions<S extends Scope = Scope> =
  | PublishableOptions
  | ProviderOptions<S>
  | GivenTokenOptions
  | BundleOptions
  | HostOptions<S>;

/** What is known about the token in use. It contains no token, and needs no request. */
export interface Description {
  /** The kind of the token. */
  kind: 'publishable' | 'temporary' | 'bundle';
  /** The token's scopes; `null` if the token is opaque. `refusal` and the service know more. */
  scopes: Scope[] | null;
  /** The patterns of the origins that may use the token, empty if any may; `null` if the token is opaque. */
  origins: string[] | null;
  /**
   * The lifetime that the token had when it was received, in seconds; `null` if the token does not
   * expire.
   */
  lifetimeSeconds: number | null;
  /**
   * The time until the token expires, in seconds, by this page's own clock; at least 0, `null` if it
   * does not expire.
   */
  secondsLeft: number | null;
  /** The time until the next refresh, in seconds; `null` if none is planned. */
  refreshInSeconds: number | null;
}

/** The parts of a request that carry the credential, for another HTTP client. */
export interface TransformedRequest {
  /** The absolute URL, with a publishable token in its query. */
  url: string;
  /** The `Authorization` header; empty if the token is in the URL, or if there is no token. */
  headers: Record<string, string>;
}

// <error-codes>
// Generated by `cargo xtask codegen` from `src/error/code.rs`: edit that instead.
/** The codes of all failures. `docs/reference/errors.md` says what to do about each. */
export type DaypassErrorCode =
  /** The request has no token. */
  | 'missing_token'
  /** The token is not authentic: malformed, mistyped, unknown or signed by another key. */
  | 'invalid_token'
  /** The token is authentic and has expired. */
  | 'token_expired'
  /** The token is authentic, and its time has not come. */
  | 'token_not_yet_valid'
  /** The token is authentic and was revoked. */
  | 'token_revoked'
  /** The token is bound to a key (RFC 9449) and was sent without a proof. */
  | 'dpop_required'
  /** The proof is for another request, too old, used before or malformed; the message says which. */
  | 'invalid_dpop_proof'
  /** The proof lacks the nonce that the header `DPoP-Nonce` gives. */
  | 'use_dpop_nonce'
  /** One publishable token made too many requests, or one client sent too many invalid tokens. */
  | 'too_many_requests'
  /** The request has two tokens, two origins, a field that is missing or wrong, or too much for one JWT. */
  | 'invalid_request'
  /** The body is not the expected JSON. */
  | 'invalid_body'
  /** The body is larger than 64 KiB. */
  | 'body_too_large'
  /** The body did not arrive within 15 seconds. */
  | 'too_slow'
  /** A token that is not publishable was sent in the query of a URL. */
  | 'secret_in_query'
  /** A token for backends was sent with an `Origin` header, so by a browser. */
  | 'secret_in_browser'
  /** Tokens of this kind are not accepted for this request. */
  | 'kind_not_accepted'
  /** A publishable token was sent without an `Origin` header. */
  | 'origin_required'
  /** The token does not allow the page's origin. In the browser the message also lists the allowed origins. */
  | 'origin_not_allowed'
  /** The token lacks the scope, or lacks it for this tenant or resource. */
  | 'insufficient_scope'
  /** A requested scope does not exist, or the caller's token does not have it. */
  | 'invalid_scope'
  /** The duration is outside the documented range, or ends after the caller's token. */
  | 'duration_out_of_range'
  /** Nothing has this path or id. */
  | 'not_found'
  /** The path exists, for other methods. */
  | 'method_not_allowed'
  /** An active token has this id. */
  | 'already_exists'
  /** The organization has 100 active tokens of this kind. */
  | 'limit_reached'
  /** The API lacks a part that the request needs, such as the verifier's layer. */
  | 'misconfigured'
  /** The store, the keys, introspection or the revocation feed did not answer in time. Nothing passes until then. */
  | 'unavailable'
  /** An option of `connect` is missing or wrong; the message names it. */
  | 'invalid_options'
  /** The publishable token is mistyped or incomplete. */
  | 'token_malformed'
  /** The page got no response that it may read. */
  | 'network_failed'
  /** `fetch` got a URL of another origin than the API's. */
  | 'foreign_url'
  /** The API answered 401, and the body is a stream that can be sent only once. */
  | 'body_not_replayable'
  /** The token provider failed, or returned something other than a token. */
  | 'provider_failed'
  /** The token provider did not answer for 10 seconds. */
  | 'provider_timeout'
  /** The token provider returned a token that is expired or already in use. */
  | 'provider_stale'
  /** The token provider answered 401. It is not called again. */
  | 'provider_unauthorized'
  /** The token provider answered 403. It is not called again. */
  | 'provider_forbidden'
  /** The bundle is neither a reference nor a JWT. */
  | 'bundle_malformed'
  /** No key of the service has the id that the bundle names. */
  | 'bundle_unknown_key'
  /** The signature does not match the bundle. */
  | 'bundle_changed'
  /** The page has no cryptography because it is not served over https, or the browser has no Ed25519. */
  | 'bundle_unverifiable'
  /** The bundle has expired. */
  | 'bundle_expired'
  /** The bundle was made for pages of other origins. */
  | 'bundle_origin'
  /** The service does not know the reference, or it is expired or revoked. */
  | 'bundle_refused'
  /** The request's body is a stream, and the browser would send its name instead. */
  | 'stream_not_supported'
  /** The WebAssembly instance failed during the call. Another one has taken over the connection. */
  | 'interrupted'
  /** `close()` was called. */
  | 'closed'
  /** The WebAssembly could not be loaded; the message gives the browser's reason. */
  | 'load_failed';
// </error-codes>

/** Every failure that Daypass reports. `message` says what happened, and `help` what to do about it. */
export class DaypassError extends Error {
  /** Only Daypass creates errors of this class. */
  private constructor();
  /** The stable code of the failure, for programs. It does not change between versions. */
  readonly code: DaypassErrorCode;
  /** The HTTP status of the response; 0 if there was none. */
  readonly status: number;
  /** Whether the same call may succeed later without anyone changing anything. */
  readonly retryable: boolean;
  /** What to do about the failure. */
  readonly help: string;
}

/** The events of a connection, by name. */
export interface DaypassEventMap {
  /** A call to the provider has started. */
  refreshing: CustomEvent<{
    /**
     * The number of the attempt: 1 for the first call after a token was received, one more after each
     * failure.
     */
    attempt: number;
  }>;
  /** A new token is in use. */
  refreshed: CustomEvent<{
    /** The lifetime of the new token, in seconds. */
    lifetimeSeconds: number;
  }>;
  /** A call to the provider failed. */
  failed: CustomEvent<{
    /** The reason. */
    error: DaypassError;
    /** The time until the next call, in seconds; `null` if there will be none. */
    retryInSeconds: number | null;
  }>;
  /** The token in use has expired, and the next one has not been received yet. */
  expired: CustomEvent<null>;
  /** The connection was closed. */
  closed: CustomEvent<null>;
}

/** The parameters of `addEventListener` on this platform. */
export type ListenerParameters = Parameters<EventTarget['addEventListener']>;
/** The parameters of `removeEventListener` on this platform. */
export type RemovalParameters = Parameters<EventTarget['removeEventListener']>;

/** A connection: one credential, kept fresh, for one API. It lives until {@link Daypass.close}. */
export class Daypass<P extends object = Record<string, unknown>, S extends Scope = Scope> extends EventTarget {
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
   * reason, `body_not_replayable` for a stream that would have to be sent twice, `closed` after
   * {@link Daypass.close}, and the errors of {@link Daypass.authorization}.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /**
   * Returns the value of the `Authorization` header, and waits for a refresh if the token has expired.
   * @throws {DaypassError} `token_expired` or a code `provider_…` if no token is active and the
   * provider supplies none, `closed` after {@link Daypass.close}.
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
   * Returns the URL and the headers for one request of another HTTP client, without waiting.
   *
   * The URL is resolved against `api` and has a publishable token in its query. A URL of another origin
   * is returned unchanged, without headers. Call it for every request; do not cache its result, because
   * a token in a stored URL or header is not refreshed. `transformRequest` and `fetch` are bound: they
   * can be passed on as functions.
   * @throws {DaypassError} `dpop_required` with the option `dpop`, because a proof cannot be made
   * synchronously: use {@link Daypass.headers}.
   */
  transformRequest(url: string | URL): TransformedRequest;
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
 * bundle's parameters. `S` is the type of the known scopes: `daypass catalog types` generates it from a
 * catalogue.
 * @throws {DaypassError} `invalid_options` names the invalid option, `load_failed` says that the
 * WebAssembly could not be loaded; `token_malformed`, `token_expired`, `network_failed` and the codes
 * `provider_…` and `bundle_…` say why there is no credential.
 */
export function connect<P extends object = Record<string, unknown>, S extends Scope = Scope>(
  options: ConnectOptions<S>,
): Promise<Daypass<P, S>>;

/** A compiled module, where the platform's types know WebAssembly. */
export type CompiledModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } }
  ? Module
  : never;

/**
 * Loads the WebAssembly.
 *
 * `connect` calls it. Call it earlier to load ahead of time, or with `module_or_path` where a platform
 * does not allow code to be compiled and supplies a compiled module.
 * @throws {DaypassError} `load_failed`. The call can be repeated.
 */
export function initialise(options?: InitialiseOptions): Promise<void>;

/** The source of the WebAssembly. */
export interface InitialiseOptions {
  /**
   * The URL, a request for it, its response, the bytes, or the compiled module; by default the copy in
   * the package.
   */
  module_or_path?: string | URL | Request | Response | ArrayBuffer | ArrayBufferView | CompiledModule;
}
