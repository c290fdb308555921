/** A connection without WebAssembly, network and timers. */
import type { Daypass } from './daypass.js';
import type { Description, TransformedRequest } from './description.js';
import { dispose } from './dispose.js';
import type { DaypassError } from './error.js';
import type { DaypassEventMap } from './events.js';
import type { Scope } from './scope.js';
import { failure, refused } from './testing-error.js';
import { isScope, type AnyOptions } from './testing-options.js';
import { rejectsToken, target, toBase, toRecord, toText } from './testing-request.js';
import type { MockControls } from './testing-settings.js';
import { state } from './testing-state.js';

/** The public members of a connection, apart from those of every event target. */
type Members<P extends object> = Omit<Daypass<P, Scope>, keyof EventTarget>;

export class Connection<P extends object = Record<string, unknown>> extends EventTarget implements Members<P> {
  readonly parameters: P | null;
  readonly mock: MockControls = {
    expire: () => {
      this.#authorization = null;
      this.#emit('expired', null);
    },
    refresh: () => void (this.#canRefresh() && this.#refresh()),
  };
  readonly #options: AnyOptions;
  readonly #api: URL;
  /** The token in use; `null` once it has expired. */
  #authorization: string | null;
  #isClosed = false;
  /** How often it was refreshed. */
  #refreshes = 0;

  constructor(options: AnyOptions) {
    super();
    this.#options = options;
    this.#api = toBase('api', options.api);
    this.#authorization = this.#nextAuthorization();
    this.parameters = this.#options.bundle == null ? null : ((state.settings.parameters ?? {}) as P);
    this.fetch = this.fetch.bind(this);
    this.authorize = this.authorize.bind(this);
    this.transformRequest = this.transformRequest.bind(this);
    state.connections.add(this as never);
  }

  async fetch(input: string | URL | Request, init: RequestInit = {}): Promise<Response> {
    const request = typeof input === 'string' || input instanceof URL ? undefined : input;
    (init.signal ?? request?.signal)?.throwIfAborted();
    const target = this.#target(request?.url ?? (input as string | URL));
    const given = toRecord(init.headers ?? request?.headers);
    const method = init.method ?? request?.method ?? 'GET';
    const send = () => {
      const { url, headers } = this.#prove(this.#decorate(target));
      const answer = state.settings.fetch;
      if (answer) return answer(url, { ...init, method, headers: { ...given, ...headers } });
      throw failure('network_failed', `${url} (the mock has no network: give \`fetch\` to \`mock.set\`)`);
    };
    const before = this.#refreshes;
    const response = await send();
    if (this.#isClosed) throw failure('closed');
    if (!this.#canRefresh() || !rejectsToken(response)) return response;
    // A refresh since the request was sent serves this one too. Without another token the API's word stands.
    if (this.#refreshes === before && this.#refresh()) return response;
    if (typeof Object(init.body).getReader === 'function') throw failure('body_not_replayable');
    return send();
  }

  async authorization(): Promise<string> {
    return this.#require();
  }

  peek(): string | null {
    return this.#isClosed ? null : this.#authorization;
  }

  async headers(url: string | URL, _method?: string): Promise<Record<string, string>> {
    return this.#prove(this.#decorate(this.#target(url))).headers;
  }

  async authorize(url: string | URL): Promise<TransformedRequest> {
    const own = this.#ownTarget(url);
    return own ? this.#prove(this.#decorate(own)) : { url: String(url), headers: {} };
  }

  transformRequest(url: string | URL): TransformedRequest {
    const own = this.#ownTarget(url);
    if (!own) return { url: String(url), headers: {} };
    if (this.#options.dpop === true) throw failure('dpop_required');
    return this.#decorate(own);
  }

  async unauthorized(what?: Response | string | URL): Promise<boolean> {
    if (this.#isClosed || !this.#canRefresh()) return false;
    const response = typeof what === 'object' && 'status' in what ? what : undefined;
    if (response && !rejectsToken(response)) return false;
    if (!this.#ownTarget(response ? response.url : ((what as string | URL | undefined) ?? ''))) return false;
    const before = this.#authorization;
    return this.#refresh() === undefined && this.#authorization !== before;
  }

  async refresh(): Promise<void> {
    if (this.#isClosed) throw failure('closed');
    if (!this.#canRefresh()) {
      throw failure('invalid_options', '`refresh` needs a `provider`: this connection has none.');
    }
    const error = this.#refresh();
    if (error) throw error;
  }

  async signOut(): Promise<void> {
    this.close();
  }

  can(scope: Scope): boolean | null {
    if (this.#isClosed) return null;
    if (!isScope(scope)) {
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
    const { origins = null, subject = null, claims = null } = state.settings;
    const contents = { scopes: this.#scopes(), origins, subject, claims };
    return { kind, ...contents, lifetimeSeconds, secondsLeft, refreshInSeconds: null };
  }

  async refusal(response: Response): Promise<DaypassError | null> {
    if (response.ok || response.bodyUsed) return null;
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
    this.#refreshes += 1;
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

  #canRefresh(): boolean {
    return this.#options.provider != null || this.#options.host != null;
  }

  #ownTarget(url: string | URL): URL | undefined {
    if (this.#isClosed) throw failure('closed');
    try {
      return target(this.#api, url);
    } catch {
      return undefined;
    }
  }

  /** Adds a proof to the headers, with the option `dpop`. */
  #prove({ url, headers }: TransformedRequest): TransformedRequest {
    return { url, headers: this.#options.dpop === true ? { ...headers, DPoP: 'test-proof' } : headers };
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
