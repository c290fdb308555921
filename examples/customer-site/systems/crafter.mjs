// The Profile Admin Console of a company that moved from Crafter Profile: its page, and what its backend asks the token
// service and the profile API. The master token stays in this process.
import { randomUUID } from 'node:crypto';
import { json } from '../http.mjs';
import { need, origin, startSite } from '../site.mjs';

const master = need('MASTER');
const profileApi = origin('PROFILE_API');
// SECURITY: everything here reaches the browser.
const config = { service: origin('DAYPASS_SERVICE'), api: profileApi };

/** The id of the example token. It is chosen, so that the token can be created again after it was deleted. */
const EXAMPLE = randomUUID();

// #region permissions
/** The example permissions of the documentation. */
const PERMISSIONS = [
  { tenant: 'site1', allowedActions: ['READ_TENANT', 'MANAGE_PROFILES'] },
  { tenant: 'site2', allowedActions: ['READ_TENANT', 'UPDATE_TENANT', 'MANAGE_PROFILES'] },
];
// #endregion

/** Sends a request with a token in the query, and a body as JSON or as a form. */
async function call(server, method, path, token, { query = {}, body, form } = {}) {
  const url = `${server}/api/1/${path}?${new URLSearchParams({ ...query, ...(!form && { accessTokenId: token }) })}`;
  const response = await fetch(url, {
    method,
    headers: body && { 'Content-Type': 'application/json' },
    body: form ? new URLSearchParams({ ...form, accessTokenId: token }) : JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  return { status: response.status, text: (await response.text()) || '{}' };
}

// #region console
const list = () => call(config.service, 'GET', 'access_token/all', master);
const show = ({ id }) => call(config.service, 'GET', `access_token/${encodeURIComponent(id)}`, master);
const create = (token) => call(config.service, 'POST', 'access_token/create', master, { body: token });
// A deletion has the token in its form.
const remove = ({ id }) =>
  call(config.service, 'POST', `access_token/${encodeURIComponent(id)}/delete`, master, { form: {} });
// #endregion

/** Creates the example token with its own id, unless it exists. */
const createExample = () => create({ id: EXAMPLE, application: 'example', tenantPermissions: PERMISSIONS });

// #region actions
/** What an application may do at the profile API, and how it asks. */
const ACTIONS = {
  'Query the tenant': (tenant) => call(profileApi, 'GET', `tenant/${tenant}`, EXAMPLE),
  'Update the tenant': (tenant) =>
    call(profileApi, 'POST', 'tenant/update', EXAMPLE, { body: { name: tenant, verifyNewProfiles: true } }),
  'Query profiles': (tenant) => call(profileApi, 'GET', 'profile/all', EXAMPLE, { query: { tenantName: tenant } }),
  'Create a profile': (tenant) =>
    call(profileApi, 'POST', 'profile/create', EXAMPLE, { form: { tenantName: tenant, username: randomUUID() } }),
  'Delete the tenant': (tenant) => call(profileApi, 'POST', `tenant/${tenant}/delete`, EXAMPLE, { form: {} }),
};

/** Does each action on each tenant with the example token, and returns what the API answered. */
async function tryAll() {
  const results = [];
  for (const [action, ask] of Object.entries(ACTIONS)) {
    for (const tenant of ['site1', 'site2', 'site3']) {
      const { status, text } = await ask(tenant);
      results.push({ action, tenant, status, errorCode: JSON.parse(text).errorCode });
    }
  }
  return json(200, results);
}
// #endregion

const routes = {
  'POST /list': list,
  'POST /show': show,
  'POST /create': create,
  'POST /delete': remove,
  'POST /example': createExample,
  'POST /try': tryAll,
};

await createExample();
startSite({ folder: 'www/systems/crafter', config, routes });
