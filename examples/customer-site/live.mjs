// The token that the page revokes: a secret token of its own, so that a visitor's click ends nothing else.
import { json } from './http.mjs';
import { bearer } from './service.mjs';

const SCOPES = ['floor:readPrivate'];

/** Returns the two routes: one gives a temporary token, the other revokes the secret token that it was minted from. */
export function liveTokens(callService, managerToken) {
  const manager = bearer(managerToken);
  /** The secret token in use: a promise, so that simultaneous visitors share one. */
  let source = null;

  function createSource() {
    const request = { kind: 'secret', name: 'Live demo', scopes: SCOPES };
    const creating = callService('POST', '/v2/access-token', manager, request).then(({ status, text }) => {
      if (status !== 201) throw new Error(`the token service answered ${status} to POST /v2/access-token`);
      return JSON.parse(text);
    });
    creating.catch(() => forget(creating));
    return creating;
  }

  function forget(creating) {
    if (source === creating) source = null;
  }

  /** The temporary token is a JWT: the API verifies it without asking the service. */
  async function create() {
    const current = (source ??= createSource());
    const { id, token } = await current;
    const request = { scopes: SCOPES, durationSeconds: 3600 };
    const answer = await callService('POST', '/v2/temporary-access-token/create', bearer(token), request);
    if (answer.status === 200) return json(200, { ...JSON.parse(answer.text), sourceId: id });
    // The secret token was revoked by other means, such as the command in the page.
    if (answer.status !== 401 || source !== current) return answer;
    forget(current);
    return create();
  }

  // #region revoke
  /** Revokes the secret token and all tokens minted from it. */
  async function revoke() {
    const current = (source ??= createSource());
    const { id } = await current;
    const path = `/v2/access-token/${id}`;
    const answer = await callService('DELETE', path, manager);
    if (answer.status !== 200) return answer;
    forget(current); // the next visitor gets a new one
    const { revokedAt } = JSON.parse(answer.text);
    return json(200, { revokedAt });
  }
  // #endregion

  return { create, revoke };
}
