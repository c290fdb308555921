// Stand-in for its declaration: the class is in error.js.
import type { DaypassErrorCode } from './codes.js';

/** Every failure that Daypass reports. `message` says what happened, and `help` what to do about it. */
export declare class DaypassError extends Error {
  /** Only Daypass creates errors of this class. */
  private constructor();
  /** The stable code of the failure, for programs. It does not change between versions. */
  readonly code: DaypassErrorCode;
  /** The HTTP status of the response, for the codes `provider_…` that of the provider's; 0 if there was none. */
  readonly status: number;
  /** Whether the same call may succeed later without anyone changing anything. */
  readonly retryable: boolean;
  /** What to do about the failure. */
  readonly help: string;
}
