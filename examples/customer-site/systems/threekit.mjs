// The site of a customer of Threekit: a shop with a configurator, and the settings of its tokens. The private token stays
// in this process.
import { json } from '../http.mjs';
import { bearer, tokenService } from '../service.mjs';
import { need, origin, startSite } from '../site.mjs';

const privateToken = need('PRIVATE_TOKEN');
const orgId = need('ORGANIZATION');
const serviceAccountId = need('SERVICE_ACCOUNT');
// SECURITY: everything here reaches the browser.
const config = {
  service: origin('DAYPASS_SERVICE'),
  api: origin('CONFIGURATOR_API'),
  embed: origin('CONFIGURATOR_API'),
  orgId,
  serviceAccountId,
  assetId: need('ASSET'),
  publicToken: need('PUBLIC_TOKEN'),
  foreignToken: need('FOREIGN_TOKEN'),
};
const callService = tokenService(config.service);
const callApi = tokenService(config.api);

// #region tokens
/** Lists the organization's access tokens. */
function list() {
  return callService('GET', `/api/accesstokens?orgId=${orgId}`, bearer(privateToken));
}

/** Adds a token. Its `id` is the token itself, this once; that of a private token stays here. */
async function add({ name, permissions, domains }) {
  const isPublic = permissions === 'public';
  const body = { orgId, name, permissions, ...(isPublic ? { domains, serviceAccountId } : { domains: [] }) };
  const answer = await callService('POST', '/api/accesstokens', bearer(privateToken), body);
  if (answer.status !== 201 || isPublic) return answer;
  return json(201, { ...JSON.parse(answer.text), id: 'kept by the backend' });
}

/** Deletes a token: it is revoked, at once and for ever. */
function remove({ id }) {
  return callService('DELETE', `/api/accesstokens/${encodeURIComponent(id)}?orgId=${orgId}`, bearer(privateToken));
}
// #endregion

// #region private
/** Reads what all visitors saved and sent, which only a private token may. */
async function overview() {
  const read = async (path) => JSON.parse((await callApi('GET', path, bearer(privateToken))).text);
  const [{ configurations }, { events }] = await Promise.all([read('/api/configurations'), read('/api/analytics/events')]);
  return json(200, { configurations: configurations.length, events: events.map(({ eventType }) => eventType) });
}
// #endregion

const routes = {
  'POST /tokens': list,
  'POST /tokens/add': add,
  'POST /tokens/delete': remove,
  'POST /overview': overview,
};

startSite({ folder: 'www/systems/threekit', config, routes });
