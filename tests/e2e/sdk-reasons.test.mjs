// What went wrong is said exactly, and whether the same call may succeed later.
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { after, describe } from 'node:test';
import { createReference, createSignedBundle, createTemporaryToken, findRequests, inPage, post } from './backend.mjs';
import { info, rule } from './demo.mjs';

/** Services that answer with the status in their path. */
const server = createServer((request, response) => {
  const headers = { 'Access-Control-Allow-Origin': '*', 'Access-Control-Allow-Headers': '*' };
  const status = request.method === 'OPTIONS' ? 204 : Number(request.url.split('/')[1]);
  response.writeHead(status, headers).end();
});
await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
after(() => {
  server.closeAllConnections();
  server.close();
});
const services = `http://127.0.0.1:${server.address().port}`;

describe('an error', { concurrency: 2 }, () => {
  rule('says which pages may use a temporary token that is bound to origins', {}, async (page) => {
    const visitor = { subject: 'visitor-7', claims: { plan: 'gold' } };
    const create = (origins) =>
      post(
        '/v2/temporary-access-token/create',
        { scopes: ['floor:readPrivate'], durationSeconds: 900, origins, ...visitor },
        { Authorization: `Bearer ${info.secretToken}` },
      );
    const use = async ({ connect, api, service, argument }) => {
      const daypass = await connect({ api, service, temporaryToken: argument });
      const { origins, subject, claims } = daypass.describe();
      const outcome = await daypass.fetch('/v2/floor/second').then(({ status }) => status, ({ code, message }) => ({ code, message }));
      daypass.close();
      return { origins, subject, claims, outcome };
    };
    assert.deepEqual(await inPage(page, use, await create(['127.0.0.1'])), { origins: ['127.0.0.1'], ...visitor, outcome: 200 });
    const { outcome } = await inPage(page, use, await create(['shop.example']));
    assert.equal(outcome.code, 'origin_not_allowed');
    assert.match(outcome.message, /It allows: shop\.example\./);
  });

  rule('says which option or argument is wrong, and what was expected', {}, async (page) => {
    const token = await createTemporaryToken();
    const [scheme, text] = token.authorization.split(' ');
    const wrong = {
      'not `Bearer …`': { temporaryToken: { ...token, authorization: text } },
      'not in seconds': { temporaryToken: { ...token, expiresAt: token.expiresAt * 1000 } },
      'not a number of seconds': { temporaryToken: { ...token, expiresAt: `${token.expiresAt}` } },
      'an object': { temporaryToken: {} },
      '`scops`': { provider: '/token', scops: [] },
      'is a number: -1.5': { provider: '/token', timeoutSeconds: -1.5 },
      'is a number: 0.5': { provider: '/token', durationSeconds: 0.5 },
      'must have 38 after its prefix': { publishableToken: 'dp_pub_short' },
    };
    const seen = await inPage(
      page,
      async ({ connect, ownApi, argument: { wrong, token } }) => {
        const found = {};
        const message = (error) => error.message;
        for (const [words, options] of Object.entries(wrong)) found[words] = await connect({ api: ownApi, ...options }).catch(message);
        const fractional = await connect({ api: ownApi, provider: async () => ({ ...token, expiresAt: token.expiresAt + 0.75 }) });
        found.Bearer = fractional.peek();
        fractional.close();
        const daypass = await connect({ api: `${ownApi}/base`, temporaryToken: token });
        const failure = (promise) => promise.then(() => 'none', message);
        const host = new URL(ownApi).host;
        found['has a user name'] = await failure(daypass.fetch(`http://someone:sesame@${host}/base/x`));
        found['/v2/x is not below'] = await failure(daypass.fetch('/../v2/x'));
        found['its origin is http://other.example'] = await failure(daypass.fetch('http://other.example/x'));
        const { message: of } = await daypass.refresh().catch((error) => error);
        found['`refresh` needs'] = of;
        return { ...found, isPrefixed: of.startsWith('connect') };
      },
      { wrong, token },
    );
    const { isPrefixed, ...messages } = seen;
    assert.equal(isPrefixed, false);
    for (const [words, message] of Object.entries(messages)) {
      assert.ok(message.includes(words), `${words}: ${message}`);
      assert.ok(words === 'Bearer' || (!message.includes('sesame') && !message.includes(text)), 'a secret is in a message');
    }
    assert.equal(scheme, 'Bearer');
  });

  rule('of a provider is retryable if it may pass', {}, async (page) => {
    const seen = await inPage(page, async ({ connect, ownApi, describe, argument }) => {
      const passing = Object.assign(new Error('later'), { code: 'network_failed', retryable: true });
      const providers = {
        teapot: '/teapot',
        html: '/page',
        shape: '/shape',
        unbound: '/token?unbound',
        text: async () => {
          throw 'no session here';
        },
        another: async () => {
          throw passing;
        },
      };
      const found = {};
      for (const [name, provider] of Object.entries(providers)) {
        const options = { api: ownApi, provider, timeoutSeconds: name === 'another' ? 30 : 0, dpop: name === 'unbound' };
        const calls = [];
        const waiting = connect(name === 'another' ? { ...options, provider: () => (calls.push(1), calls.length > 1 ? Promise.resolve(argument) : provider()) } : options);
        found[name] = await waiting.then(() => ({ connected: calls.length }), describe);
      }
      return found;
    }, await createTemporaryToken());
    for (const name of ['teapot', 'html', 'shape', 'unbound']) assert.equal(seen[name].retryable, false, name);
    assert.equal(seen.text.retryable, true);
    assert.match(seen.text.message, /no session here/);
    assert.deepEqual(seen.another, { connected: 2 }, 'a failure of another client that may pass is waited out');
    for (const { help } of Object.values(seen)) assert.ok(!/Daypass retries/.test(help ?? ''));
  });

  rule('of a bundle has the status of the service', {}, async (page) => {
    const seen = await inPage(
      page,
      async ({ connect, ownApi, argument: { services, reference, signed } }) => {
        const found = {};
        for (const status of [404, 429, 503])
          for (const bundle of [reference, signed]) {
            const { code, status: said, retryable } = await connect({ api: ownApi, service: `${services}/${status}/`, bundle }).catch((error) => error);
            (found[status] ??= []).push(`${code} ${said} ${retryable}`);
          }
        return found;
      },
      { services, reference: await createReference(), signed: await createSignedBundle() },
    );
    for (const [status, isRetryable] of [[404, false], [429, true], [503, true]])
      assert.deepEqual(seen[status], Array(2).fill(`network_failed ${status} ${isRetryable}`));
  });
});

rule('a provider is called where it was when the page connected', {}, async (page) => {
  await inPage(page, async ({ connect, ownApi }) => {
    const daypass = await connect({ api: ownApi, provider: 'token?moved' });
    history.pushState(null, '', '/elsewhere/');
    await daypass.refresh();
    daypass.close();
  });
  assert.deepEqual(findRequests('/elsewhere/token'), []);
});
