// A product's API in Node: the files of a floor, for tokens that may read it. It has one dependency, jose.
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { allows, isUsable } from './grants.mjs';
import { introspect } from './introspect.mjs';
import { verify } from './jose.mjs';

const SCOPE = 'floor:readPrivate';

/** How long the service's answer about a token counts, in milliseconds: a revocation is noticed that late. */
const REMEMBERED = 1000;

const TYPES = { json: 'application/json', png: 'image/png', gltf: 'model/gltf+json', bin: 'application/octet-stream' };
/** The floor's files. Every tile of the map is the same. */
const FILES = ['plan.json', 'model.gltf', 'model.bin'];
const TILE = /^tiles\/\d+\/\d+\/\d+\.png$/;

/** The longest text that is looked at: a JWT of the service is shorter. */
const LONGEST = 8192;
/** What jose says of a token. Anything else is a failure to get the keys. */
const OF_THE_TOKEN = /^ERR_(JWT_|JWS_|JWKS_NO_MATCHING_KEY|JOSE_)/;

/** What active tokens may do, and until when that counts. */
const known = new Map();

/** What an active token may do, or null. Only tokens that have a valid signature or are opaque are asked about. */
async function authenticate(token) {
  const remembered = known.get(token);
  if (remembered?.until > performance.now()) return remembered.answer;
  if (token.length > LONGEST || !(token.startsWith('dp_') || (await isSigned(token)))) return null;
  const answer = await introspect(token);
  known.delete(token);
  // Refusals are not remembered: made-up tokens would drive out those in use.
  if (answer) known.set(token, { answer, until: performance.now() + REMEMBERED });
  if (known.size > 10_000) known.delete(known.keys().next().value);
  return answer;
}

async function isSigned(token) {
  try {
    return Boolean(await verify(token));
  } catch (error) {
    if (OF_THE_TOKEN.test(error.code)) return false;
    throw error;
  }
}

/** The refusal of a request, as the browser SDK reads it; undefined if it is allowed. */
async function refusal({ headers }, url, organization) {
  const inHeader = /^Bearer (\S+)$/.exec(headers.authorization ?? '')?.[1];
  const inQuery = url.searchParams.get('pubtoken');
  if (inHeader && inQuery !== null) return { status: 400, code: 'invalid_request' };
  const token = inHeader ?? inQuery;
  if (!token) return { status: 401, code: 'missing_token', challenge: 'Bearer' };
  const claims = await authenticate(token);
  if (!claims) return { status: 401, code: 'invalid_token', challenge: 'Bearer error="invalid_token"' };
  // Addresses are in logs and histories.
  if (inQuery && claims.kind !== 'publishable') return { status: 403, code: 'secret_in_query' };
  const isForBackends = ['secret', 'personal', 'application'].includes(claims.kind);
  if (isForBackends && headers.origin) return { status: 403, code: 'secret_in_browser' };
  if (!isUsable(claims, headers.origin)) return { status: 403, code: 'origin_not_allowed' };
  if (!allows(claims.grants, SCOPE, organization, 'first')) return { status: 403, code: 'insufficient_scope' };
  return undefined;
}

/** Makes the API. `organization` owns the floor. */
export function api(organization) {
  return createServer(async (request, response) => {
    response.setHeader('Vary', 'Origin');
    response.setHeader('Access-Control-Allow-Origin', '*');
    response.setHeader('Access-Control-Allow-Headers', 'authorization');
    response.setHeader('Access-Control-Expose-Headers', 'www-authenticate');
    response.setHeader('Cache-Control', 'no-store');
    if (request.method === 'OPTIONS') return response.writeHead(204).end();
    if (!URL.canParse(request.url, 'http://api')) return refuse(response, 400, 'invalid_request', 'It has no path.');
    const url = new URL(request.url, 'http://api');
    try {
      const refused = await refusal(request, url, organization);
      if (refused) {
        const { status, code, challenge } = refused;
        if (challenge) response.setHeader('WWW-Authenticate', challenge);
        // Such a page learns nothing.
        if (code === 'origin_not_allowed') response.removeHeader('Access-Control-Allow-Origin');
        return refuse(response, status, code, `The request was refused: ${code}.`);
      }
      const [, name] = /^\/v2\/floor\/first\/(.*)$/.exec(url.pathname) ?? [];
      const file = TILE.test(name) ? 'tile.png' : FILES.find((file) => file === name);
      if (!file) return refuse(response, 404, 'not_found', 'There is no such file.');
      const content = await readFile(new URL(`data/${file}`, import.meta.url));
      return response.setHeader('Content-Type', TYPES[file.split('.')[1]]).end(content);
    } catch (error) {
      console.error(error.message);
      return refuse(response.setHeader('Retry-After', 1), 503, 'unavailable', 'The token service does not answer.');
    }
  });
}

/** Refuses as the verifier of the crate does, so that the SDK's `refusal(response)` says why. */
function refuse(response, status, error, message) {
  const body = { error, status, message, help: `Look \`${error}\` up in docs/reference/errors.md.` };
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}

if (process.argv[1] === new URL(import.meta.url).pathname) {
  const { DAYPASS_ORGANIZATION: organization, PORT = '3000' } = process.env;
  if (!organization) throw new Error('DAYPASS_ORGANIZATION is missing: the id of the organization that owns the floor');
  api(organization).listen(Number(PORT), '127.0.0.1', () => console.log(`ready http://127.0.0.1:${PORT}/`));
}
