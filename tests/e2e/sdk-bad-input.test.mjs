// Bad input is an error of ours: no trap, which would cost the WebAssembly instance, and nothing uncaught in the page.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { backend, countCalls, createTemporaryToken, inPage, inventToken } from './backend.mjs';
import { info, requests, rule } from './demo.mjs';

/** Counts the instances that replace one that trapped, and what nobody caught, and expects none. */
function calm(name, body) {
  rule(name, {}, async (page) => {
    await page.addInitScript(() => {
      const { Instance } = WebAssembly;
      globalThis.replaced = 0;
      WebAssembly.Instance = function (...all) {
        globalThis.replaced += 1;
        return new Instance(...all);
      };
    });
    const uncaught = [];
    page.on('pageerror', (error) => uncaught.push(`${error.name}: ${error.message}`));
    await page.goto(backend);
    await body(page);
    const replaced = await Promise.all(page.frames().map((frame) => frame.evaluate(() => globalThis.replaced ?? 0)));
    assert.deepEqual([uncaught, replaced.reduce((sum, count) => sum + count)], [[], 0], 'uncaught, trapped');
  });
}

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
  ["{ api, provider: '/p', scopes: [7] }", /`scopes\[\]`.*resource:action.*a number/],
  ["{ api, provider: '/p', scopes: ['floor:read', 'no scope'] }", /`scopes\[\]`.*resource:action.*a string/],
  ["{ api, provider: '/p', scopes: [,] }", /`scopes\[\]`.*resource:action.*undefined/],
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
        Object.freeze({ api: new URL(api), publishableToken, other: 1, signal: null, service: undefined }),
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

/** Each answer of a provider, as code, and the code of the failure. */
const ANSWERS = [
  'undefined', 'null', '7', "'text'", 'Symbol()', '[]', '[[[]]]', 'true', '(() => {})', '{}', 'revoked',
  "{ authorization: null, expiresAt: null }",
  "{ authorization: { nested: [null] }, expiresAt: [4102444800] }",
  "{ authorization: ['Bearer x'], expiresAt: 4102444800 }",
  "{ authorization: 'Bearer x', expiresAt: 1e308 }",
  "{ authorization: 'Bearer x', expiresAt: Infinity }",
  "{ authorization: 'Bearer x', expiresAt: 9007199254740991 }",
  "{ authorization: 'Bearer x', expiresAt: 4102444800000 }",
  "{ authorization: 'Bearer x', expiresAt: -4102444800 }",
  "{ authorization: 'Bearer x', expiresAt: 4102444800n }",
  "{ authorization: 'Bearer ', expiresAt: 4102444800 }",
  "{ authorization: 'bearer x', expiresAt: 4102444800 }",
  "{ authorization: 'DPoP x', expiresAt: 4102444800 }",
  "{ authorization: 'Bearer a b', expiresAt: 4102444800 }",
  "{ authorization: 'Bearer a\\nb', expiresAt: 4102444800 }",
  "{ authorization: 'Bearer \\u00e4', expiresAt: 4102444800 }",
  "{ get authorization() { throw new Error('mine') }, expiresAt: 4102444800 }",
  "{ authorization: 'Bearer x', get expiresAt() { throw null } }",
  "new Proxy({}, { get(_, name) { if (name !== 'then') throw 'mine' } })",
  "new Proxy({}, { get() { throw 'mine' } })",
  "{ get then() { throw new Error('mine') } }",
  "{ then() { throw new Error('mine') } }",
  "{ then(resolve) { resolve(null); throw 1 } }",
  "Object.defineProperty(Promise.resolve(7), 'constructor', { get() { throw new Error('mine') } })",
  "Object.defineProperty(Promise.resolve(7), 'then', { value() { throw new Error('mine') } })",
  "Object.defineProperty(Promise.resolve(7), 'then', { value: 7 })",
  "Promise.reject(undefined)", "Promise.reject(null)", "Promise.reject(Symbol())", "Promise.reject('text')", "Promise.reject(revoked)",
  "Promise.reject({ status: 1e300 })", "Promise.reject({ status: NaN, message: 7 })", "Promise.reject({ status: 499.9 })",
  "Promise.reject({ code: 'closed', message: 'not ours' })", "Promise.reject({ code: 'no_such_code' })",
  "Promise.reject({ get status() { throw 1 }, get code() { throw 1 }, get message() { throw 1 } })",
  "Promise.reject(Object.assign(new Error('x'), { get: 1, status: { valueOf() { throw 1 } } }))",
];

