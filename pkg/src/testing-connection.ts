/** A connection without WebAssembly, network and timers. */
import type { ConnectOptions } from './connect-options.js';
import type { Daypass } from './daypass.js';
import type { Description, TransformedRequest } from './description.js';
import { dispose } from './dispose.js';
import type { DaypassError } from './error.js';
import type { DaypassEventMap } from './events.js';
import type { Scope } from './scope.js';
import { failure, refused } from './testing-error.js';
import { baseUrl, target, toRecord, toText } from './testing-request.js';
import type { MockControls } from './testing-settings.js';
import { state } from './testing-state.js';

/** The public members of a connection, apart from those of every event target. */
type Members<P extends object> = Omit<Daypass<P, Scope>, keyof EventTarget>;

/** The options of all sources of a credential. */
type AnyOptions = ConnectOptions<Scope> & {
  [Name in 'bundle' | 'dpop' | 'host' | 'provider' | 'publishableToken' | 'scopes' | 'temporaryToken']?: unknown;
};

const SOURCES = ['publishableToken', 'provider', 'temporaryToken', 'bundle', 'host'] as const;

export class Connection<P extends object = Record<string, unknown>> extends EventTarget implements Members<P> {
  readonly parameters: P | null;
  readonly mock: MockControls = {
    expire: () => {
      this.#authorization = null;
      this.#emit('expired', null);
    },
    refresh: () => void this.#refresh(),
  };
  readonly #options: AnyOptions;
  readonly #api: URL;
  /** The token in use; `null` once it has expired. */
  #authorization: string | null;
  #isClosed = false;

  constructor(options: ConnectOptions<Scope>) {
    super();
    if (Object(options) !== options) throw failure('invalid_options', 'expected an object of options.');
    this.#options = options as AnyOptions;
    if (!SOURCES.some((name) => this.#options[name] != null)) {
      throw failure('invalid_options', `a way in is missing: \`${SOURCES.join('`, `')}\`.`);
    }
    this.#api = baseUrl(options.api);
    this.#authorization = this.#nextAuthorization();
    this.parameters = this.#options.bundle == null ? null : ((state.settings.parameters ?? {}) as P);
    this.fetch = this.fetch.bind(this);
    this.authorize = this.authorize.bind(this);
    this.transformRequest = this.transformRequest.bind(this);
    state.connections.add(this as never);
  }

  async fetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    const request = typeof input === 'string' || input instanceof URL ? undefined : input;
    init.signal?.throwIfAborted();
    const { url, headers } = this.#decorate(this.#target(request?.url ?? (input as string | URL)));
    const answer = state.settings.fetch;
    if (!answer) throw failure('network_failed', `${url} (the mock has no network: give \`fetch\` to \`mock.set\`)`);
    const given = toRecord(init.headers ?? request?.headers);
    const method = init.method ?? request?.method ?? 'GET';
    return answer(url, { ...init, method, headers: { ...given, ...headers } });
  }

  async authorization(): Promise<string> {
    return this.#require();
  }

  peek(): string | null {
    return this.#isClosed ? null : this.#authorization;
  }

  async headers(url: string | URL, _method?: string): Promise<Record<string, string>> {
    const { headers } = this.#decorate(this.#target(url));
    return this.#options.dpop === true ? { ...headers, DPoP: 'test-proof' } : headers;
  }

  async authorize(url: string | URL): Promise<TransformedRequest> {
    const own = this.#ownTarget(url);
    return own ? this.#decorate(own) : { url: String(url), headers: {} };
  }

