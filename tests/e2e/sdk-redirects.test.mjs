// Where a token goes: below the base, along with redirects on the API's own origin, and nowhere else.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { createTemporaryToken, findRequests, inPage, ownApi } from './backend.mjs';
import { digest, info, rule } from './demo.mjs';

describe('a token', { concurrency: 3 }, () => {
  rule('stays below the base, whatever the path', {}, async (page) => {
    const seen = await inPage(
      page,
      async ({ connect, ownApi, publishableToken, argument: temporaryToken }) => {
        const inside = ['/v2/x', 'v2/x', './v2/x', '/./v2/x', '', '/', '?a=1', '/a/../v2/x', '/%2F..', '/http://h/', ' /v2/x', '/\\h/x', '/\n/h/x'];
        const outside = [
          '/../v2/x',
          '../v2/x',
          '..',
          '/..',
          '/%2e%2e/v2/x',
          '/.%2E/v2/x',
          '/a/../../v2/x',
          '/..\\v2/x',
          '\\..\\v2',
          '/\t../v2',
          '//h/x',
          '\\\\h/x',
          '\t//h/x',
          ' //h/x',
          'https://h/x',
          'http:h/x',
          'http:/v2/x',
          'http:../v2/x',
          'HTTP:v2/x',
          'javascript:alert(1)',
          'blob:x',
          'file:///etc/passwd',
          '//',
          'http://',
        ];
        const found = {};
        for (const options of [{ temporaryToken }, { publishableToken }]) {
          const daypass = await connect({ api: `${ownApi}/api`, ...options });
          const failure = (promise) => promise.then(() => 'none', ({ code }) => code);
          for (const path of inside) {
            const { url, headers } = await daypass.authorize(path);
            const isAuthorized = 'Authorization' in headers || url.includes('pubtoken=');
            if (!isAuthorized || !url.startsWith(`${ownApi}/api/`)) found[path] = url;
          }
          for (const path of outside) {
            const results = [await failure(daypass.fetch(path)), await failure(daypass.headers(path))];
            const { url, headers } = await daypass.authorize(path);
            const transformed = daypass.transformRequest(path);
            const isUntouched = [url, transformed.url].every((other) => other === path);
            const has = Object.keys(headers).length + Object.keys(transformed.headers).length;
            if (results.join() !== 'foreign_url,foreign_url' || !isUntouched || has > 0) found[path] = [...results, url];
          }
          // The caller names a full URL of the API's origin.
          await daypass.fetch(`${ownApi}/ok?whole`);
          daypass.close();
        }
        return found;
      },
      await createTemporaryToken(),
    );
    assert.deepEqual(seen, {});
    const whole = findRequests('/ok').filter(({ url }) => url.startsWith('/ok?whole'));
    assert.equal(whole.length, 2);
    assert.ok(whole[0].token !== digest('') && whole[1].url.includes('pubtoken='));
    assert.deepEqual(findRequests('/v2/x'), []);
  });

  rule('of a bundle goes below the base of the service', {}, async (page) => {
    await inPage(page, async ({ connect, ownApi, settle, publishableToken, argument: api }) => {
      await settle(connect({ api: ownApi, service: `${ownApi}/below`, bundle: 'eyJhbGciOiJFZERTQSJ9.e30.AA' }));
      const daypass = await connect({ api, service: `${ownApi}/below/`, publishableToken });
      await settle(daypass.fetch('/x'));
    }, 'http://127.0.0.1:9');
    assert.ok(findRequests('/below/.well-known/jwks.json').length > 0);
    assert.ok(findRequests('/below/v2/access-token/self').length > 0);
    assert.deepEqual(findRequests('/v2/access-token/self'), []);
  });

  rule('survives a redirect on the origin of the API, unless the request would have to be sent twice with a body', {}, async (page) => {
    const statuses = await inPage(
      page,
      async ({ connect, ownApi, publishableToken, argument: temporaryToken }) => {
        const ways = {
          publishable: { publishableToken },
          temporary: { temporaryToken },
          bound: { provider: '/bound?redirects', dpop: true },
        };
        const found = {};
        for (const [way, options] of Object.entries(ways)) {
          const daypass = await connect({ api: `${ownApi}/`, ...options });
          const put = { method: 'PUT', body: 'as it was' };
          const request = new Request(`${ownApi}/redirect/${way}/locked`, put);
          const result = (sent) => sent.then(({ status }) => status, ({ code }) => code);
          found[way] = [
            (await daypass.fetch(`/redirect/${way}/locked`)).status,
            (await daypass.fetch(`/redirect/redirect/${way}/locked?a=1`)).status,
            await result(daypass.fetch(`/redirect/${way}/locked`, put)),
            await result(daypass.fetch(request)),
            // The caller handles redirects.
            (await daypass.fetch(`/redirect/${way}/locked`, { redirect: 'manual' })).type,
            await result(daypass.fetch(`/redirect/${way}/locked`, { redirect: 'error' })),
          ];
          daypass.close();
        }
        return found;
      },
      await createTemporaryToken(),
    );
    const expected = (put) => [200, 200, put, put, 'opaqueredirect', 'network_failed'];
    const [publishable, temporary, bound] = [401, 200, 'network_failed'].map(expected);
    assert.deepEqual(statuses, { publishable, temporary, bound });
    for (const [way, times] of Object.entries({ publishable: 2, temporary: 2, bound: 0 })) {
      const bodies = findRequests(`/${way}/locked`).filter(({ method }) => method === 'PUT');
      assert.deepEqual(bodies.map(({ body }) => body), Array(times).fill('as it was'), way);
    }
  });

  rule('and its proof do not go along when the API redirects below another base or to another origin', {}, async (page) => {
    const statuses = await inPage(page, async ({ connect, ownApi, publishableToken }) => {
      const all = [];
      for (const options of [{ publishableToken }, { provider: '/bound?moved', dpop: true }]) {
        const daypass = await connect({ api: ownApi, ...options });
        const post = { method: 'PUT', body: 'x' };
        const result = (sent) => sent.then(({ status }) => status, ({ code }) => code);
        all.push(await result(daypass.fetch('/moved/bound')), await result(daypass.fetch('/moved/bound', post)));
        const request = new Request(`${ownApi}/moved/bound`, post);
        all.push(await result(daypass.fetch(request)));
        daypass.close();
        // Another application on the same origin.
        const below = await connect({ api: `${ownApi}/redirect`, ...options });
        all.push((await below.fetch('/other/locked')).status);
        below.close();
      }
      return all;
    });
    assert.deepEqual(statuses, [404, 404, 404, 401, 404, 'network_failed', 'network_failed', 401]);
    const there = [...findRequests('/elsewhere/moved/bound'), ...findRequests('/other/locked')];
    // The 401 of the other application causes one refresh.
    assert.equal(there.length, 7);
    for (const { url, token, headers } of there) {
      const isLocked = url.startsWith('/other');
      assert.deepEqual([headers.dpop, url.includes('pubtoken')], [undefined, false]);
      assert.ok(isLocked || token === digest(''), url);
    }
    assert.ok(!JSON.stringify(there).includes(info.publishableToken), 'a token went along');
  });
});
