/** Calls the host's providers: embeds that ask the same at the same time share one call. */
import type { TemporaryToken, TokenProvider, TokenRequest } from './token.js';

/**
 * How long a token is also the answer to other embeds that ask the same, in milliseconds.
 *
 * Embeds that are mounted together load one after the other. Longer would hand out the rights of before a change.
 */
const FRESH = 1_000;

/** How long a call may take, in milliseconds: what never settles would be the answer to all later requests. */
const LONGEST = 10_000;

/** How long a call for new rights waits for other embeds that want them too, in milliseconds, before it begins. */
const GATHER = 50;

type Target = Exclude<TokenProvider, URL>;

/** The calls that can be joined, by provider and request. */
const calls = new Map<Target, Map<string, Call>>();

/**
 * Calls the provider, or joins the call of another embed.
 *
 * @param isFresh Whether the page of the embed asked for a new token: a call that has begun may bring the rights of before.
 * @param last The token that this embed has: it is never the answer.
 * @param signal Aborts when the embed is gone. The call aborts when all its embeds are.
 */
export function callTogether(
  provider: TokenProvider,
  request: TokenRequest,
  isFresh: boolean,
  last: TemporaryToken | undefined,
  signal: AbortSignal,
): Promise<TemporaryToken> {
  const target = provider instanceof URL ? provider.href : provider;
  const name = JSON.stringify(Object.entries(request).sort());
  let call = calls.get(target)?.get(name);
  const isTooOld = call !== undefined && (isFresh ? call.hasBegun : last !== undefined && call.token === last);
  if (call === undefined || isTooOld) call = new Call(target, name, request, isFresh);
  return call.join(signal);
}

/** A call that can be joined until it fails, its token is no longer fresh, or one of its embeds is gone. */
class Call {
  /** What it was answered with. */
  token: TemporaryToken | undefined;
  hasBegun = false;
  readonly #target: Target;
  readonly #name: string;
  readonly #answer: Promise<TemporaryToken>;
  readonly #aborting = new AbortController();
  /** Aborts when the call can no longer be joined. */
  readonly #over = new AbortController();
  #embeds = 0;

  constructor(target: Target, name: string, request: TokenRequest, isFresh: boolean) {
    this.#target = target;
    this.#name = name;
    this.#answer = this.#begin(request, isFresh ? GATHER : 0);
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

  async #begin(request: TokenRequest, wait: number): Promise<TemporaryToken> {
    const { signal } = this.#aborting;
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    signal.throwIfAborted();
    this.hasBegun = true;
    const late = AbortSignal.timeout(LONGEST);
    const isLate = new Promise<never>((_, reject) => {
      const stop = () => {
        reject(new Error("The host page's provider did not answer within 10 seconds."));
        this.#aborting.abort(late.reason);
      };
      late.addEventListener('abort', stop, { signal: this.#over.signal });
    });
    return Promise.race([ask(this.#target, request, signal), isLate]);
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