  transformRequest(url: string | URL): TransformedRequest {
    const own = this.#ownTarget(url);
    if (!own) return { url: String(url), headers: {} };
    if (this.#options.dpop === true) throw failure('dpop_required');
    return this.#decorate(own);
  }

  async unauthorized(_what?: Response | string | URL): Promise<boolean> {
    const before = this.#authorization;
    return this.#refresh() === undefined && this.#authorization !== before;
  }

  async refresh(): Promise<void> {
    if (this.#isClosed) throw failure('closed');
    const error = this.#refresh();
    if (error) throw error;
  }

  async signOut(): Promise<void> {
    this.close();
  }

  can(scope: Scope): boolean | null {
    if (!/^[^\s:]+:[^\s:]+(:\S+)?$/.test(scope)) {
      throw failure('invalid_options', `can: \`${scope}\` is not a scope: expected resource:action.`);
    }
    const scopes = this.#scopes();
    return scopes && scopes.some((held) => covers(held, scope));
  }

  require(scope: Scope): void {
    if (this.can(scope) === false) throw failure('insufficient_scope', scope);
  }

  describe(): Description {
    const { publishableToken, bundle } = this.#options;
    const kind = publishableToken != null ? 'publishable' : bundle != null ? 'bundle' : 'temporary';
    const lifetimeSeconds = kind === 'publishable' ? null : this.#lifetimeSeconds();
    const secondsLeft = lifetimeSeconds && (this.peek() === null ? 0 : lifetimeSeconds);
    return { kind, scopes: this.#scopes(), origins: null, lifetimeSeconds, secondsLeft, refreshInSeconds: null };
  }

  async refusal(response: Response): Promise<DaypassError | null> {
    if (response.ok) return null;
    const body: unknown = await response
      .clone()
      .json()
      .catch(() => null);
    return refused(body, response.status);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    state.connections.delete(this as never);
    this.#emit('closed', null);
  }

  [dispose](): void {
    this.close();
  }

  #emit<K extends keyof DaypassEventMap>(type: K, detail: DaypassEventMap[K]['detail']): void {
    this.dispatchEvent(new CustomEvent(type, { detail }));
  }

  /** Takes the token of the settings, as a provider's answer. Returns the error if there is one. */
  #refresh(): DaypassError | undefined {
    if (this.#isClosed) return failure('closed');
    this.#emit('refreshing', { attempt: 1 });
    const { failure: code } = state.settings;
    if (code !== undefined) {
      const error = failure(code);
      this.#emit('failed', { error, retryInSeconds: error.retryable ? 1 : null });
      return error;
    }
    this.#authorization = this.#nextAuthorization();
    this.#emit('refreshed', { lifetimeSeconds: this.#lifetimeSeconds() });
    return undefined;
  }

  #nextAuthorization(): string {
    const { publishableToken } = this.#options;
    return state.settings.authorization ?? `Bearer ${publishableToken ?? 'test-token'}`;
  }

  #lifetimeSeconds(): number {
    return state.settings.lifetimeSeconds ?? 3_600;
  }

  #scopes(): Scope[] | null {
    const { scopes = (this.#options.scopes as Scope[] | undefined) ?? null } = state.settings;
    return scopes && [...scopes];
  }

  /** Returns the token in use, or throws the reason for its absence. */
  #require(): string {
    if (this.#isClosed) throw failure('closed');
    if (this.#authorization === null) throw failure('token_expired');
    return this.#authorization;
  }

  #target(url: string | URL): URL {
    if (this.#isClosed) throw failure('closed');
    return target(this.#api, url);
  }

  #ownTarget(url: string | URL): URL | undefined {
    try {
      return target(this.#api, url);
    } catch {
      return undefined;
    }
  }

  #decorate(url: URL): TransformedRequest {
    const authorization = this.#require();
    const { publishableToken } = this.#options;
    if (publishableToken == null) return { url: toText(url), headers: { Authorization: authorization } };
    url.searchParams.set('pubtoken', authorization.slice('Bearer '.length));
    return { url: toText(url), headers: {} };
  }
}

/** Returns whether the scope that a token has includes another one. */
function covers(held: string, wanted: string): boolean {
  if (held === '*') return true;
  const parts = wanted.split(':');
  return held.split(':').every((part, at) => part === '*' || part === parts[at]);
}
