/**
 * The SDK: {@link connect} an embed to its API, and keep the credential fresh.
 * @packageDocumentation
 */
/// <reference lib="esnext.disposable" />

/** `resource:action`, for example `floor:readPublic`, or `resource:action:resourceId`. */
export type Scope = `${string}:${string}`;

/** What a temporary-token provider answers: the body of `POST /v2/temporary-access-token/create`, as it is. */
export interface TemporaryToken {
  /** `Bearer …`, sent verbatim as the `Authorization` header. */
  authorization: string;
  /** Unix time in seconds. Only the token's lifetime is used, so a wrong clock in the visitor's device does no harm. */
  expiresAt: number;
}

/** What a provider is asked for. */
export interface TokenRequest<S extends Scope = Scope> {
  /** The scopes that `connect` was given, none if it was given none. */
  scopes: S[];
  /** The lifetime, in seconds. */
  durationSeconds: number;
  /** With the option `dpop`: the thumbprint (RFC 7638) of this browser's key, for your backend to pass on to the service. */
  dpopJkt?: string;
}

/**
 * Gets a temporary token from your own backend: its URL, to which `{scopes, durationSeconds}` is posted as JSON, or a function.
 * A URL that answers 403, or a function that throws an error with `status` 403, ends refreshing for good.
 */
export type TokenProvider<S extends Scope = Scope> = string | URL | ((request: TokenRequest<S>, context: TokenContext) => Promise<TemporaryToken>);

/** What a provider that is a function is told besides. */
export interface TokenContext {
  /** Aborts when nobody waits for the answer any more: the connection closes, or 10 seconds have passed. */
  signal: AbortSignal;
}

/** What every way in has. */
export interface CommonOptions {
  /**
   * Base URL of the product's API. `fetch` takes paths relative to it, and the token goes to this origin only; and, where it may be bound to
   * origins, to `service`, which issued it, to explain a failure.
   */
  api: string | URL;
  /** Base URL of the token service: needed for bundles, and to explain a refused origin. */
  service?: string | URL;
}

/** With a publishable token. */
export interface PublishableOptions extends CommonOptions {
  /** A publishable token: safe in a page, bound to the page's origin. */
  publishableToken: string;
}

/** With temporary tokens, refreshed as they end. */
export interface ProviderOptions<S extends Scope = Scope> extends CommonOptions {
  /** Where temporary tokens come from. */
  provider: TokenProvider<S>;
  /** The scopes to ask the provider for. */
  scopes?: S[];
  /** The lifetime to ask the provider for, in seconds; 3600 when absent. */
  durationSeconds?: number;
  /**
   * Binds the tokens to a key of this browser that cannot be read out (RFC 9449): a stolen token is of no use elsewhere. Your backend passes `dpopJkt` on
   * to the service, and the API must accept proofs. Needs a secure context. The key is kept in IndexedDB where that works.
   */
  dpop?: boolean;
  /**
   * Which tabs of this origin refresh together: those that ask the same provider for the same, and give the same name here. A provider that is a function
   * is shared only under a name. If several people may be signed in at once, name the visitor: a token of one is not for another. `false` shares nothing.
   */
  share?: string | false;
  /** A first temporary token, if the page came with one. Without a provider it is used until it ends. */
  temporaryToken?: TemporaryToken;
}

/** With one temporary token. */
export interface GivenTokenOptions extends CommonOptions {
  /** A temporary token that the page came with, used until it ends. */
  temporaryToken: TemporaryToken;
  /** With one it would be {@link ProviderOptions}. */
  provider?: undefined;
}

/** With a parameter bundle. */
export interface BundleOptions extends CommonOptions {
  /** Base URL of the token service, which made the bundle. */
  service: string | URL;
  /** A parameter bundle: the reference or the signed document itself, or where in the page's URL it is. */
  bundle: string | BundleInUrl;
}

