/** Failures as errors; see index.d.ts. */
import { explain } from './core.js';

export class DaypassError extends Error {
  constructor({ code, status, retryable, message, help }, options) {
    super(message, options);
    this.name = 'DaypassError';
    this.code = code;
    this.status = status;
    this.retryable = retryable;
    this.help = help;
  }
}

/** The error with this code; the particulars go where its message has a place for them. */
export function failure(code, particulars = '', options) {
  const { text, ...known } = reason(code);
  const message = text.replace('{}', () => particulars);
  return new DaypassError({ ...known, message }, options);
}

/** Returns the error for an API's error body with this status; `null` if its code is unknown. */
export function refused(refusal, status) {
  const { error, message } = refusal ?? {};
  const known = typeof error === 'string' && typeof message === 'string' && reason(error);
  // The browser half's own codes are not for APIs.
  return known?.status ? new DaypassError({ ...known, status, message }) : null;
}

function reason(code) {
  const line = explain(code);
  if (line === undefined) return undefined;
  const [text, help] = line.slice(4).split('\n');
  return { code, retryable: line[0] === '+', status: Number(line.slice(1, 4)), text, help };
}
