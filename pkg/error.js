/** Every failure that Daypass reports; see index.d.ts. */
export class DaypassError extends Error {
  constructor({ code, status, retryable, message, help }) {
    super(message);
    this.name = 'DaypassError';
    this.code = code;
    this.status = status;
    this.retryable = retryable;
    this.help = help;
  }
}

/** The WebAssembly part reports failures as plain objects; everything else (an abort, say) passes as it is. */
export function asError(cause) {
  const isPlain = cause !== null && typeof cause === 'object' && Object.getPrototypeOf(cause) === Object.prototype;
  return isPlain && typeof cause.code === 'string' ? new DaypassError(cause) : cause;
}
