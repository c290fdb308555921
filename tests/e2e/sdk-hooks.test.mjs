// The hooks for other HTTP clients, as map libraries and viewers use them.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { backend, countCalls, createTemporaryToken, findRequests, inPage, ownApi } from './backend.mjs';
import { info, requests, rule } from './demo.mjs';

/** Filters the requests to this path of the real API. */
const findSent = (seen, path) => seen.filter((request) => request.url().startsWith(new URL(path, info.api).href));

describe('a hook', { concurrency: 3 }, () => {
  rule('that may wait brings a fresh token after the tab slept, and the other says that it has none', {}, async (page) => {
    await page.goto(backend);
    const seen = requests(page);
    const slept = await inPage(page, async ({ connect, api, describe }) => {
      const daypass = await connect({ api, provider: '/token?slept&life=5' });
      const { transformRequest, authorize } = daypass;
      const before = transformRequest('/v2/floor/first?slept=before', 'Tile');
      // A timer does not fire meanwhile, as in a tab that sleeps.
      const end = performance.now() + 5_500;
      while (performance.now() < end);
      let late;
      try {
        late = transformRequest('/v2/floor/first?slept=late', 'Tile');
      } catch (error) {
        late = describe(error);
      }
      const tiles = await Promise.all(
        [1, 2, 3, 4, 5, 6].map(async (tile) => {
          const { url, headers } = await authorize(`/v2/floor/first?slept=${tile}`, 'Tile');
          return (await fetch(url, { headers })).status;
        }),
      );
      const statuses = [(await fetch(before.url, { headers: before.headers })).status, ...tiles];
      daypass.close();
      return { late, statuses };
    });
    assert.deepEqual(
      [slept.late.name, slept.late.code],
      ['DaypassError', 'token_expired'],
      'no request that is known to be unauthenticated',
    );
    assert.deepEqual(slept.statuses, [401, 200, 200, 200, 200, 200, 200]);
    assert.equal(countCalls('/token?slept&life=5'), 2);
    assert.deepEqual(findSent(seen, '/v2/floor/first?slept=late'), []);
  });

  rule('leaves foreign URLs as they are, and the braces of templates', {}, async (page) => {
    const seen = await inPage(
      page,
      async ({ connect, ownApi, publishableToken, argument: temporaryToken }) => {
        const ways = { temporary: { temporaryToken }, publishable: { publishableToken } };
        const urls = [
          'https://tiles.example.com/{z}/{x}/{y}.png?key=a%20b#c',
          '//tiles.example.com/x',
          'data:text/plain,x',
          'blob:https://tiles.example.com/1',
          '../../above',
          '/tiles/{z}/{x}/{y}.png',
          '/tiles/{z}/%7Bx%7D?a={y}',
          `${location.origin}/own`,
        ];
        const found = {};
        for (const [way, options] of Object.entries(ways)) {
          const daypass = await connect({ api: `${ownApi}/base`, ...options });
          found[way] = [];
          for (const url of urls) {
            const [one, other] = [daypass.transformRequest(url), await daypass.authorize(url)];
            const isSame = JSON.stringify(one) === JSON.stringify(other);
            found[way].push([isSame, one.url.replace(publishableToken, 'TOKEN'), Object.keys(one.headers).join()]);
          }
          daypass.close();
        }
        return { ...found, urls };
      },
      await createTemporaryToken(),
    );
    const [foreign, own] = [[0, 1, 2, 3, 4, 7], [5, 6]];
    for (const way of ['temporary', 'publishable'])
      for (const at of foreign) assert.deepEqual(seen[way][at], [true, seen.urls[at], ''], seen.urls[at]);
    assert.deepEqual(
      own.map((at) => seen.temporary[at]),
      [
        [true, `${ownApi}/base/tiles/{z}/{x}/{y}.png`, 'Authorization'],
        [true, `${ownApi}/base/tiles/{z}/{x}?a={y}`, 'Authorization'],
      ],
    );
    assert.deepEqual(
      own.map((at) => seen.publishable[at]),
      [
        [true, `${ownApi}/base/tiles/{z}/{x}/{y}.png?pubtoken=TOKEN`, ''],
        [true, `${ownApi}/base/tiles/{z}/{x}?a={y}&pubtoken=TOKEN`, ''],
      ],
    );
  });

  rule('adds a token once, however often its result is passed through it', {}, async (page) => {
    const results = await inPage(page, async ({ connect, api, publishableToken, sleep }) => {
      const daypass = await connect({ api, publishableToken });
      const once = daypass.transformRequest('/v2/floor/ground?once=1&a=%20#part').url;
      let many = once;
      for (let i = 0; i < 3; i++) many = daypass.transformRequest(many).url;
      const waited = (await daypass.authorize(once)).url;
      const old = new URL(once);
      old.search = '?pubtoken=old&once=1&pubtoken=older&a=%20';
      const response = await fetch(many);
      const own = await daypass.fetch(once);
      const asked = await daypass.fetch(new Request(once));
      const temporary = await connect({ api, provider: '/token?idempotent' });
      const first = temporary.transformRequest('/v2/floor/first');
      const second = temporary.transformRequest(first.url);
      return {
        isSame: [many === once, waited === once, daypass.transformRequest(old).url === once],
        count: once.split('pubtoken=').length - 1,
        statuses: [response.status, own.status, asked.status],
        temporary: JSON.stringify(first) === JSON.stringify(second),
      };
    });
    assert.deepEqual(results, { isSame: [true, true, true], count: 1, statuses: [200, 200, 200], temporary: true });
  });

  rule('is given a new token after a 401 was reported, once for all reports', {}, async (page) => {
    const seen = await inPage(page, async ({ connect, api }) => {
      const provider = '/rejected?reported';
      const daypass = await connect({ api, provider });
      const load = async () => {
        const { url, headers } = await daypass.authorize('/v2/floor/first?reported');
        return fetch(url, { headers });
      };
      const dead = await Promise.all(Array.from({ length: 10 }, load));
      const reportedAt = performance.now();
      const reports = await Promise.all(
        dead.map((response, at) => daypass.unauthorized([response, response.url, new URL(response.url), undefined][at % 4])),
      );
      // A report that comes late is about the token before: for half a second at least, the shortest back-off.
      const late = await daypass.unauthorized(dead[0]);
      const isTimely = performance.now() - reportedAt < 500;
      const fresh = await Promise.all(Array.from({ length: 10 }, load));
      daypass.close();
      const statuses = (all) => [...new Set(all.map(({ status }) => status))];
      return { dead: statuses(dead), reports: [...new Set(reports)], fresh: statuses(fresh), late, isTimely };
    });
    const { isTimely, ...others } = seen;
    assert.deepEqual(others, { dead: [401], reports: [true], fresh: [200], late: true });
    const count = countCalls('/rejected?reported');
    assert.ok(count === 2 || (count === 3 && !isTimely), `${count} calls`);
  });

  rule('keeps its token when what is reported is not about it', {}, async (page) => {
    const seen = await inPage(
      page,
      async ({ connect, ownApi, publishableToken, argument: temporaryToken }) => {
        const provider = '/token?unrelated';
        const daypass = await connect({ api: ownApi, provider });
        const get = async (url) => fetch(url, { headers: (await daypass.authorize(url)).headers });
        const foreign = new URL(`${ownApi}/bare`);
        foreign.hostname = 'localhost';
        const reports = {
          basic: await daypass.unauthorized(await get(`${ownApi}/basic`)),
          notFound: await daypass.unauthorized(await get(`${ownApi}/missing`)),
          success: await daypass.unauthorized(await get(`${ownApi}/ok`)),
          foreign: await daypass.unauthorized(await get(foreign.href)),
          foreignUrl: await daypass.unauthorized(foreign),
          foreignText: await daypass.unauthorized('https://tiles.example.com/1.png'),
        };
        for (const [name, options] of Object.entries({ publishable: { publishableToken }, given: { temporaryToken } })) {
          const other = await connect({ api: ownApi, ...options });
          reports[name] = await other.unauthorized(await get(`${ownApi}/bare`));
          other.close();
        }
        daypass.close();
        return reports;
      },
      await createTemporaryToken(),
    );
    assert.deepEqual([...new Set(Object.values(seen))], [false], JSON.stringify(seen));
    assert.equal(countCalls('/token?unrelated'), 1);
    assert.ok(findRequests('/basic').length > 0);
  });

  rule('has no proof for a synchronous client, and one for each request of the other', {}, async (page) => {
    const seen = await inPage(page, async ({ connect, api, describe }) => {
      const daypass = await connect({ api, provider: '/bound?hook', dpop: true });
      let thrown;
      try {
        daypass.transformRequest('/v2/floor/first');
      } catch (error) {
        thrown = describe(error).code;
      }
      const foreign = daypass.transformRequest('https://tiles.example.com/x');
      const statuses = [];
      for (let i = 0; i < 2; i++) {
        const { url, headers } = await daypass.authorize('/v2/floor/first?proven', 'Source');
        statuses.push((await fetch(url, { headers })).status);
      }
      daypass.close();
      return { thrown, foreign, statuses };
    });
    assert.deepEqual(seen, {
      thrown: 'dpop_required',
      foreign: { url: 'https://tiles.example.com/x', headers: {} },
      statuses: [200, 200],
    });
  });
});
