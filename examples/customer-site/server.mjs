// Northlight's backend: what a customer of an embed needs on its own side. It holds the secrets, decides what a visitor
// gets, and serves the pages (pages.mjs). It has no dependencies: copy what you need.
import { createServer } from 'node:http';
import { failed, json, readBody, send } from './http.mjs';
import { liveTokens } from './live.mjs';
import { pages } from './pages.mjs';
import { bearer, tokenService } from './service.mjs';

const env = {
  port: need('PORT'),
  service: origin('DAYPASS_SERVICE'),
  api: origin('FLOOR_API'),
  embed: origin('EMBED'),
  secretToken: need('SECRET_TOKEN'),
  managerToken: need('MANAGER_TOKEN'),
  partnerKey: need('PARTNER_KEY'),
};

// SECURITY: everything here reaches the browser. The secret token, the manager token and the partner key stay in this
// process and go to the token service only.
const pageConfig = {
  service: env.service,
  api: env.api,
  embed: env.embed,
  publishableToken: need('PUBLISHABLE_TOKEN'),
  foreignToken: need('FOREIGN_TOKEN'),
  revokedToken: need('REVOKED_TOKEN'),
};

// SECURITY: the secret token could create tokens with all of its scopes. A visitor gets these and no others.
const VISITOR_SCOPES = ['floor:readPublic', 'floor:readPrivate'];
const NOT_FOR_VISITORS = `Visitors get ${VISITOR_SCOPES.join(' and ')} only.`;

const parameters = {
  file: 'second',
  userId: 'ana',
  access: 'edit',
  locale: 'en',
  workspace: 'northlight/quay-4',
  server: env.api,
  // Floorline does not know this parameter: a bundle carries it unchanged all the same.
  deskPlan: { revision: 12, pins: [[4.5, 2], [7.25, 6.75]], note: 'Fensterplätze – ruhig', approvedBy: null },
};

const callService = tokenService(env.service);
const live = liveTokens(callService, env.managerToken);

// #region bundle
const createBundle = {
  reference: async () => {
    const key = { 'x-api-key': env.partnerKey };
    const path = '/generate';
    const answer = await callService('POST', path, key, parameters);
    if (answer.status !== 200) return answer;
    return json(200, { bundle: JSON.parse(answer.text).token });
  },
  signed: () => {
    const key = bearer(env.partnerKey);
    const origins = [env.embed]; // where the bundle opens
    const body = { parameters, origins, durationSeconds: 900 };
    return callService('POST', '/v2/bundle/create', key, body);
  },
};
// #endregion

/** The backend's own paths. A real backend identifies the visitor by its session and decides by that. */
const routes = {
  'GET /config.json': async () => json(200, pageConfig),

  // #region token
  'POST /floor-token': ({ scopes, durationSeconds, dpopJkt }) => {
    if (!isForVisitors(scopes)) {
      return failed(403, 'forbidden', NOT_FOR_VISITORS);
    }
    return callService(
      'POST',
      '/v2/temporary-access-token/create',
      bearer(env.secretToken),
      { scopes, durationSeconds, dpopJkt },
    );
  },
  // #endregion

  'POST /open-editor': ({ kind }) => {
    if (Object.hasOwn(createBundle, kind)) return createBundle[kind]();
    return failed(400, 'invalid_request', 'kind is "reference" or "signed".');
  },

  'POST /live-token': live.create,
  'POST /revoke-live-token': live.revoke,
};

function isForVisitors(scopes) {
  return Array.isArray(scopes) && scopes.length > 0 && scopes.every((scope) => VISITOR_SCOPES.includes(scope));
}

async function answer(request, response) {
  const path = request.url.split('?', 1)[0];
  if (['GET', 'HEAD'].includes(request.method) && (await showPage(path, request.method, response))) return;

  const route = routes[`${request.method} ${path}`];
  const body = request.method === 'POST' && route ? await readBody(request) : {};
  send(
    response,
    !route ? failed(404, 'not_found', 'There is nothing here.')
    : !body ? failed(400, 'invalid_request', 'The body must be a JSON object, sent as application/json.')
    : await route(body),
  );
}

let showPage;
const server = createServer((request, response) => {
  answer(request, response).catch((error) => {
    // The log gets the cause, the visitor only that it failed.
    console.error(`${request.method} ${request.url.split('?', 1)[0]}: ${error.cause?.message ?? error.message}`);
    if (response.headersSent) return response.destroy();
    send(response, failed(502, 'unavailable', 'The token service did not answer.'));
  });
});
server.on('error', (error) => fail(`cannot listen: ${error.message}`));
server.listen(Number(env.port), '127.0.0.1', async () => {
  const site = `http://127.0.0.1:${server.address().port}`;
  showPage = await pages({ ...pageConfig, site });
  console.log(JSON.stringify({ listening: site }));
});

function need(name) {
  const value = process.env[name];
  if (!value) fail(`the environment variable ${name} is missing; docs/guides/demo.md lists them all`);
  return value;
}

function origin(name) {
  const value = need(name);
  if (!URL.canParse(value)) fail(`${name} must be a URL such as http://127.0.0.1:4000`);
  return new URL(value).origin;
}

function fail(message) {
  console.error(`customer-site: ${message}`);
  process.exit(1);
}
