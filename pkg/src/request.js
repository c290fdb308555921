/** `fetch` with a credential: the request, its one replay, and why an answer could not be had. */
import { abortAfter } from './clock.js';
import { failure, refused } from './error.js';
import { urlText } from './options.js';

/** How long the service may take to explain a failure, in milliseconds. */
const EXPLAIN = 5_000;

/** What a request with a body has besides its URL and its body. */
const PROPERTIES = ['method', 'headers', 'mode', 'credentials', 'cache', 'redirect', 'referrer', 'referrerPolicy', 'integrity', 'keepalive', 'signal'];

/**
 * Sends a request. A 401 to a token that can be refreshed is answered by a fresh one, once; a 403 never is.
 * `way` is how there: the connection, the base URLs of the API and the service, the kind of the token.
 */
export async function send(way, input, init) {
  const { connection } = way;
  const url = target(way.api, input);
  const { call, token } = await connection.credential();
  const response = await sendProven(way, url, input, init, token);
  if (!connection.canRefresh || !rejectsTheToken(response)) return response;
  connection.reject(call);
  const next = await connection.credential().catch(() => undefined);
  // Unless there is another token, the API's word stands.
  if (!next || next.call === call) return response;
  checkReplayable(init, response);
  return sendProven(way, url, input, init, next.token);
}

/** Sends the request a second time, with a new proof, if the API requires that (RFC 9449, section 8). */
async function sendProven(way, url, input, init, token) {
  const response = await sendOnce(way, url, input, init, token);
  if (!way.prover?.learn(response)) return response;
  checkReplayable(init, response);
  return sendOnce(way, url, input, init, token);
}

/** Before the answer makes room for another. */
function checkReplayable({ body }, response) {
  if (isStream(body)) throw failure('body_not_replayable');
  // It may have ended by itself.
  response.body?.cancel().catch(() => {});
}

/** Whether a body can be read once only; Node takes whatever can be iterated. */
function isStream(body) {
  return body instanceof ReadableStream || body?.[Symbol.asyncIterator] !== undefined;
}

/** A 401 is about the token, unless the API says readably that it is about something else (RFC 6750, section 3.1). */
function rejectsTheToken(response) {
  const challenge = response.headers.get('www-authenticate');
  return response.status === 401 && (challenge === null || challenge.includes('invalid_token'));
}

/** Where the request goes: to the API's own origin, or not at all. */
export function target(api, input) {
  let url;
  try {
    url = input instanceof Request ? new URL(input.url) : new URL(urlText(input) ?? '//', api);
  } catch {
    throw failure('foreign_url', 'This');
  }
  // A WebSocket's URL may be asked for too. What has no host, such as `blob:`, is nobody's.
  if (url.protocol.replace(/^ws/, 'http') + url.host !== api.protocol + api.host) throw failure('foreign_url', url.origin);
  return url.href;
}

/** The URL with a publishable token behind the caller's own query: a GET stays a simple request, without a preflight. */
export function withToken(url, { publishable }) {
  if (!publishable) return url;
  const whole = new URL(url);
  whole.search += `${whole.search ? '&' : '?'}pubtoken=${publishable}`;
  return whole.href;
}

async function sendOnce(way, url, input, init, token) {
  const [resource, options] = await prepared(way, url, input, init, token);
  try {
    return await fetch(resource, options);
  } catch (error) {
    // The browser's word for "no answer that this page may read". An abort is the caller's own.
    if (!(error instanceof TypeError)) throw error;
    // So is what cannot be asked.
    new Request(url, { method: input.method, ...init, body: init.body && '' });
    throw await explained(way, token, init.signal, error);
  }
}

/** What `fetch` is given. Where nothing needs it, no `Request` is made: it costs more than all else here. */
async function prepared(way, url, input, init, token) {
  const whole = withToken(url, token);
  const isRequest = input instanceof Request;
  if (!isRequest && !way.prover && !isStream(init.body)) {
    if (token.publishable) return [whole, init];
    const headers = new Headers(init.headers);
    headers.set('authorization', token.authorization);
    return [whole, { ...init, headers }];
  }
  // A copy, so that the caller's own can be sent again.
  const base = isRequest ? (token.publishable ? await moved(input, whole) : input.clone()) : whole;
  const request = new Request(base, init);
  if (!token.publishable) request.headers.set('authorization', token.authorization);
  if (way.prover) request.headers.set('dpop', await way.prover.proof(request.method, url, token.authorization));
  return [request];
}

/**
 * Copies a request to another URL. A `Request` cannot be given one, and its body would come along as a stream only, which
 * browsers do not send over HTTP/1.1.
 */
async function moved(request, url) {
  if (request.method === 'GET' || request.method === 'HEAD') return new Request(url, request);
  const init = Object.fromEntries(PROPERTIES.map((property) => [property, request[property]]));
  return new Request(url, { ...init, body: await request.clone().arrayBuffer() });
}

/** An API does not let a page of a wrong origin read why it was refused. The service tells what the token allows. */
async function explained(way, token, signal, cause) {
  const self = await tokenSelf(way, token, signal).catch(() => undefined);
  if (self?.originAllowed !== false) return failure('network_failed', way.api.origin, { cause });
  const error = failure('origin_not_allowed', self.originSeen ?? 'null', { cause });
  error.message += ` It allows: ${self.origins.join(', ')}.`;
  return error;
}

/** Asks the service, unless the token is bound to no origin: then its origin cannot be the reason. */
async function tokenSelf({ service, kind }, token, signal) {
  if (!service || kind === 'temporary') return undefined;
  const url = withToken(`${service}/v2/access-token/self`, token);
  const headers = token.publishable ? {} : { authorization: token.authorization };
  const response = await fetch(url, { headers, signal: abortAfter(EXPLAIN, signal) });
  return response.json();
}

/** Returns the error in a response's body, which stays readable; `null` if it contains none. */
export async function refusal(response) {
  if (!(response instanceof Response) || response.ok || response.bodyUsed) return null;
  const body = await response.clone().json().catch(() => null);
  return refused(body, response.status);
}
