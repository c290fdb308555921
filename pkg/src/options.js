/** What `connect` is given, checked field by field. */
import { bridge } from './bridge.js';
import { isScope, tokenKind } from './core.js';
import { failure } from './error.js';

/** Seconds that a temporary token is asked for, unless said otherwise, and the longest. */
const DURATION = 3_600;
const LONGEST = 86_400;

/** Either of these is one way in; a provider may come with a first temporary token. */
const WAYS = ['publishableToken', 'provider', 'temporaryToken', 'bundle', 'host'];

export function readOptions(options) {
  if (options === null || typeof options !== 'object') throw wrong('expected an object of options.');
  const api = baseUrl(options, 'api');
  if (!api) throw wrong('`api` is missing: the base URL of the API.');
  const service = baseUrl(options, 'service')?.href.replace(/\/+$/, '');
  const given = WAYS.filter((name) => isThere(options[name]));
  const isPair = given.length === 2 && given[0] === 'provider' && given[1] === 'temporaryToken';
  if (given.length === 0) throw wrong(`a way in is missing: \`${WAYS.join('`, `')}\`.`);
  if (given.length > 1 && !isPair) throw wrong(`more than one way in: \`${given.join('`, `')}\`.`);
  const common = { api, service };
  switch (given[0]) {
    case 'publishableToken':
      return { ...common, kind: 'publishable', token: publishableToken(options.publishableToken) };
    case 'bundle':
      if (!service) throw wrong('`service` is missing: a bundle needs it.');
      return { ...common, kind: 'bundle', bundle: bundle(options.bundle) };
    case 'provider':
      return { ...common, kind: 'temporary', provider: provider(options.provider), request: request(options), first: temporaryToken(options), dpop: dpop(options), share: share(options) };
    case 'host':
      return { ...common, kind: 'temporary', provider: bridge(hosts(options.host)), request: request(options), dpop: dpop(options) };
    default:
      return { ...common, kind: 'temporary', first: temporaryToken(options) };
  }
}

/** The message for a malformed `temporaryToken`. */
export const NO_TOKEN = '`temporaryToken` must be {authorization, expiresAt}, as the service answers it.';

const isThere = (value) => value !== undefined && value !== null;
const wrong = (why) => failure('invalid_options', why);

/** A text, or an object that is one by nature. */
export function urlText(value) {
  return typeof value === 'string' ? value : value instanceof URL ? value.href : undefined;
}

/** A URL; in a page, also one relative to the page. */
function absolute(value) {
  const text = urlText(value);
  try {
    const url = new URL(text, globalThis.location?.href);
    // No browser asks for a URL with a password.
    return text === undefined || url.username || url.password ? undefined : url;
  } catch {
    return undefined;
  }
}

function baseUrl(options, name) {
  if (!isThere(options[name])) return undefined;
  const url = absolute(options[name]);
  if (!url || !/^https?:$/.test(url.protocol)) throw wrong(`\`${name}\` is not an http or https URL.`);
  return url;
}

function publishableToken(text) {
  if (typeof text !== 'string') throw wrong('`publishableToken` must be a string.');
  const kind = tokenKind(text);
  if (kind.startsWith('-')) throw failure('token_malformed', kind.slice(1));
  // SECURITY: any reader of the page could use such a token: refuse it before a request is sent.
  if (kind !== 'publishable') throw wrong(`\`publishableToken\` is a token of the kind ${kind}, which must not be in a page. Replace it.`);
  return text;
}

function bundle(value) {
  if (typeof value === 'string') return { text: value };
  const { from, name = 'bundle', clean = false } = value;
  if (from !== 'query' && from !== 'fragment') throw wrong("`bundle` must be a string, or say `from: 'query'` or `from: 'fragment'`.");
  if (!globalThis.location) throw wrong('`bundle.from` needs a page: here is no location.');
  if (typeof name !== 'string' || name === '') throw wrong('`bundle.name` must be the name of a parameter.');
  const part = from === 'query' ? 'search' : 'hash';
  const text = new URLSearchParams(location[part].slice(1)).get(name);
  if (text === null) throw wrong(`\`bundle\`: the page's ${from} has no \`${name}\`.`);
  return { text, clean: clean ? () => cleanUrl(part, name) : undefined };
}

/** Takes the bundle out of the page's address and history, and leaves the rest as it is. */
function cleanUrl(part, name) {
  const url = new URL(location.href);
  const pairs = url[part].slice(1).split('&');
  url[part] = pairs.filter((pair) => !new URLSearchParams(pair).has(name)).join('&');
  history.replaceState(history.state, '', url);
}

function provider(value) {
  if (typeof value === 'function') return value;
  if (urlText(value) === undefined) throw wrong('`provider` must be a URL or a function.');
  const url = absolute(value);
  if (!url) throw wrong('`provider` is not a URL.');
  return url.href;
}

function dpop({ dpop = false }) {
  if (typeof dpop !== 'boolean') throw wrong('`dpop` must be true or false.');
  if (dpop && !globalThis.crypto?.subtle) throw wrong('`dpop` needs a secure context: serve the page over https.');
  return dpop;
}

function share({ share: name }) {
  if (isThere(name) && name !== false && (typeof name !== 'string' || name === '')) throw wrong('`share` must be a name, or false.');
  return name ?? undefined;
}

function hosts(value) {
  const patterns = Array.isArray(value) ? value : [value];
  if (patterns.length === 0 || !patterns.every((pattern) => typeof pattern === 'string' && /^(https?:\/\/)?[^\s/]+$/.test(pattern))) {
    throw wrong('`host` must name the origins of the pages around this one, such as `https://www.example.com` or `*.example.com`.');
  }
  if (globalThis.parent === undefined || parent === self) throw wrong('`host` needs a page around this one: it is not in a frame.');
  return patterns;
}

function temporaryToken({ temporaryToken: token }) {
  if (!isThere(token)) return undefined;
  if (!isTemporaryToken(token)) throw wrong(NO_TOKEN);
  return token;
}

/** Whether a value has the shape of a temporary token. */
export function isTemporaryToken(value) {
  return typeof value?.authorization === 'string' && Number.isSafeInteger(value.expiresAt) && value.expiresAt >= 0;
}

function request({ scopes, durationSeconds }) {
  if (isThere(scopes) && !Array.isArray(scopes)) throw wrong('`scopes` must be an array.');
  if (scopes?.some((scope) => typeof scope !== 'string' || !isScope(scope))) {
    throw wrong('`scopes` holds something that is not a scope: expected resource:action.');
  }
  const seconds = durationSeconds ?? DURATION;
  if (!Number.isInteger(seconds) || seconds < 1 || seconds > LONGEST) {
    throw wrong(`\`durationSeconds\` must be a whole number of seconds, at most ${LONGEST}.`);
  }
  return { scopes: [...(scopes ?? [])], durationSeconds: seconds };
}
