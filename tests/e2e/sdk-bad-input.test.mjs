// Bad input is an error of ours: no trap, which would cost the WebAssembly instance, and nothing uncaught in the page.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { countCalls, createTemporaryToken, inPage } from './backend.mjs';
import { calm } from './calm.mjs';
import { requests } from './demo.mjs';

/** Each wrong option, as code, and what the message says. */
const TOKEN = "temporaryToken: { authorization: 'Bearer x', expiresAt: 4102444800 }";
const WRONG = [
  ['undefined', /options.*undefined/],
  ['null', /options.*null/],
  ["'text'", /options.*a string/],
  ['7', /options.*a number/],
  ['Symbol()', /options/],
  ['(() => {})', /options.*a function/],
  ['{}', /`api` is missing.*base URL/],
  ['{ api: null }', /`api` is missing/],
  ['{ api: 7 }', /`api`.*URL.*a number/],
  ['{ api: [] }', /`api`.*URL.*an array/],
  ["{ api: 'ftp://h' , provider: '/p' }", /`api`.*http or https/],
  ["{ api: 'http://' , provider: '/p' }", /`api`.*http or https/],
  ["{ api: 'http://a:b@h' , provider: '/p' }", /`api`.*http or https/],
  ['{ api }', /way in.*publishableToken.*provider/],
  ["{ api, provider: '/p', publishableToken: 'x' }", /more than one.*publishableToken.*provider/],
  [`{ api, bundle: 'x', ${TOKEN}, service: api }`, /more than one/],
  ['{ api, publishableToken: 7 }', /`publishableToken`.*a string.*a number/],
  ['{ api, publishableToken: {} }', /`publishableToken`.*a string.*an object/],
  ['{ api, provider: 7 }', /`provider`.*URL or a function.*a number/],
  ['{ api, provider: {} }', /`provider`.*URL or a function.*an object/],
  ['{ api, provider: true }', /`provider`.*URL or a function.*a boolean/],
  ["{ api, provider: 'http://[' }", /`provider`.*URL/],
  ["{ api, provider: 'ftp://h/p' }", /`provider`.*URL/],
  ["{ api, temporaryToken: 'Bearer x' }", /`temporaryToken`.*authorization, expiresAt.*a string/],
  ["{ api, temporaryToken: { authorization: 'Bearer x' } }", /`temporaryToken`.*authorization, expiresAt/],
  ["{ api, temporaryToken: { authorization: 'x', expiresAt: 4102444800 } }", /`temporaryToken`/],
  ["{ api, temporaryToken: { authorization: 'Bearer x', expiresAt: '4102444800' } }", /`temporaryToken`/],
  ["{ api, temporaryToken: { authorization: 'Bearer x', expiresAt: 1e300 } }", /`temporaryToken`/],
  ["{ api, temporaryToken: { authorization: 'Bearer x', expiresAt: -1 } }", /`temporaryToken`/],
  ["{ api, provider: '/p', temporaryToken: { authorization: 'Bearer x', expiresAt: NaN } }", /`temporaryToken`/],
  ["{ api, bundle: 'x' }", /`service` is missing.*bundle/],
  ['{ api, service: api, bundle: 7 }', /`bundle`.*a string.*from.*a number/],
  ["{ api, service: api, bundle: { from: 'cookie' } }", /`bundle`.*from.*an object/],
  ["{ api, service: api, bundle: { from: 'query', name: 7 } }", /`bundle.name`/],
  ["{ api, service: api, bundle: { from: 'query' } }", /page's query has no `bundle`/],
  ["{ api, service: 7, provider: '/p' }", /`service`.*URL.*a number/],
  ["{ api, service: 'blob:x', provider: '/p' }", /`service`.*http or https/],
  ['{ api, host: 7 }', /`host`.*a string or an array.*a number/],
  ['{ api, host: [7] }', /`host`.*an array/],
  ['{ api, host: [] }', /`host` must name the origins/],
  ["{ api, host: 'https://a b' }", /`host` must name the origins/],
  ["{ api, host: 'https://example.com' }", /`host` needs a page around/],
  ["{ api, provider: '/p', scopes: 'floor:read' }", /`scopes`.*an array.*a string/],
  ["{ api, provider: '/p', scopes: {} }", /`scopes`.*an array.*an object/],
  ["{ api, provider: '/p', scopes: [7] }", /`scopes`.*resource:action.*a number/],
  ["{ api, provider: '/p', scopes: ['floor:read', 'no scope'] }", /`scopes`.*resource:action.*a string/],
  ["{ api, provider: '/p', scopes: [,] }", /`scopes`.*resource:action.*undefined/],
  ["{ api, provider: '/p', durationSeconds: '900' }", /`durationSeconds`.*1 to 86400.*a string/],
  ["{ api, provider: '/p', durationSeconds: 0 }", /`durationSeconds`.*1 to 86400/],
  ["{ api, provider: '/p', durationSeconds: 1.5 }", /`durationSeconds`.*1 to 86400.*a number/],
  ["{ api, provider: '/p', durationSeconds: 86401 }", /`durationSeconds`.*1 to 86400/],
  ["{ api, provider: '/p', durationSeconds: 1e300 }", /`durationSeconds`.*1 to 86400/],
  ["{ api, provider: '/p', durationSeconds: NaN }", /`durationSeconds`.*1 to 86400/],
  ["{ api, provider: '/p', durationSeconds: 10n }", /`durationSeconds`.*1 to 86400/],
  ["{ api, provider: '/p', share: true }", /`share`.*a name.*a boolean/],
  ["{ api, provider: '/p', share: '' }", /`share`.*a name.*a string/],
  ["{ api, provider: '/p', share: 7 }", /`share`.*a name.*a number/],
  ["{ api, provider: '/p', dpop: 'yes' }", /`dpop`.*true or false.*a string/],
  ["{ api, provider: '/p', dpop: null }", /`dpop`.*true or false.*null/],
  ["{ api, provider: '/p', timeoutSeconds: '7' }", /`timeoutSeconds`.*seconds.*a string/],
  ["{ api, provider: '/p', timeoutSeconds: -1 }", /`timeoutSeconds`.*seconds.*a number/],
  ["{ api, provider: '/p', timeoutSeconds: NaN }", /`timeoutSeconds`.*seconds/],
  ["{ api, provider: '/p', maxRetryAfterSeconds: -1 }", /`maxRetryAfterSeconds`.*seconds/],
  ["{ api, provider: '/p', maxRetryAfterSeconds: {} }", /`maxRetryAfterSeconds`.*an object/],
  ["{ api, provider: '/p', signal: {} }", /`signal`.*an AbortSignal.*an object/],
  ["{ api, provider: '/p', signal: { aborted: false, reason: 1 } }", /`signal`.*an AbortSignal.*an object/],
  ["{ api, provider: '/p', signal: new Proxy(AbortSignal.timeout(9e6), {}) }", /`signal`.*an AbortSignal/],
  ["{ api, provider: '/p', signal: new AbortController() }", /`signal`.*an AbortSignal/],
  ["{ api, provider: '/p', signal: Object.create(AbortSignal.prototype) }", /`signal`.*an AbortSignal/],
  // What throws when it is read.
  ["{ api, get provider() { throw new Error('mine') } }", /`provider`.*throws/],
  ["{ get api() { throw null } }", /`api`.*throws/],
  ["new Proxy({}, { get() { throw 'mine' } })", /`api`.*throws/],
  ['revoked', /`api`.*throws/],
  ['{ api: revoked }', /`api`.*URL.*an object/],
  ["{ api: { get href() { throw 'mine' } } }", /`api`.*URL.*an object/],
  ["{ api, provider: '/p', scopes: revoked }", /`scopes`.*an array.*an object/],
  ["{ api, provider: '/p', scopes: new Proxy(['a:b'], { get() { throw 'mine' } }) }", /`scopes`.*an array/],
  ["{ api, provider: '/p', scopes: Object.defineProperty([], 0, { get() { throw 'mine' }, enumerable: true }) }", /`scopes`/],
  ['{ api, host: revoked }', /`host`.*an array/],
  ['{ api, provider: revoked }', /`provider`.*a function.*an object/],
  ['{ api, temporaryToken: revoked }', /`temporaryToken`/],
  ['{ api, service: api, bundle: revoked }', /`bundle`/],
  ["{ api, provider: '/p', signal: revoked }", /`signal`.*an AbortSignal/],
  ["{ api, provider: '/p', durationSeconds: revoked }", /`durationSeconds`/],
  ["{ api, provider: '/p', share: revoked }", /`share`/],
];

describe('bad input', { concurrency: 3 }, () => {
  calm('of options is named before anything is sent', async (page) => {
    await inPage(page, ({ initialise }) => initialise());
    const seen = requests(page);
    const errors = await inPage(
      page,
      async ({ connect, describe, api, DaypassError, argument }) => {
        const all = [];
        for (const code of argument) {
          const { proxy: revoked, revoke } = Proxy.revocable([], {});
          revoke();
          const options = new Function('api', 'revoked', `return ${code};`)(api, revoked);
          all.push(
            await connect(options).then(
              () => ({ message: 'connected' }),
              (error) => ({ ...describe(error), isOurs: error instanceof DaypassError }),
            ),
          );
        }
        return all;
      },
      WRONG.map(([code]) => code),
    );
    for (const [at, { code, status, retryable, message, help, isOurs }] of errors.entries()) {
      const [options, words] = WRONG[at];
      assert.deepEqual([code, status, retryable, isOurs], ['invalid_options', 0, false, true], `${options}: ${message}`);
      assert.match(message, words, options);
      assert.ok(help.length > 10);
    }
    assert.deepEqual(seen.map((request) => request.url()), []);
  });

  calm('that is odd, but means something, is taken', async (page) => {
    const seen = await inPage(page, async ({ connect, api, publishableToken }) => {
      const options = [
        Object.create({ api, publishableToken }),
        Object.assign(Object.create(null), { api, publishableToken }),
        new (class {
          get api() {
            return api;
          }
          publishableToken = publishableToken;
        })(),
        new Proxy({ api, publishableToken }, {}),
        Object.freeze({ api: new URL(api), publishableToken, signal: null, service: undefined }),
        Object.assign([], { api, publishableToken }),
      ];
      const statuses = [];
      for (const option of options) statuses.push((await (await connect(option)).fetch('/v2/floor/ground')).status);
      return statuses;
    });
    assert.deepEqual(seen, [200, 200, 200, 200, 200, 200]);
  });

  calm('of another realm works as that of this one', async (page) => {
    const seen = await inPage(page, async ({ connect, api, publishableToken, describe }) => {
      const frame = document.body.appendChild(document.createElement('iframe'));
      const other = frame.contentWindow;
      const controller = new other.AbortController();
      const scopes = new other.Array('floor:readPrivate');
      const provider = other.eval(
        `(question) => fetch('${location.origin}/token?realm', { method: 'POST', body: JSON.stringify(question) }).then((r) => r.json())`,
      );
      const options = other.Object.assign(new other.Object(), {
        api: new other.URL(api),
        provider,
        scopes,
        signal: controller.signal,
      });
      const daypass = await connect(options);
      const url = new URL('/v2/floor/first?realm', api);
      const headers = new other.Headers({ 'x-own': '1' });
      const get = async (...all) => (await daypass.fetch(...all).catch(describe)).status ?? 'failed';
      const publishable = await connect({ api, publishableToken });
      const statuses = [
        await get(new other.URL(url)),
        await get(new other.Request(url)),
        await get(new other.Request(url), new other.Object()),
        await get(url, { signal: controller.signal }),
        await get(url, { headers: new other.Headers() }),
        await get(new other.Request(url, { signal: controller.signal })),
        (await publishable.fetch(new other.Request(new URL('/v2/floor/ground', api)))).status,
      ];
      const response = await other.fetch(url, { headers: { authorization: 'Bearer dead' } });
      const refusal = (await daypass.refusal(response)).code;
      const isNew = await daypass.unauthorized(response);
      const abort = daypass.fetch(url, { signal: controller.signal }).catch(({ name }) => name);
      controller.abort();
      const ends = [await abort, await daypass.fetch(url, { signal: other.AbortSignal.abort() }).catch(({ name }) => name)];
      // A frame that is gone leaves values of a realm without a document.
      frame.remove();
      const gone = await daypass.fetch(url, { headers }).then(String, ({ name }) => name);
      daypass.close();
      return { statuses, refusal, isNew, ends, gone: typeof gone };
    });
    assert.deepEqual(seen, {
      statuses: [200, 200, 200, 200, 200, 200, 200],
      refusal: 'invalid_token',
      isNew: true,
      ends: ['AbortError', 'AbortError'],
      gone: 'string',
    });
    assert.equal(countCalls('/token?realm'), 2);
  });

  calm('of requests and hooks fails as a call', async (page) => {
    const seen = await inPage(
      page,
      async ({ connect, ownApi, publishableToken, argument: temporaryToken }) => {
        const thrower = () => {
          throw new RangeError('mine');
        };
        const { proxy: revoked, revoke } = Proxy.revocable({}, {});
        revoke();
        const throwing = new Proxy({}, { get: thrower, ownKeys: thrower, has: thrower });
        const real = () => new Request(`${ownApi}/ok?bad`);
        const fake = (more = {}) =>
          Object.defineProperties(
            { url: `${ownApi}/ok?bad`, clone: () => fake(more) },
            Object.getOwnPropertyDescriptors(more),
          );
        const inputs = {
          undefined: [undefined],
          null: [null],
          number: [7],
          symbol: [Symbol('x')],
          object: [{}],
          revoked: [revoked],
          throwing: [throwing],
          href: [{ get href() { return thrower(); } }],
          fake: [fake()],
          fakeThrows: [fake({ clone: thrower })],
          fakeMethod: [fake({ get method() { return thrower(); }, get headers() { return thrower(); } })],
          fakeText: [fake({ toString: () => 'https://tiles.example.com/' })],
          fakeNothing: [fake({ clone: () => undefined })],
          fakeSignal: [fake({ signal: {} })],
          prototype: [Object.create(Request.prototype)],
          proxy: [new Proxy(real(), {})],
          used: [await (async () => {
            const request = new Request(`${ownApi}/ok?bad`, { method: 'PUT', body: 'x' });
            await request.text();
            return request;
          })()],
          init: [`${ownApi}/ok?bad`, throwing],
          initRevoked: [`${ownApi}/ok?bad`, revoked],
          initMethod: [`${ownApi}/ok?bad`, { get method() { return thrower(); } }],
          initSignal: [`${ownApi}/ok?bad`, { signal: {} }],
          initSignalNumber: [`${ownApi}/ok?bad`, { signal: 7 }],
          initSignalProxy: [`${ownApi}/ok?bad`, { signal: new Proxy(AbortSignal.timeout(9e6), {}) }],
          initHeaders: [`${ownApi}/ok?bad`, { headers: throwing }],
          initHeadersNumber: [`${ownApi}/ok?bad`, { headers: 7 }],
          initHeadersRevoked: [`${ownApi}/ok?bad`, { headers: revoked }],
          initMethodSymbol: [`${ownApi}/ok?bad`, { method: Symbol('x') }],
          initBody: [`${ownApi}/ok?bad`, { method: 'PUT', body: throwing }],
          initBodyToString: [`${ownApi}/ok?bad`, { method: 'PUT', body: { toString: thrower } }],
          realSignal: [real(), { signal: {} }],
          realHeaders: [real(), { headers: throwing }],
          realMethod: [real(), { method: 'not a method' }],
        };
        const found = {};
        const race = (promise) =>
          Promise.race([
            promise.then(({ status }) => status ?? 'done', (error) => error?.code ?? error?.name ?? typeof error),
            new Promise((resolve) => setTimeout(resolve, 3_000, 'hangs')),
          ]);
        for (const [way, options] of Object.entries({ temporary: { temporaryToken }, publishable: { publishableToken } })) {
          const daypass = await connect({ api: ownApi, ...options });
          for (const [name, input] of Object.entries(inputs))
            found[`${way} ${name}`] = await race(new Promise((resolve) => resolve(daypass.fetch(...input))));
          for (const value of [undefined, null, 7, Symbol('x'), {}, revoked, throwing, [], () => {}, fake({ get url() { return thrower(); } })]) {
            const name = `${way} ${typeof value}`;
            const attempt = async (call) => race(new Promise((resolve) => resolve(call())).then(() => ({})));
            found[`${name} headers`] = await attempt(() => daypass.headers(value));
            found[`${name} method`] = await attempt(() => daypass.headers('/x', value));
            found[`${name} authorize`] = await attempt(() => daypass.authorize(value));
            found[`${name} authorize second`] = await attempt(() => daypass.authorize('/x', value));
            found[`${name} transformRequest`] = await attempt(async () => daypass.transformRequest(value));
            found[`${name} unauthorized`] = await attempt(() => daypass.unauthorized(value));
            found[`${name} refusal`] = await attempt(() => daypass.refusal(value));
            found[`${name} can`] = await attempt(async () => daypass.can(value));
            found[`${name} require`] = await attempt(async () => daypass.require(value));
          }
          const hostile = { clone: thrower, get status() { return thrower(); }, get headers() { return thrower(); }, ok: false, bodyUsed: false };
          found[`${way} hostile response`] = await race(daypass.unauthorized(hostile).then(String, String).then(() => ({})));
          found[`${way} hostile refusal`] = await race(daypass.refusal(hostile).then(String, String).then(() => ({})));
          found[`${way} after`] = (await daypass.fetch('/ok?after')).status;
          daypass.close();
        }
        return found;
      },
      await createTemporaryToken(),
    );
    assert.equal(seen.message, undefined, seen.message);
    const odd = Object.entries(seen).filter(([, end]) => ['hangs', 'interrupted', 'RuntimeError'].includes(end));
    assert.deepEqual(odd, []);
    const expected = {
      undefined: 'foreign_url',
      null: 'foreign_url',
      number: 'foreign_url',
      object: 'foreign_url',
      revoked: 'foreign_url',
      throwing: 'foreign_url',
      fake: 'foreign_url',
      fakeText: 'foreign_url',
      fakeThrows: 'RangeError',
      proxy: 'foreign_url',
      init: 'RangeError',
      initMethod: 'RangeError',
      initSignal: 'TypeError',
      initSignalProxy: 'TypeError',
      realSignal: 'TypeError',
      realMethod: 'TypeError',
    };
    for (const [name, end] of Object.entries(expected)) assert.equal(seen[`temporary ${name}`], end, name);
    for (const way of ['temporary', 'publishable']) assert.equal(seen[`${way} after`], 200);
  });
});