/** A bundle in the page's own URL. */
export interface BundleInUrl {
  /** Behind the `?`, or behind the `#`. */
  from: 'query' | 'fragment';
  /** The name of the parameter; `bundle` when absent. */
  name?: string;
  /** Takes it out of the address and the history entry once it is open, and leaves the rest as it is. */
  clean?: boolean;
}

/** The page around supplies the tokens: see `mount` of `daypass/host`. */
export interface HostOptions<S extends Scope = Scope> extends CommonOptions {
  /**
   * The origins of the pages that may be around this one, as patterns such as `https://www.example.com` or `*.example.com`. The page around supplies the
   * tokens: it mounts this one with `mount` of `daypass/host`.
   */
  host: string | string[];
  /** The scopes to ask for. */
  scopes?: S[];
  /** The lifetime to ask for, in seconds; 3600 when absent. */
  durationSeconds?: number;
  /** As for a provider. */
  dpop?: boolean;
}

/** One way in. */
export type ConnectOptions<S extends Scope = Scope> = PublishableOptions | ProviderOptions<S> | GivenTokenOptions | BundleOptions | HostOptions<S>;

/** What is known of the token in use, without a round trip and without the token. */
export interface Description {
  /** The kind of the token. */
  kind: 'publishable' | 'temporary' | 'bundle';
  /** `null` where the token is opaque: `refusal` and the service know more. */
  scopes: Scope[] | null;
  /** The patterns of the pages that may use it, none for any; `null` where the token is opaque. */
  origins: string[] | null;
  /** How long it was to live when it came, in seconds; `null` where the token has no end. */
  lifetimeSeconds: number | null;
  /** Seconds left by this page's own count, never below 0; `null` where the token has no end. */
  secondsLeft: number | null;
  /** Seconds until the next refresh; `null` where none is planned. */
  refreshInSeconds: number | null;
}

/** What a client sends. */
export interface TransformedRequest {
  /** The whole URL, with a publishable token in its query. */
  url: string;
  /** `Authorization`, unless the token is in the URL or there is none. */
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
  /** `close()` was called. */
  | 'closed'
  /** The WebAssembly could not be loaded; the message gives the browser's reason. */
  | 'load_failed';
// </error-codes>

/** Every failure that Daypass reports. `message` says what happened and `help` what to do about it. */
export class DaypassError extends Error {
  /** Daypass makes them. */
  private constructor();
  /** What happened, for programs. It does not change from version to version. */
  readonly code: DaypassErrorCode;
  /** The HTTP status behind it, 0 when no answer was had. */
  readonly status: number;
  /** Whether the same call may succeed later without anyone changing anything. */
  readonly retryable: boolean;
  /** What to do about it. */
  readonly help: string;
}

/** The events of a connection, by name. */
export interface DaypassEventMap {
  /** A provider call has begun. */
  refreshing: CustomEvent<{
    /** 1 for the first call since a token came, and one more for each that follows a failure. */
    attempt: number;
  }>;
  /** A new token is in use. */
  refreshed: CustomEvent<{
    /** How long it lives. */
    lifetimeSeconds: number;
  }>;
  /** A provider call failed. */
  failed: CustomEvent<{
    /** Why. */
    error: DaypassError;
    /** `null` when no other call will follow. */
    retryInSeconds: number | null;
  }>;
  /** The token in use has ended and no other is there yet. */
  expired: CustomEvent<null>;
  /** `close` was called. */
  closed: CustomEvent<null>;
}

/** What `addEventListener` takes on this platform. */
export type ListenerParameters = Parameters<EventTarget['addEventListener']>;
/** What `removeEventListener` takes on this platform. */
export type RemovalParameters = Parameters<EventTarget['removeEventListener']>;

/** A connection: one credential, kept fresh, for one API. It goes on until {@link Daypass.close}. */
export class Daypass<P extends object = Record<string, unknown>, S extends Scope = Scope> extends EventTarget {
  /** Use {@link connect}. */
  private constructor();
  /**
   * What a bundle unpacked to; `null` for the other ways in. Unknown keys are kept exactly.
   * Of a reference, the service adds `auth`: the id of the application token that made it.
   */
  readonly parameters: P | null;
  /**
   * The browser's `fetch` with the credential added. A path is resolved against `api`; another origin is refused.
   * A publishable token rides in the query, so a plain GET causes no preflight. On 401 a temporary token is refreshed and the request sent once more,
   * unless a readable `WWW-Authenticate` says that the token is not the reason.
   */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>;
  /** The value of the `Authorization` header, refreshed first if it must be. */
  authorization(): Promise<string>;
  /** The same without waiting; `null` while there is no living token. */
  peek(): string | null;
  /** What is known of the token in use. */
  describe(): Description;
  /**
   * The headers for one request of a client of your own, fresh: `Authorization`, and with the option `dpop` a proof for this URL and method. None for a
   * publishable token, which rides in the query.
   * @throws {DaypassError} `foreign_url` for a URL of another origin than the API's.
   */
  headers(url: string | URL, method?: string): Promise<Record<string, string>>;
  /**
   * Whether the token says that it has this scope, whatever the tenant and the resource: to choose what to show, not to decide. `null` where the
   * token is opaque, or none is there.
   * @throws {DaypassError} `invalid_options` for what is no scope.
   */
  can(scope: S): boolean | null;
  /**
   * Refuses before the network does, where the token is known not to have this scope.
   * @throws {DaypassError} `insufficient_scope`
   */
  require(scope: S): void;
  /**
   * What others' clients need for one request, without waiting: the URL, resolved against `api` and with a publishable token in its query, and the
   * headers. A URL of another origin is given back as it is, without headers. Ask for each request anew: a token that was put in a URL or a header once
   * is not refreshed there. `transformRequest` and `fetch` are bound, and can be handed on as they are.
   * @throws {DaypassError} `dpop_required` with the option `dpop`: a proof cannot be made without waiting, see {@link Daypass.headers}.
   */
  transformRequest(url: string | URL): TransformedRequest;
  /** The refusal that an answer of the API carries, `null` if it carries none. The answer's body can still be read. */
  refusal(response: Response): Promise<DaypassError | null>;
  /** Ends refreshing, timers, listeners and requests. Calls under way end with the code `closed`, and so do later ones. */
  close(): void;
  /** The same as `close`, for `using`. */
  [Symbol.dispose](): void;

