/** Answers an embed's requests for tokens. The messages of an embed are anything: it may be hostile. */
import { callTogether } from './host-calls.js';
import type { TemporaryToken, TokenProvider, TokenRequest } from './token.js';

/** How many requests an embed may send at once, and how many in a minute. */
const BURST = 30;
const PER_MINUTE = 10;

/** Why there is no token, as the embed receives it. `status`, `code`, `message` and `help` are the backend's. */
interface Failure {
  status: number;
  code?: string;
  message: string;
  help?: string;
}

/** The supply of one frame. */
export class Supply {
  readonly #provider: TokenProvider;
  readonly #closing = new AbortController();
  #port: MessagePort | undefined;
  /** How many requests the embed may send now, as of a moment of the page's clock. */
  #budget = BURST;
  #asOf = performance.now();
  /** The token that the embed received last: another request of it asks for another one. */
  #last: TemporaryToken | undefined;

  constructor(provider: TokenProvider) {
    this.#provider = provider;
  }

  /** Answers the requests that come through this port, and no longer those of the port before: the frame was reloaded. */
  serve(port: MessagePort): void {
    this.#port?.close();
    this.#port = port;
    port.onmessage = ({ data }) => void this.#answer(port, data);
  }

  close(): void {
    this.#closing.abort();
    this.#port?.close();
  }

  async #answer(port: MessagePort, data: unknown): Promise<void> {
    const { id, request, isFresh } = Object(data) as { id?: unknown; request?: unknown; isFresh?: unknown };
    // Without an id there is nobody to answer.
    if (typeof id !== 'number' && typeof id !== 'string') return;
    try {
      port.postMessage({ id, token: await this.#call(request, isFresh === true) });
    } catch (cause) {
      port.postMessage({ id, error: toFailure(cause) });
    }
  }

  async #call(request: unknown, isFresh: boolean): Promise<TemporaryToken> {
    if (!isRequest(request)) throw failure(400, 'The request is not {scopes, durationSeconds}.');
    // SECURITY: what the embed sends costs calls of the host's backend.
    if (!this.#mayCall()) {
      throw failure(429, `The host page passes on ${PER_MINUTE} requests in a minute. Wait, and try again.`);
    }
    const token = await callTogether(this.#provider, request, isFresh, this.#last, this.#closing.signal);
    const { authorization, expiresAt } = Object(token) as TemporaryToken;
    if (typeof authorization !== 'string' || typeof expiresAt !== 'number') {
      throw failure(0, "The host page's provider did not return {authorization, expiresAt}.");
    }
    this.#last = token;
    return { authorization, expiresAt };
  }

  #mayCall(): boolean {
    const now = performance.now();
    this.#budget = Math.min(BURST, this.#budget + ((now - this.#asOf) / 60_000) * PER_MINUTE);
    this.#asOf = now;
    if (this.#budget < 1) return false;
    this.#budget -= 1;
    return true;
  }
}

function isRequest(value: unknown): value is TokenRequest {
  const { scopes, durationSeconds } = Object(value) as { scopes?: unknown; durationSeconds?: unknown };
  return (
    Array.isArray(scopes) && scopes.every((scope) => typeof scope === 'string') && typeof durationSeconds === 'number'
  );
}

/** An error with a status, as a provider that is a function throws it. */
function failure(status: number, message: string): Error {
  return Object.assign(new Error(message), { status });
}

/** Reads whatever a provider threw, without its cause and its stack. */
function toFailure(thrown: unknown): Failure {
  const { status, code, error, message, help } = Object(thrown) as Record<string, unknown>;
  const name = typeof code === 'string' ? code : error;
  return {
    status: Number.isInteger(status) ? (status as number) : 0,
    message: typeof message === 'string' ? message : '',
    ...(typeof name === 'string' && { code: name }),
    ...(typeof help === 'string' && { help }),
  };
}
