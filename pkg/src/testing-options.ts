/** Checks the options of `connect`, as the SDK does. */
import type { ConnectOptions } from './connect-options.js';
import type { Scope } from './scope.js';
import { failure } from './testing-error.js';
import { isPresent, toBase } from './testing-request.js';

/** The options of all sources of a credential. */
export type AnyOptions = ConnectOptions<Scope> & {
  [Name in (typeof SOURCES)[number] | 'dpop' | 'durationSeconds' | 'scopes' | 'share' | 'timeoutSeconds']?: unknown;
};

const SOURCES = ['publishableToken', 'provider', 'temporaryToken', 'bundle', 'host'] as const;

/** An `expiresAt` from here on was given in milliseconds. */
const MILLISECONDS = 100_000_000_000;

const SCOPE = /^(\*|[a-z][\w-]*:(\*|[a-z][\w-]*)(:[^\s:]+)?)$/i;

/** Returns whether a value is a scope: `resource:action`, or that of one resource. */
export function isScope(value: unknown): value is Scope {
  return typeof value === 'string' && SCOPE.test(value);
}

/**
 * Copies and checks the options.
 * @throws {DaypassError} `invalid_options`; `token_expired` for a token without a provider.
 */
export function read(given: unknown): AnyOptions {
  if (typeof given !== 'object' || given === null) throw invalid(`expected an object of options, not ${typeOf(given)}.`);
  const options = { ...given } as AnyOptions;
  if (!isPresent(options.api)) throw invalid('`api` is missing: the base URL of the API.');
  toBase('api', options.api);
  if (isPresent(options.service)) toBase('service', options.service);
  const sources = SOURCES.filter((name) => isPresent(options[name]));
  const [source] = sources;
  if (source === undefined) throw invalid(`a way in is missing: \`${SOURCES.join('`, `')}\`.`);
  if (sources.length > 1 && sources.join() !== 'provider,temporaryToken') {
    throw invalid(`more than one way in: \`${sources.join('`, `')}\`.`);
  }
  CHECKS[source](options);
  for (const name of ['timeoutSeconds', 'maxRetryAfterSeconds'] as const) {
    expect(options, name, 'a number of seconds, 0 or more', (value) => typeof value === 'number' && value >= 0);
  }
  const isSignal = (value: unknown) => typeof (value as AbortSignal).throwIfAborted === 'function';
  expect(options, 'signal', 'an AbortSignal', isSignal);
  return options;
}

const CHECKS: Record<(typeof SOURCES)[number], (options: AnyOptions) => void> = {
  publishableToken: (options) => expect(options, 'publishableToken', 'a string', isText),
  provider: (options) => {
    if (typeof options.provider !== 'function') {
      expect(options, 'provider', 'a URL or a function', (value) => isText(value) || value instanceof URL);
      toBase('provider', options.provider);
    }
    checkRequest(options);
    if (isPresent(options.temporaryToken)) checkToken(options);
  },
  temporaryToken: (options) => {
    if (checkToken(options) * 1_000 <= Date.now()) throw failure('token_expired');
  },
  bundle: (options) => {
    if (!isPresent(options.service)) throw invalid('`service` is missing: a bundle needs it.');
    const what = "a string, or say `from: 'query'` or `from: 'fragment'`";
    expect(options, 'bundle', what, (value) => isText(value) || /^(query|fragment)$/.test(String(Object(value).from)));
    const { name } = Object(options.bundle) as { name?: unknown };
    if (name !== undefined && !(isText(name) && name !== '')) {
      throw invalid('`bundle.name` must be the name of a parameter.');
    }
  },
  host: (options) => {
    const patterns = [options.host].flat();
    expect(options, 'host', 'a string or an array of strings', () => patterns.every(isText));
    if (patterns.length === 0 || !patterns.every((one) => /^(https?:\/\/)?[^\s/]+$/.test(String(one)))) {
      throw invalid(
        '`host` must name the origins of the pages around this one, such as `https://www.example.com` or `*.example.com`.',
      );
    }
    checkRequest(options);
  },
};

/** Checks what a provider is asked. */
function checkRequest(options: AnyOptions): void {
  const areScopes = (value: unknown) => Array.isArray(value) && value.every(isScope);
  expect(options, 'scopes', 'an array of scopes, each resource:action', areScopes);
  const isLifetime = (value: unknown) => Number.isInteger(value) && (value as number) >= 1 && (value as number) <= 86_400;
  expect(options, 'durationSeconds', 'a whole number of seconds from 1 to 86400', isLifetime);
  const isName = (value: unknown) => value === false || (isText(value) && value !== '');
  expect(options, 'share', "a name, such as the visitor's id, or false", isName);
  if (options.dpop !== undefined && typeof options.dpop !== 'boolean') throw wrong('dpop', 'true or false', options.dpop);
}

/** Checks the token that a page was delivered with, and returns when it expires. */
function checkToken(options: AnyOptions): number {
  const { authorization, expiresAt } = Object(options.temporaryToken) as { authorization?: unknown; expiresAt?: unknown };
  const scheme = options.dpop === true ? /^DPoP [!-~]+$/ : /^Bearer [!-~]+$/;
  const isToken = isText(authorization) && scheme.test(authorization);
  if (!isToken || !Number.isInteger(expiresAt) || (expiresAt as number) >= MILLISECONDS) {
    throw invalid('`temporaryToken` must be {authorization, expiresAt}, as the service answers it.');
  }
  return expiresAt as number;
}

function expect(options: AnyOptions, name: keyof AnyOptions, what: string, isRight: (value: unknown) => boolean): void {
  const value: unknown = options[name];
  if (isPresent(value) && !isRight(value)) throw wrong(name, what, value);
}

function wrong(name: string, what: string, value: unknown): Error {
  return invalid(`\`${name}\` must be ${what}, and is ${typeOf(value)}.`);
}

function invalid(particulars: string): Error {
  return failure('invalid_options', particulars);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

/** Names the type of a value, never the value, which may be a secret. */
function typeOf(value: unknown): string {
  if (value === undefined || value === null) return String(value);
  if (Array.isArray(value)) return 'an array';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}
