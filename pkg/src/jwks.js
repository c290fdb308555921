/** The service's keys (RFC 7517): from itself, or kept from the last time where it cannot be reached. */
import { serverTime } from './clock.js';
import { failure } from './error.js';

/** Kept keys are used for so many milliseconds: no bundle lives longer than a day. */
const KEPT = 86_400_000;

/** The keys and, where the service answered, its time. Kept keys are taken only if they are `enough`. */
export async function readJwks(service, timeout, enough) {
  const name = `daypass:jwks:${service}`;
  try {
    // From the service itself, not from a cache: its answer also tells the time.
    const options = { cache: 'no-store', signal: AbortSignal.timeout(timeout) };
    const response = await fetch(`${service}/.well-known/jwks.json`, options);
    const { keys } = await response.json();
    if (!response.ok || !isList(keys)) throw new TypeError('no list of keys');
    keep(name, keys);
    return { keys, serverNow: serverTime(response) };
  } catch (cause) {
    const keys = kept(name);
    if (keys && enough(keys)) return { keys };
    throw failure('network_failed', service, { cause });
  }
}

const isText = (value) => value === undefined || typeof value === 'string';

/** Whether it is a list of keys, of which only text is read. */
function isList(keys) {
  return Array.isArray(keys) && keys.every((key) => key && [key.kty, key.crv, key.alg, key.use, key.kid, key.x].every(isText));
}

/** A page may have no storage, or not be let at it: then nothing is kept. */
function keep(name, keys) {
  try {
    localStorage.setItem(name, JSON.stringify({ keys, at: Date.now() }));
  } catch {
    // Without it a bundle opens while the service answers.
  }
}

function kept(name) {
  try {
    const { keys, at } = JSON.parse(localStorage.getItem(name));
    const age = Date.now() - at;
    const isLiving = ({ exp }) => exp === undefined || Date.now() < exp * 1000;
    return age >= 0 && age < KEPT && isList(keys) ? keys.filter(isLiving) : undefined;
  } catch {
    return undefined;
  }
}
