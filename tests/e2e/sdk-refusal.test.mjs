// What a developer is told: of bad input, of refusals, and of an API or a file that is not there.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { describe } from 'node:test';
import { fileURLToPath } from 'node:url';
import { backend, inPage, invented, misspelt, nowhere } from './backend.mjs';
import { info, requests, rule } from './demo.mjs';

const root = fileURLToPath(new URL('../../', import.meta.url));

/** The real API, with a token service that is down: its process and its address. */
async function apiWithoutService() {
  const program = `${process.env.CARGO_TARGET_DIR ?? `${root}target`}/debug/floor-api`;
  const options = ['--service', await nowhere(), '--audience', 'floor-api', '--organization', info.organization];
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

describe('the SDK tells', { concurrency: 2 }, () => {
  rule('of a publishable token that nobody issued, what the API says', {}, async (page) => {
    const told = await inPage(
      page,
      async ({ connect, api, service, argument }) => {
        const daypass = await connect({ api, service, publishableToken: argument });
        const response = await daypass.fetch('/v2/floor/ground');
        const { code, status, retryable } = await daypass.refusal(response);
        return { code, status, retryable, answered: response.status };
      },
      invented('dp_pub_'),
    );
    assert.deepEqual(told, { code: 'invalid_token', status: 401, retryable: false, answered: 401 });
  });

  rule('of tokens that cannot be right, before anything is sent', {}, async (page) => {
    await page.goto(backend);
    await inPage(page, ({ initialise }) => initialise());
    const seen = requests(page);
    const cases = [
      [invented('dp_sec_'), 'invalid_options', /kind secret/],
      [invented('dp_app_'), 'invalid_options', /kind application/],
      [invented('dp_bun_'), 'invalid_options', /kind bundle/],
      [misspelt(invented('dp_pub_')), 'token_malformed', /typo/],
      [invented('dp_pub_').slice(0, -1), 'token_malformed', /./],
      ['', 'token_malformed', /./],
    ];
    for (const [token, code, words] of cases) {
      const told = await inPage(page, ask, token);
      assert.deepEqual([told.code, told.name, told.status, told.retryable], [code, 'DaypassError', 0, false]);
      assert.match(told.message, words);
      assert.equal(token !== '' && (told.message + told.help).includes(token), false, 'the token is in the words');
    }
    assert.deepEqual(
      seen.map((request) => new URL(request.url()).pathname),
      [],
    );
  });

  rule('of an origin that the token does not allow, which one it was', {}, async (page) => {
    const elsewhere = new URL(backend);
    elsewhere.hostname = 'localhost';
    await page.goto(elsewhere.href);
    const told = await inPage(page, ask, info.publishableToken);
    await page.goto(`${backend}/sandbox`);
    const frame = page.frames()[1];
    assert.equal(await frame.evaluate('self.origin'), 'null');
    const sandboxed = await inPage(frame, ask, info.publishableToken);
    for (const [origin, { code, status, retryable, message }] of [
      [elsewhere.origin, told],
      ['null', sandboxed],
    ]) {
      assert.deepEqual([code, status, retryable], ['origin_not_allowed', 403, false], origin);
      assert.ok(message.includes(` ${origin}.`) && message.includes('127.0.0.1'), message);
    }
  });

  rule('of an API whose token service is down, that it may be tried again', {}, async (page) => {
    const ground = async ({ connect, publishableToken, argument }) => {
      const daypass = await connect({ api: argument, publishableToken });
      const response = await daypass.fetch('/v2/floor/ground');
      const { code, status, retryable } = await daypass.refusal(response);
      return { code, status, retryable, answered: response.status };
    };
    const { api, address } = await apiWithoutService();
    const told = await inPage(page, ground, address).finally(() => api.kill());
    assert.deepEqual(told, { code: 'unavailable', status: 503, retryable: true, answered: 503 });
  });

  rule('of an API that cannot be reached, just that', {}, async (page) => {
    const down = ({ connect, service, publishableToken, argument }) =>
      connect({ api: argument, service, publishableToken }).then((daypass) => daypass.fetch('/v2/floor/ground'));
    const told = await inPage(page, down, await nowhere());
    assert.deepEqual([told.name, told.code, told.status, told.retryable], ['DaypassError', 'network_failed', 0, true]);
    const posting = async ({ connect, told, publishableToken, argument: api }) => {
      const daypass = await connect({ api, publishableToken });
      const init = { method: 'POST', body: 'text' };
      // The last two cannot be asked, wherever they go.
      const asks = [
        [`${api}/x`, init],
        [new Request(`${api}/x`, init)],
        [new Request(`${api}/x`, { method: 'POST' }), { body: 'text' }],
        [`${api}/x`, { body: 'text' }],
        [`${api}/x`, { method: 'no method' }],
      ];
      return Promise.all(asks.map((ask) => daypass.fetch(...ask).catch((error) => told(error).code ?? error.name)));
    };
    const codes = await inPage(page, posting, await nowhere());
    assert.deepEqual(codes, ['network_failed', 'network_failed', 'network_failed', 'TypeError', 'TypeError']);
  });

  rule('of a refusal in an answer, and of nothing else; the answer can still be read', {}, async (page) => {
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
        told: [error.code, error.status, error.retryable, again.code],
        body: [body.error, body.scope],
        foreign: [foreign.status, (await foreign.json()).error],
        others: settled.map(({ status, value }) => [status, value]),
      };
    });
    assert.deepEqual(seen, {
      typed: true,
      told: ['insufficient_scope', 403, false, 'insufficient_scope'],
      body: ['insufficient_scope', 'floor:readPrivate'],
      foreign: [422, 'bad_name'],
      others: Array(10).fill(['fulfilled', null]),
    });
  });

  rule('of a WebAssembly file that could not be had, and loads it when it is there', {}, async (page) => {
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
