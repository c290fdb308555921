// Northlight's backend: what a customer of an embed needs on its own side. It holds the secrets, decides what a visitor
// gets, and serves the pages (site.mjs). It has no dependencies: copy what you need.
import { failed, json } from './http.mjs';
import { liveTokens } from './live.mjs';
import { bearer, tokenService } from './service.mjs';
import { need, origin, startSite } from './site.mjs';

const env = {
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

startSite({ folder: 'www/host', config: pageConfig, routes });
