/** The events of a connection. */
import type { DaypassError } from './error.js';

/** The events of a connection, by name. */
export interface DaypassEventMap {
  /** A call to the provider has started. */
  refreshing: CustomEvent<{
    /**
     * The number of the attempt: 1 for the first call after a token was received, one more after each
     * failure.
     */
    attempt: number;
  }>;
  /** A new token is in use. */
  refreshed: CustomEvent<{
    /** The lifetime of the new token, in seconds. */
    lifetimeSeconds: number;
  }>;
  /** A call to the provider failed. */
  failed: CustomEvent<{
    /** The reason. */
    error: DaypassError;
    /** The time until the next call, in seconds; `null` if there will be none. */
    retryInSeconds: number | null;
  }>;
  /** The token in use has expired, and the next one has not been received yet. */
  expired: CustomEvent<null>;
  /** The connection was closed. */
  closed: CustomEvent<null>;
}

/** The parameters of `addEventListener` on this platform. */
export type ListenerParameters = Parameters<EventTarget['addEventListener']>;
/** The parameters of `removeEventListener` on this platform. */
export type RemovalParameters = Parameters<EventTarget['removeEventListener']>;
