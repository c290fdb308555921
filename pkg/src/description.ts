/** What a connection says of its token, and the parts of a request that it hands to other HTTP clients. */
import type { Scope } from './scope.js';

/** What is known about the token in use. It contains no token, and needs no request. */
export interface Description {
  /** The kind of the token. */
  kind: 'publishable' | 'temporary' | 'bundle';
  /** The token's scopes; `null` if the token is opaque. `refusal` and the service know more. */
  scopes: Scope[] | null;
  /** The patterns of the origins that may use the token, empty if any may; `null` if the token is opaque. */
  origins: string[] | null;
  /** The visitor whom the token is for, as your backend named them; `null` if the token names none or is opaque. */
  subject: string | null;
  /** What your backend said of the visitor for the API; `null` if that is nothing, or the token is opaque. */
  claims: Record<string, string> | null;
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
  /** The `Authorization` header; empty if the token is in the URL, or if the URL is not the API's. */
  headers: Record<string, string>;
}
