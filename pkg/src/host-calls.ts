/** Calls the host's providers: embeds that ask the same at the same time share one call. */
import type { TemporaryToken, TokenProvider, TokenRequest } from './token.js';

/**
 * How long a token is also the answer to other embeds that ask the same, in milliseconds.
 *
 * Embeds that are mounted together load one after the other. Longer would hand out the rights of before a change.
 */
const FRESH = 1_000;

type Target = Exclude<TokenProvider, URL>;

/** The calls that can be joined, by provider and request. */
const calls = new Map<Target, Map<string, Call>>();

/**
 * Calls the provider, or joins the call of another embed.
 *
 * @param last The token that this embed has: it is never the answer.
 * @param signal Aborts when the embed is gone. The call aborts when all its embeds are.
 */
export function callTogether(
  provider: TokenProvider,
  request: TokenRequest,
  last: TemporaryToken | undefined,
  signal: AbortSignal,
): Promise<TemporaryToken> {
  const target = provider instanceof URL ? provider.href : provider;
  const name = JSON.stringify(Object.entries(request).sort());
  let call = calls.get(target)?.get(name);
  if (call === undefined || (last !== undefined && call.token === last)) call = new Call(target, name, request);
  return call.join(signal);
}

/** A call that can be joined until it fails, its token is no longer fresh, or one of its embeds is gone. */
class Call {
  /** What it was answered with. */
  token: TemporaryToken | undefined;
  readonly #target: Target;
  readonly #name: string;
  readonly #answer: Promise<TemporaryToken>;
  readonly #aborting = new AbortController();
  /** Aborts when the call can no longer be joined. */
  readonly #over = new AbortController();
  #embeds = 0;

  constructor(target: Target, name: string, request: TokenRequest) {
    this.#target = target;
    this.#name = name;
    this.#answer = ask(target, request, this.#aborting.signal);
    const siblings = calls.get(target) ?? new Map<string, Call>();
    calls.set(target, siblings.set(name, this));
    this.#answer.then(
      (token) => {
        this.token = token;
        setTimeout(() => this.#end(), FRESH);
      },
      () => this.#end(),
    );
  }

  join(signal: AbortSignal): Promise<TemporaryToken> {
    this.#embeds += 1;
    const leave = () => {
      this.#embeds -= 1;
      // SECURITY: the visitor may have signed out: the next one's embed must not join.
      this.#forget();
      if (this.#embeds === 0) this.#aborting.abort(signal.reason);
    };
    signal.addEventListener('abort', leave, { signal: this.#over.signal });
    return this.#answer;
  }

  #end(): void {
    this.#forget();
    this.#over.abort();
  }

  #forget(): void {
    const siblings = calls.get(this.#target);
    if (siblings?.get(this.#name) !== this) return;
    siblings.delete(this.#name);
    if (siblings.size === 0) calls.delete(this.#target);
  }
}

/** Gets one temporary token from the page's own backend, or throws its error. */
async function ask(target: Target, request: TokenRequest, signal: AbortSignal): Promise<TemporaryToken> {
  if (typeof target === 'function') return target(request, { signal });
  const headers = { 'content-type': 'application/json' };
  const response = await fetch(target, { method: 'POST', headers, body: JSON.stringify(request), signal });
  if (response.ok) return response.json();
  const { status } = response;
  const body = Object(await response.json().catch(() => undefined)) as Record<string, unknown>;
  const { code = body['error'], message = `The host's provider answered with status ${status}.`, help } = body;
  throw Object.assign(new Error(String(message)), { status, code, help });
}
