/** The URLs and headers of requests, as the SDK makes them. */
import { failure } from './testing-error.js';

/** Reads the base URL of the API; outside a page, relative to `http://localhost`. */
export function baseUrl(api: unknown): URL {
  try {
    if (typeof api !== 'string' && !(api instanceof URL)) throw new TypeError('not a URL');
    return new URL(api, globalThis.location?.href ?? 'http://localhost/');
  } catch {
    throw failure('invalid_options', `\`api\` is \`${api}\`: expected the base URL of the API.`);
  }
}

/**
 * Returns the absolute URL of a request: a path is below the base URL.
 * @throws {DaypassError} `foreign_url` for a URL of another origin.
 */
export function target(api: URL, given: string | URL): URL {
  const text = String(given);
  const isAbsolute = /^([a-z][a-z\d+.-]*:|\/\/)/i.test(text);
  const url = isAbsolute ? new URL(text, api) : new URL(`${api.href.replace(/\/+$/, '')}/${text.replace(/^\/+/, '')}`);
  // A socket's URL counts as that of its page.
  if (url.origin.replace(/^ws/, 'http') !== api.origin) throw failure('foreign_url', url.origin);
  return url;
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
