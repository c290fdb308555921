/** Unpacks parameter bundles: references are redeemed at the service, signed documents verified here. */
import { serverTime } from './clock.js';
import { allowsOrigin, bundleHeader, bundleLifetime, lifetime, tokenKind } from './core.js';
import { claims, decode, encode, glimpse, parts } from './document.js';
import { failure } from './error.js';
import { readJwks } from './jwks.js';

/** A service that has not answered by then counts as unreachable, in milliseconds. */
const TIMEOUT = 5_000;

/** The parameters, and the token that the bundle itself is from then on. */
export function open(bundle, service) {
  return tokenKind(bundle) === 'bundle' ? redeem(bundle, service) : unpack(bundle, service);
}

/** Redeems a reference with Kudo's `GET /verify`. */
async function redeem(reference, service) {
  // Elsewhere the header would go along.
  const options = { headers: { 'x-api-token': reference }, redirect: 'error', signal: AbortSignal.timeout(TIMEOUT) };
  const response = await fetch(`${service}/verify`, options).catch((cause) => {
    throw failure('network_failed', service, { cause });
  });
  if (response.status === 403) throw failure('bundle_refused');
  const parameters = await response.json().catch(() => null);
  if (response.status !== 200 || parameters === null || typeof parameters !== 'object') throw failure('network_failed', service);
  const end = Number(response.headers.get('daypass-expires-at') ?? NaN);
  const left = Number.isSafeInteger(end) ? lifetime(end, undefined, serverTime(response), Date.now()) : 0;
  // A service that does not say when it ends will say when it has ended, by 401.
  return { parameters, authorization: `Bearer ${reference}`, lifetime: left || Infinity };
}

async function unpack(bundle, service) {
  const { header, payload, signature } = parts(bundle) ?? {};
  if (header === undefined) throw failure('bundle_malformed');
  const [bytes, said] = [decode(signature), claims(payload)];
  if (bytes === undefined || decode(payload) === undefined) throw failure('bundle_changed');

  const { keys, serverNow } = await readJwks(service, TIMEOUT, (keys) => keys.some((key) => isFor(header, key)));
  const key = keys.find((key) => isFor(header, key));
  if (!key) throw failure('bundle_unknown_key');
  if (!(await verifies(key.x, bytes, `${header}.${payload}`))) throw failure('bundle_changed');

  const known = said && glimpse(said);
  const { iat, exp, parameters } = said ?? {};
  if (!known || !Number.isSafeInteger(exp) || parameters === undefined || parameters === null) throw failure('bundle_malformed');
  const left = bundleLifetime(exp, iat, serverNow, Date.now());
  if (left === 0) throw failure('bundle_expired');
  // In a page or worker, `null` in a sandboxed frame. It is not the location's: a frame from `srcdoc` has that of the page around it.
  const page = globalThis.origin;
  if (page !== undefined && known.origins.length > 0 && !allowsOrigin([page, ...known.origins].join(' '))) throw failure('bundle_origin', page);
  return { parameters, authorization: `Bearer ${bundle}`, lifetime: left, ...known };
}

/** Returns whether this key is the one that the document's header names. */
function isFor(header, { kty, crv, alg, use, kid = '' }) {
  const expected = bundleHeader([kty, crv, alg, use, kid].join(' '));
  return expected !== undefined && encode(new TextEncoder().encode(expected)) === header;
}

/** By the browser's own cryptography. */
async function verifies(x, signature, input) {
  try {
    const key = await crypto.subtle.importKey('raw', decode(x), 'Ed25519', false, ['verify']);
    return await crypto.subtle.verify('Ed25519', key, signature, new TextEncoder().encode(input));
  } catch (error) {
    if (globalThis.crypto?.subtle && error.name !== 'NotSupportedError') return false;
    throw failure('bundle_unverifiable');
  }
}
