/** The class of all failures. */
import type { DaypassErrorCode } from './codes.js';

/** Every failure that Daypass reports. `message` says what happened, and `help` what to do about it. */
export class DaypassError extends Error {
  /** The stable code of the failure, for programs. It does not change between versions. */
  declare readonly code: DaypassErrorCode;
  /** The HTTP status of the response, for the codes `provider_…` that of the provider's; 0 if there was none. */
  declare readonly status: number;
  /** Whether the same call may succeed later without anyone changing anything. */
  declare readonly retryable: boolean;
  /** What to do about the failure. */
  declare readonly help: string;

  /** Only Daypass creates errors of this class. */
  private constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'DaypassError';
  }

  /**
   * For what fails while the WebAssembly, which makes all others, is not there.
   * @internal
   */
  static make(facts: Pick<DaypassError, 'code' | 'status' | 'retryable' | 'message' | 'help'>, options?: ErrorOptions): DaypassError {
    return Object.assign(new DaypassError(facts.message, options), facts);
  }
}
