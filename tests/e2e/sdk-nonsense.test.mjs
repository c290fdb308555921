// What a provider, a service or the page around says may be nonsense: an error of ours, no trap, nothing uncaught.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { backend, countCalls, inPage, inventToken } from './backend.mjs';
import { calm } from './calm.mjs';
import { info } from './demo.mjs';

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
          const { kind, scopes, origins, subject, claims } = daypass.describe();
          all.push([kind, scopes, origins, subject, claims, daypass.can('floor:read')]);
          daypass.close();
        }
        return all;
      },
      [...odd.map(jwt), 'x.!.x', 'x..x', '..', 'a.b'],
    );
    for (const [at, [kind, ...contents]] of described.entries()) {
      assert.equal(kind, 'temporary');
      assert.deepEqual(contents, Array(5).fill(null), `${at}`);
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
