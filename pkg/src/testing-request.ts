/** The URLs and headers of requests, as the SDK makes them. */
import { failure } from './testing-error.js';

/** Returns whether an option is given. */
export function isPresent(value: unknown): boolean {
  return value !== undefined && value !== null;
}

/** Reads a URL of the options; outside a page, relative to `http://localhost`. The path of a base ends with a slash. */
export function toBase(name: string, given: unknown): URL {
  const url = parse(String(given), globalThis.location?.href ?? 'http://localhost/');
  const isUrl = typeof given === 'string' || given instanceof URL;
  if (!isUrl || !url || !/^https?:$/.test(url.protocol)) {
    throw failure('invalid_options', `\`${name}\` is not an http or https URL.`);
  }
  url.search = '';
  url.hash = '';
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

/**
 * Returns the absolute URL of a request: a whole one of the API's origin, or a path below the base.
 * @throws {DaypassError} `foreign_url` for all others.
 */
export function target(api: URL, given: string | URL): URL {
  const text = String(given);
  const whole = parse(text);
  const path = text.trimStart();
  const isBelow = path.startsWith('/') && !path.startsWith('//');
  const url = whole ?? parse(isBelow ? `.${path}` : text, api.href);
  if (!url) throw failure('foreign_url', 'This');
  // A socket's URL counts as that of its page.
  if (url.origin.replace(/^ws/, 'http') !== api.origin) throw failure('foreign_url', url.origin);
  if (!whole && !url.pathname.startsWith(api.pathname)) throw failure('foreign_url', url.origin + url.pathname);
  return url;
}

function parse(text: string, base?: string): URL | undefined {
  try {
    return new URL(text, base);
  } catch {
    return undefined;
  }
}

/** Returns the URL as text; the braces of a template stay. */
export function toText(url: URL): string {
  return url.href.replaceAll('%7B', '{').replaceAll('%7D', '}');
}

/** Copies headers of any form that `fetch` takes. Not all test environments have the class `Headers`. */
export function toRecord(headers: RequestInit['headers']): Record<string, string> {
  if (headers === undefined) return {};
  const entries = Symbol.iterator in headers ? [...(headers as Iterable<[string, string]>)] : Object.entries(headers);
  return Object.fromEntries(entries);
}

/**
 * Returns whether a response says that its token is not accepted, and not that something else is missing (RFC 6750,
 * section 3.1). Not all test environments have the class `Response`.
 */
export function rejectsToken(response: Partial<Response> | undefined): boolean {
  const challenge = response?.headers?.get('www-authenticate');
  return response?.status === 401 && (challenge == null || challenge.includes('invalid_token'));
}
