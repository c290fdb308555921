// The errors that a developer gets: for bad input, for refusals, and for an API or a file that is missing.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe } from 'node:test';
import { fileURLToPath } from 'node:url';
import { backend, findUnreachableUrl, inPage, inventToken, misspell } from './backend.mjs';
import { info, requests, rule } from './demo.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** Starts the real API with a token service that is down, and returns its process and its address. */
async function startApiWithoutService() {
  const program = `${process.env.CARGO_TARGET_DIR ?? `${root}target`}/debug/floor-api`;
  const options = [
    '--service',
    await findUnreachableUrl(),
    '--audience',
    'floor-api',
    '--organization',
    info.organization,
  ];
  const addresses = [
    '--listen',
    '127.0.0.1:0',
    '--embed-listen',
    '127.0.0.1:0',
    '--embed-dir',
    'www/embed',
    '--sdk-dir',
    'pkg/dist',
  ];
  const env = { ...process.env, DAYPASS_TOKEN: info.introspectionToken };
  const api = spawn(program, [...options, ...addresses], {
    cwd: root,
    env,
    stdio: ['ignore', 'pipe', 'ignore'],
    timeout: 30_000,
  });
  const [line] = await once(createInterface({ input: api.stdout }), 'line');
  return { api, address: JSON.parse(line).api };
}

const ask = ({ connect, api, service, argument }) =>
  connect({ api, service, publishableToken: argument }).then((daypass) => daypass.fetch('/v2/floor/ground'));

