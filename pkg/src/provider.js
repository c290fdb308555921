/** Asks for temporary tokens. */
import { serverTime } from './clock.js';
import { lifetime } from './core.js';
import { claims, glimpse, parts } from './document.js';
import { DaypassError, failure } from './error.js';
import { isTemporaryToken } from './options.js';

/** Such a number of seconds lies beyond the year 5000: it was given in milliseconds. */
const MILLISECONDS = 1e11;

const failed = (why, cause) => failure('provider_failed', why, { cause });

/** One call, and the token that it brought. A call to a URL ends when the signal aborts. With `dpopJkt` the token is bound to that key. */
export async function ask(provider, request, signal) {
  const scheme = request.dpopJkt === undefined ? 'Bearer' : 'DPoP';
  if (typeof provider === 'string') {
    const { answer, serverNow } = await post(provider, request, signal);
    return arrived(answer, serverNow, scheme);
  }
  let answer;
  try {
    answer = await provider(structuredClone(request), { signal });
  } catch (error) {
    // A callback ends refreshing with an error whose `status` is 403.
    if (error instanceof DaypassError) throw error;
    throw error?.status === 403 ? failure('provider_forbidden') : failed(error instanceof Error ? error.message : '', error);
  }
  return arrived(answer, undefined, scheme);
}

/** The answer and, where the page may read it, the server's time in Unix milliseconds. */
async function post(url, request, signal) {
  const options = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(request), signal };
  const response = await fetch(url, options).catch((cause) => {
    throw failed('It could not be reached.', cause);
  });
  if (response.status === 403) throw failure('provider_forbidden');
  if (!response.ok) throw failed(`It answered with status ${response.status}.`);
  const answer = await response.json().catch((cause) => {
    throw failed('Its answer is not JSON.', cause);
  });
  return { answer, serverNow: serverTime(response) };
}

/** Checks a token and finds out how long it has to live. */
export function arrived(token, serverNow, scheme = 'Bearer') {
  if (!isTemporaryToken(token)) throw failed('Its answer is not {authorization, expiresAt}.');
  const { authorization, expiresAt } = token;
  const text = authorization.slice(scheme.length + 1);
  if (!authorization.startsWith(`${scheme} `) || !/^[!-~]+$/.test(text)) throw failed(`Its \`authorization\` is not \`${scheme} …\`.${scheme === 'DPoP' ? ' Pass `dpopJkt` on to the service.' : ''}`);
  if (expiresAt >= MILLISECONDS) throw failed('Its `expiresAt` is not in seconds.');
  const said = claims(parts(text)?.payload ?? '');
  const known = said && glimpse(said);
  const left = lifetime(expiresAt, known && said.iat, serverNow, Date.now());
  if (left === 0) throw failure('provider_stale');
  return { authorization, lifetime: left, ...known };
}
