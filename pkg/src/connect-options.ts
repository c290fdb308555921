/** The options of `connect`: one source of the credential, and what goes with it. */
import type { KnownScope, Scope } from './scope.js';
import type { TemporaryToken, TokenProvider } from './token.js';

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
  service?: string | URL | undefined;
  /** Aborts `connect` while it waits. It does not close a connection that is open: see `close`. */
  signal?: AbortSignal | undefined;
  /**
   * How long `fetch` waits, in seconds, when the API answers 429 or 503 and asks with `Retry-After` for
   * a later request; by default 10.
   *
   * A request that can be sent again is then sent again. A response that asks for a longer wait is
   * returned at once; with 0, all are.
   */
  maxRetryAfterSeconds?: number | undefined;
}

/** Options for a publishable token. */
export interface PublishableOptions extends CommonOptions {
  /** The publishable token. It is safe in a page, because it is bound to the page's origin. */
  publishableToken: string;
}

/** The options of connections that request their tokens. */
export interface RequestOptions<S extends Scope = KnownScope> extends CommonOptions {
  /** The scopes to request. */
  scopes?: S[] | undefined;
  /** The lifetime to request, in seconds; from 1 to 86400, by default 3600. */
  durationSeconds?: number | undefined;
  /**
   * How long `connect` waits for the first token, in seconds; by default 10.
   *
   * Until then it retries after failures that may pass. Then it fails with the last of them.
   */
  timeoutSeconds?: number | undefined;
  /**
   * Whether to bind the tokens to a key of this browser that cannot be exported (RFC 9449); by default
   * `false`.
   *
   * A stolen token is then useless elsewhere. Your backend passes `dpopJkt` to the service, and the API
   * must accept proofs. It needs a secure context. The key is stored in IndexedDB where possible.
   */
  dpop?: boolean | undefined;
}

/** Options for temporary tokens that are refreshed before they expire. */
export interface ProviderOptions<S extends Scope = KnownScope> extends RequestOptions<S> {
  /** The source of temporary tokens. */
  provider: TokenProvider<S>;
  /**
   * Whose tokens these are: the id of the visitor. `false` means the same as no option.
   *
   * Tabs of this origin that request the same from the same provider for the same visitor refresh
   * together: one calls the provider, and all receive the token. `signOut` ends them all. Without an id
   * nothing is shared, so that no visitor ever gets the token of another.
   */
  share?: string | false | undefined;
  /** A first temporary token, if the page was delivered with one. */
  temporaryToken?: TemporaryToken | undefined;
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
  name?: string | undefined;
  /**
   * Whether to remove the bundle from the address and the history entry once it is open; by default
   * `false`. The rest of the URL stays as it is.
   */
  clean?: boolean | undefined;
}

/** Options for an embed that gets its tokens from the page around it: see `mount` of `daypass/host`. */
export interface HostOptions<S extends Scope = KnownScope> extends RequestOptions<S> {
  /**
   * The origins of the pages that may host this one, as patterns such as `https://www.example.com`,
   * `*.example.com`, `pr-*.example.com` or, for every page of an app's scheme, `vscode-webview:`. The
   * host page mounts this one with `mount` of `daypass/host`.
   */
  host: string | string[];
}

/** The options of `connect`: one source of the credential. */
export type ConnectOptions<S extends Scope = KnownScope> =
  PublishableOptions | ProviderOptions<S> | GivenTokenOptions | BundleOptions | HostOptions<S>;