describe('nonsense', { concurrency: 3 }, () => {
  calm('of a function is a failure of the provider', async (page) => {
    const seen = await inPage(
      page,
      async ({ connect, api, DaypassError, argument }) => {
        const all = await Promise.all(
          argument.map(async (code) => {
            const { proxy: revoked, revoke } = Proxy.revocable({}, {});
            revoke();
            const provider = new Function('revoked', `return ${code};`).bind(undefined, revoked);
            const error = await connect({ api, provider, timeoutSeconds: 0 }).catch((error) => error);
            return [code, error instanceof DaypassError && error.code.startsWith('provider_') && typeof error.message];
          }),
        );
        const thrown = await connect({ api, provider: () => { throw new Error('at once'); }, timeoutSeconds: 0 }).catch((error) => error.message);
        return [all.filter(([, result]) => result !== 'string'), thrown.includes('at once')];
      },
      ANSWERS.map((code) => (code.startsWith('{') ? `(${code})` : code)),
    );
    assert.deepEqual(seen, [[], true]);
  });

  calm('of a backend is a failure of the provider', async (page) => {
    const bodies = [
      '', 'nonsense', 'null', '7', '"text"', '[]', '[[[[]]]]', '{}', 'true', '1e999',
      '{"authorization":null,"expiresAt":null}',
      '{"authorization":"Bearer x","expiresAt":1e308}',
      '{"authorization":"Bearer x","expiresAt":1e999}',
      '{"authorization":"Bearer x","expiresAt":99999999999999999999999}',
      '{"authorization":"Bearer x","expiresAt":"4102444800"}',
      '{"authorization":["Bearer x"],"expiresAt":4102444800}',
      '{"authorization":{"toString":null},"expiresAt":4102444800}',
      '{"__proto__":{"authorization":"Bearer x","expiresAt":4102444800}}'.replace('__proto__', 'proto'),
      `{"authorization":"Bearer ${'x'.repeat(10)}\\u0000","expiresAt":4102444800}`,
    ];
    const codes = await inPage(
      page,
      ({ connect, api, argument }) =>
        Promise.all(
          argument.map((body) =>
            connect({ api, provider: `/say?json=${encodeURIComponent(body)}` }).then(() => body, ({ code }) => code),
          ),
        ),
      bodies,
    );
    assert.deepEqual([...new Set(codes)], ['provider_failed']);
    // A JWT is read for showing only: what is odd in it is not there.
    const jwt = (claims) => `x.${Buffer.from(JSON.stringify(claims)).toString('base64url')}.x`;
    const odd = [null, 7, [], { iat: 1e300 }, { iat: -1, grants: 7 }, { iat: 1, grants: [null, 7, { scopes: 7 }] }, { iat: 1, origins: [null] }];
    const described = await inPage(
      page,
      async ({ connect, api, argument }) => {
        const all = [];
        for (const token of argument) {
          const temporaryToken = { authorization: `Bearer ${token}`, expiresAt: 4102444800 };
          const daypass = await connect({ api, temporaryToken });
          const { kind, scopes, origins } = daypass.describe();
          all.push([kind, scopes, origins, daypass.can('floor:read')]);
          daypass.close();
        }
        return all;
      },
      [...odd.map(jwt), 'x.!.x', 'x..x', '..', 'a.b'],
    );
    for (const [at, [kind, scopes, origins, can]] of described.entries()) {
      assert.equal(kind, 'temporary');
      assert.deepEqual([scopes, origins, can], [null, null, null], `${at}`);
    }
  });

  calm('of the service is an error that names it', async (page) => {
    const bodies = [
      '', 'nonsense', 'null', '7', '[]', '{}', '{"keys":7}', '{"keys":[null,7,[],{"kid":7},{"kid":"k","x":null}]}',
      '{"originAllowed":false}', '{"originAllowed":false,"originSeen":7,"origins":[null,7]}', '{"originAllowed":false,"originSeen":"x","origins":{}}',
    ];
    let body;
    const base = `${backend}/service/`;
    const headers = { 'content-type': 'application/json', date: 'never', 'daypass-expires-at': '1e999', 'access-control-expose-headers': '*' };
    await page.route(`${base}**`, (route) => route.fulfill({ status: 200, headers, body }));
    const reference = inventToken('dp_bun_');
    const header = Buffer.from(JSON.stringify({ alg: 'EdDSA', kid: 'k', typ: 'x' })).toString('base64url');
    const codes = [];
    for (body of bodies) {
      codes.push(
        await inPage(
          page,
          async ({ connect, publishableToken, argument: { service, reference, header } }) => {
            const api = 'http://127.0.0.1:9';
            const code = (promise) => promise.then((daypass) => (daypass.close?.(), 'connected'), ({ code }) => code);
            const daypass = await connect({ api, service, publishableToken });
            return [
              await code(connect({ api, service, bundle: reference })),
              await code(connect({ api, service, bundle: `${header}.e30.AA` })),
              await code(daypass.fetch('/x')),
            ];
          },
          { service: base, reference, header },
        ),
      );
    }
    const known = [
      ['network_failed', 'connected'],
      ['network_failed', 'bundle_unknown_key'],
      ['network_failed', 'origin_not_allowed'],
    ];
    for (const [at, all] of codes.entries())
      for (const [way, code] of all.entries()) assert.ok(known[way].includes(code), `${bodies[at]}: ${all}`);
  });

  calm('of the page around an embed is a failure of the provider, or nothing', async (page) => {
    const embed = `${new URL(info.embed).origin}/daypass/host.js`;
    const answers = [
      null, 7, 'port', [], {}, { daypass: null }, { daypass: 7 }, { daypass: ['port'] }, { daypass: 'Port' }, { daypass: { port: 1 } },
    ];
    const attached = page.waitForEvent('frameattached');
    await page.evaluate(
      ([src, answers]) => {
        // What the host page says, and with which ports and answers, is up to this.
        globalThis.mode = 'no port';
        addEventListener('message', ({ data, source }) => {
          if (data?.daypass !== 'hello') return;
          for (const answer of answers) source.postMessage(answer, '*');
          if (globalThis.mode === 'no port') return source.postMessage({ daypass: 'port' }, '*');
          const { port1, port2 } = new MessageChannel();
          port1.onmessage = ({ data: { id } }) => {
            for (const answer of [null, 7, [], {}, { id: null }, { id: 1e300 }, { id: -1 }, { id: [id] }, ...answers]) port1.postMessage(answer);
            port1.postMessage({ id, ...globalThis.mode });
          };
          source.postMessage({ daypass: 'port' }, '*', [port2]);
        });
        document.body.append(Object.assign(document.createElement('iframe'), { src }));
      },
      [embed, answers],
    );
    const frame = await attached;
    await frame.waitForURL(embed);
    const token = { authorization: 'Bearer fine', expiresAt: 4102444800 };
    const modes = [
      ['no port', 'provider_failed'],
      [{}, 'provider_failed'],
      [{ token: null }, 'provider_failed'],
      [{ token: 7, error: null }, 'provider_failed'],
      [{ error: {} }, 'provider_failed'],
      [{ error: { status: 1e300, message: { nested: null } } }, 'provider_failed'],
      [{ error: { status: 401, message: 'Signed out.' } }, 'provider_unauthorized'],
      [{ error: { code: 'closed', name: 'DaypassError', message: 'x' } }, 'provider_failed'],
      [{ error: [] }, 'provider_failed'],
      [{ token: { authorization: 'DPoP x', expiresAt: 4102444800 } }, 'provider_failed'],
      [{ token, error: 'text' }, undefined],
      [{ token }, undefined],
    ];
    for (const [mode, expected] of modes) {
      await page.evaluate((mode) => (globalThis.mode = mode), mode);
      const end = await inPage(
        frame,
        async ({ connect, api, DaypassError, argument: host }) => {
          const error = await connect({ api, host, timeoutSeconds: 0 }).then((daypass) => daypass.close(), (error) => error);
          return error && [error.code, error instanceof DaypassError];
        },
        backend,
      );
      assert.deepEqual(end, expected && [expected, true], JSON.stringify(mode));
    }
  });

  calm('of a platform that lacks something is named', async (page) => {
    const seen = await inPage(page, async ({ connect, api, describe, argument: service }) => {
      Object.defineProperty(crypto, 'subtle', { value: undefined, configurable: true });
      const dpop = await connect({ api, provider: '/token?insecure', dpop: true }).catch(describe);
      const bundle = await connect({ api, service, bundle: 'x.e30.AA' }).catch(describe);
      return { dpop, bundle };
    }, info.service);
    assert.deepEqual([seen.dpop.code, seen.bundle.code], ['invalid_options', 'bundle_unknown_key']);
    assert.match(seen.dpop.message, /`dpop`.*https/);
    assert.equal(countCalls('/token?insecure'), 0);
  });
});
