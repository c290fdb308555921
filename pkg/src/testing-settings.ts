/** What a test says about the connections of the code that it tests. */
import type { DaypassErrorCode } from './codes.js';
import type { Daypass } from './daypass.js';
import type { Scope } from './scope.js';

/** What connections have and answer. */
export interface MockSettings {
  /** The value of the `Authorization` header; by default `Bearer test-token`. A change counts after a refresh. */
  authorization?: string | undefined;
  /** The lifetime of the token, in seconds; by default 3600. */
  lifetimeSeconds?: number | undefined;
  /** The scopes of the token, by default those that were requested; `null` for an opaque token. */
  scopes?: Scope[] | null | undefined;
  /** The origins of the token, as `describe()` tells them; by default `null`. */
  origins?: string[] | null | undefined;
  /** The visitor whom the token is for, as `describe()` tells it; by default `null`. */
  subject?: string | null | undefined;
  /** What the token says of the visitor, as `describe()` tells it; by default `null`. */
  claims?: Record<string, string> | null | undefined;
  /** The parameters of every bundle; by default none. */
  parameters?: object | undefined;
  /**
   * Answers the requests of `fetch`; by default they fail with `network_failed`.
   *
   * The URL is absolute, and the headers include the credential.
   */
  fetch?: ((url: string, init: RequestInit & { headers: Record<string, string> }) => Response | Promise<Response>) | undefined;
  /** The code that `connect` and refreshes fail with; by default they do not fail. */
  failure?: DaypassErrorCode | undefined;
}

/** What a test can do to a connection. */
export interface MockControls {
  /** Lets the token expire: the event `expired`. Without a refresh, calls fail with `token_expired`. */
  expire(): void;
  /** Refreshes: the events `refreshing`, and `refreshed` or `failed`. */
  refresh(): void;
}

/** The controls of all connections. */
export interface Mock {
  /** Changes some settings, for connections that are open as well. */
  set(settings: MockSettings): void;
  /** Closes all connections and forgets the settings. Call it after each test. */
  reset(): void;
  /** The connections that are open, the oldest first. */
  readonly connections: readonly (Daypass & {
    /** The controls of this connection. */
    readonly mock: MockControls;
  })[];
}
