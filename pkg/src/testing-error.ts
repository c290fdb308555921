/** Errors with the texts of the SDK's table. */
import type { DaypassErrorCode } from './codes.js';
import type { DaypassError } from './error.js';
import { FAILURES } from './testing-failures.js';

/** The public members of an error. */
type Members = Pick<DaypassError, keyof DaypassError>;

export class MockError extends Error implements Members {
  readonly code: DaypassErrorCode;
  readonly status: number;
  readonly retryable: boolean;
  readonly help: string;

  constructor(code: DaypassErrorCode, message: string, status: number, help = FAILURES[code][3]) {
    super(message);
    const [, retryable] = FAILURES[code];
    this.name = 'DaypassError';
    this.code = code;
    this.status = status;
    this.retryable = retryable;
    this.help = help;
  }
}

/** The statuses of a provider that lead to these codes. The table has none for what the browser finds by itself. */
const STATUSES: Record<string, number> = { provider_forbidden: 403, provider_unauthorized: 401 };

/** Makes the error with this code; the particulars go where its message has a place for them. */
export function failure(code: DaypassErrorCode, particulars = 'The mock says so.'): DaypassError {
  const [status, , message] = FAILURES[code];
  return new MockError(
    code,
    message.replace('{}', () => particulars),
    STATUSES[code] ?? status,
  ) as unknown as DaypassError;
}

/** Returns the error in an API's error body; `null` if its code is not one of an API's. */
export function refused(body: unknown, status: number): DaypassError | null {
  const { error, message, help } = Object(body) as { error?: unknown; message?: unknown; help?: unknown };
  const isKnown = typeof error === 'string' && Object.hasOwn(FAILURES, error) && typeof message === 'string';
  if (!isKnown || FAILURES[error as DaypassErrorCode][0] === 0) return null;
  const advice = typeof help === 'string' ? help : 'Look the code up: the API sent no help.';
  return new MockError(error as DaypassErrorCode, message, status, advice) as unknown as DaypassError;
}