  /** As of any event target, with the events of {@link DaypassEventMap}. */
  addEventListener<K extends keyof DaypassEventMap>(type: K, listener: (event: DaypassEventMap[K]) => void, options?: ListenerParameters[2]): void;
  addEventListener(...parameters: ListenerParameters): void;
  /** As of any event target. */
  removeEventListener<K extends keyof DaypassEventMap>(type: K, listener: (event: DaypassEventMap[K]) => void, options?: RemovalParameters[2]): void;
  removeEventListener(...parameters: RemovalParameters): void;
}

/**
 * Connects an embed to its API. Resolves when the first token is there, or the bundle is unpacked. `P` is what a bundle unpacks to, `S` the scopes that there
 * are: `daypass catalog types` makes a type of a catalogue.
 * @throws {DaypassError} `invalid_options` names the field; the other codes say what was refused.
 */
export function connect<P extends object = Record<string, unknown>, S extends Scope = Scope>(options: ConnectOptions<S>): Promise<Daypass<P, S>>;

/** A compiled module, where the platform's types know WebAssembly. */
export type CompiledModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } } ? Module : never;

/**
 * Makes the WebAssembly part ready. `connect` calls it by itself; call it before, to have the time it takes over, or with
 * `module_or_path` where no code may be compiled and a platform hands it out compiled.
 * @throws {DaypassError} `load_failed`. A call that failed can be made again.
 */
export function initialise(options?: InitialiseOptions): Promise<void>;

/** Where the WebAssembly is. */
export interface InitialiseOptions {
  /** Its URL, an answer to a request for it, its bytes, or the compiled module; what is in the package when absent. */
  module_or_path?: string | URL | Request | Response | ArrayBuffer | ArrayBufferView | CompiledModule;
}
