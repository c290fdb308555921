// A Speckle server's own site: the page of a person's profile, and what its backend asks the token service.
import { failed } from '../http.mjs';
import { bearer, tokenService } from '../service.mjs';
import { need, origin, startSite } from '../site.mjs';

// SECURITY: the token of the server's own pages stays in this process. A real backend has one for each session.
const appToken = need('APP_TOKEN');
// SECURITY: everything here reaches the browser.
const config = { service: origin('DAYPASS_SERVICE') };
const callService = tokenService(config.service);

// #region graphql
/** The server's `/graphql`: requests reach the service as they are. */
function graphql(body, { authorization }) {
  const credential = authorization ? { authorization } : {};
  return callService('POST', '/graphql', credential, body);
}
// #endregion

// #region profile
/** What the page does for the person who is signed in. */
const ACTIONS = {
  show: `{
    serverInfo { scopes { name description } }
    activeUser {
      name email
      apiTokens { id name lastChars scopes createdAt lifespan lastUsed }
    }
  }`,
  create: `mutation($token: ApiTokenCreateInput!) {
    apiTokenCreate(token: $token)
  }`,
  revoke: `mutation($token: String!) {
    apiTokenRevoke(token: $token)
  }`,
};

function profile({ action, token }) {
  if (!Object.hasOwn(ACTIONS, action)) {
    return failed(400, 'invalid_request', 'There is no such action.');
  }
  const body = { query: ACTIONS[action], variables: { token } };
  return callService('POST', '/graphql', bearer(appToken), body);
}
// #endregion

const routes = { 'POST /graphql': graphql, 'POST /profile': profile };

startSite({ folder: 'www/systems/speckle', config, routes, paths: ['/profile'] });