describe('the SDK reports', { concurrency: 2 }, () => {
  rule('the response of the API to a publishable token that was never issued', {}, async (page) => {
    const error = await inPage(
      page,
      async ({ connect, api, service, argument }) => {
        const daypass = await connect({ api, service, publishableToken: argument });
        const response = await daypass.fetch('/v2/floor/ground');
        const { code, status, retryable } = await daypass.refusal(response);
        return { code, status, retryable, answered: response.status };
      },
      inventToken('dp_pub_'),
    );
    assert.deepEqual(error, { code: 'invalid_token', status: 401, retryable: false, answered: 401 });
  });

  rule('malformed tokens and tokens of the wrong kind before it sends a request', {}, async (page) => {
    await page.goto(backend);
    await inPage(page, ({ initialise }) => initialise());
    const seen = requests(page);
    const cases = [
      [inventToken('dp_sec_'), 'invalid_options', /kind secret/],
      [inventToken('dp_app_'), 'invalid_options', /kind application/],
      [inventToken('dp_bun_'), 'invalid_options', /kind bundle/],
      [misspell(inventToken('dp_pub_')), 'token_malformed', /typo/],
      [inventToken('dp_pub_').slice(0, -1), 'token_malformed', /./],
      ['', 'token_malformed', /./],
    ];
    for (const [token, code, words] of cases) {
      const error = await inPage(page, ask, token);
      assert.deepEqual([error.code, error.name, error.status, error.retryable], [code, 'DaypassError', 0, false]);
      assert.match(error.message, words);
      assert.equal(
        token !== '' && (error.message + error.help).includes(token),
        false,
        'the message does not contain the token',
      );
    }
    assert.deepEqual(
      seen.map((request) => new URL(request.url()).pathname),
      [],
    );
  });

  rule('the origin that a token does not allow', {}, async (page) => {
    const elsewhere = new URL(backend);
    elsewhere.hostname = 'localhost';
    await page.goto(elsewhere.href);
    const foreign = await inPage(page, ask, info.publishableToken);
    await page.goto(`${backend}/sandbox`);
    const frame = page.frames()[1];
    assert.equal(await frame.evaluate('self.origin'), 'null');
    const sandboxed = await inPage(frame, ask, info.publishableToken);
    for (const [origin, { code, status, retryable, message }] of [
      [elsewhere.origin, foreign],
      ['null', sandboxed],
    ]) {
      assert.deepEqual([code, status, retryable], ['origin_not_allowed', 403, false], origin);
      assert.ok(message.includes(` ${origin}.`) && message.includes('127.0.0.1'), message);
    }
  });

  rule('an API whose token service is down as retryable', {}, async (page) => {
    const ground = async ({ connect, publishableToken, argument }) => {
      const daypass = await connect({ api: argument, publishableToken });
      const response = await daypass.fetch('/v2/floor/ground');
      const { code, status, retryable } = await daypass.refusal(response);
      return { code, status, retryable, answered: response.status };
    };
    const { api, address } = await startApiWithoutService();
    const error = await inPage(page, ground, address).finally(() => api.kill());
    assert.deepEqual(error, { code: 'unavailable', status: 503, retryable: true, answered: 503 });
  });

  rule('an API that cannot be reached', {}, async (page) => {
    const down = ({ connect, service, publishableToken, argument }) =>
      connect({ api: argument, service, publishableToken }).then((daypass) => daypass.fetch('/v2/floor/ground'));
    const error = await inPage(page, down, await findUnreachableUrl());
    assert.deepEqual(
      [error.name, error.code, error.status, error.retryable],
      ['DaypassError', 'network_failed', 0, true],
    );
    const posting = async ({ connect, describe, publishableToken, argument: api }) => {
      const daypass = await connect({ api, publishableToken });
      const init = { method: 'POST', body: 'text' };
      // The last two are invalid for any server.
      const asks = [
        [`${api}/x`, init],
        [new Request(`${api}/x`, init)],
        [new Request(`${api}/x`, { method: 'POST' }), { body: 'text' }],
        [`${api}/x`, { body: 'text' }],
        [`${api}/x`, { method: 'no method' }],
      ];
      return Promise.all(asks.map((ask) => daypass.fetch(...ask).catch((error) => describe(error).code ?? error.name)));
    };
    const codes = await inPage(page, posting, await findUnreachableUrl());
    assert.deepEqual(codes, ['network_failed', 'network_failed', 'network_failed', 'TypeError', 'TypeError']);
  });

  rule('the error in a response, and nothing else; the response can still be read', {}, async (page) => {
    const seen = await inPage(page, async ({ connect, api, ownApi, publishableToken, DaypassError }) => {
      const daypass = await connect({ api, publishableToken });
      const response = await daypass.fetch('/v2/floor/first');
      const error = await daypass.refusal(response);
      const again = await daypass.refusal(response);
      const body = await response.json();
      const own = await connect({ api: ownApi, publishableToken });
      const foreign = await own.fetch('/bad-name');
      const others = [
        await daypass.fetch('/v2/floor/ground'),
        foreign,
        await own.fetch('/text'),
        await own.fetch('/bare'),
        response,
        null,
        {},
        undefined,
        'text',
        Response.error(),
      ];
      const settled = await Promise.allSettled(others.map((other) => daypass.refusal(other)));
      return {
        typed: error instanceof DaypassError && error instanceof Error,
        described: [error.code, error.status, error.retryable, again.code],
        body: [body.error, body.scope],
        foreign: [foreign.status, (await foreign.json()).error],
        others: settled.map(({ status, value }) => [status, value]),
      };
    });
    assert.deepEqual(seen, {
      typed: true,
      described: ['insufficient_scope', 403, false, 'insufficient_scope'],
      body: ['insufficient_scope', 'floor:readPrivate'],
      foreign: [422, 'bad_name'],
      others: Array(10).fill(['fulfilled', null]),
    });
  });

  rule('a WebAssembly file that could not be loaded, and loads it when it is there', {}, async (page) => {
    const seen = await inPage(page, async ({ connect, initialise, api, publishableToken }) => {
      const failed = await initialise({ module_or_path: '/missing' }).then(
        () => false,
        () => true,
      );
      const daypass = await connect({ api, publishableToken });
      return { failed, status: (await daypass.fetch('/v2/floor/ground')).status };
    });
    assert.deepEqual(seen, { failed: true, status: 200 });
  });
});
