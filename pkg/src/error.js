/** Failures as errors; see index.d.ts. */
import { explain, statusOf } from './core.js';

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
  const { retryable, text, help } = known(code);
  const message = text.replace('{}', () => particulars);
  return new DaypassError({ code, status: statusOf(code), retryable, message, help }, options);
}

/** The error for a refusal that an API answered with this status; `null` if its code is none of ours. */
export function refused(refusal, status) {
  const { error: code, message } = refusal ?? {};
  if (typeof code !== 'string' || typeof message !== 'string' || !statusOf(code)) return null;
  const { retryable, help } = known(code);
  return new DaypassError({ code, status, retryable, message, help });
}

function known(code) {
  const line = explain(code);
  const [text, help] = line.slice(1).split('\n');
  return { retryable: line[0] === '+', text, help };
}
