// An OpenID Connect provider for tests. It signs in whomever the test names, without asking.
//
// It prints its issuer, reads the URL of the service from standard input, and prints `ready`.
// `GET /control?subject=NAME` names the person; without a name the person cancels.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

import Provider from 'oidc-provider';

const server = createServer().listen(0, '127.0.0.1');
await once(server, 'listening');
const issuer = `http://127.0.0.1:${server.address().port}`;
console.log(issuer);
const [service] = await once(createInterface({ input: process.stdin }), 'line');

const provider = new Provider(issuer, {
  clients: [
    {
      client_id: 'daypass',
      client_secret: process.env.CLIENT_SECRET,
      redirect_uris: [`${service}/v2/session/openid-connect/callback`],
    },
  ],
  cookies: { keys: ['test'] },
  features: { devInteractions: { enabled: false } },
  findAccount: (_, accountId) => ({ accountId, claims: () => ({ sub: accountId, email: 'ada@example.com' }) }),
  interactions: { url: (_, interaction) => `/interaction/${interaction.uid}` },
  pkce: { required: () => true },
});
let subject = null;

async function interact(request, response) {
  const { prompt, params, session } = await provider.interactionDetails(request, response);
  if (subject === null) {
    return provider.interactionFinished(request, response, { error: 'access_denied' });
  }
  if (prompt.name === 'login') {
    return provider.interactionFinished(request, response, { login: { accountId: subject } });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope('openid');
  const consent = { grantId: await grant.save() };
  return provider.interactionFinished(request, response, { consent }, { mergeWithLastSubmission: true });
}

const answer = provider.callback();
server.on('request', (request, response) => {
  const url = new URL(request.url, issuer);
  if (url.pathname === '/control') {
    subject = url.searchParams.get('subject');
    response.end();
  } else if (url.pathname.startsWith('/interaction/')) {
    interact(request, response).catch((error) => response.writeHead(500).end(String(error)));
  } else {
    answer(request, response);
  }
});
console.log('ready');
