/** Temporary tokens, and the provider that they come from. */
import type { KnownScope, Scope } from './scope.js';

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
export interface TokenRequest<S extends Scope = KnownScope> {
  /** The scopes given to `connect`; empty if none were given. */
  scopes: S[];
  /** The requested lifetime, in seconds. */
  durationSeconds: number;
  /**
   * The thumbprint (RFC 7638) of this browser's key, with the option `dpop`. Your backend passes it to
   * the service.
   */
  dpopJkt?: string | undefined;
}

/**
 * Gets a temporary token from your own backend.
 *
 * A URL receives `{scopes, durationSeconds}` as a JSON `POST`. A function receives a
 * {@link TokenRequest}. If the URL answers 401 or 403, or the function throws an error with that
 * `status`, refreshing stops for good: `provider_unauthorized` means that the visitor has to sign in
 * again, `provider_forbidden` that there will be no token. After any other failure Daypass retries.
 * `code` (or `error`), `message` and `help` of the backend's JSON, or of the error, are part of the
 * `DaypassError`.
 */
export type TokenProvider<S extends Scope = KnownScope> =
  string | URL | ((request: TokenRequest<S>, context: TokenContext) => Promise<TemporaryToken>);

/** The second argument of a provider that is a function. */
export interface TokenContext {
  /** Aborts when the result is no longer needed: the connection closes, or 10 seconds have passed. */
  signal: AbortSignal;
}
