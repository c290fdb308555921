// How a connection opens: through failures that may pass, within a time, and with the backend's own words when it cannot.
import assert from 'node:assert/strict';
import { describe } from 'node:test';
import { backend, countCalls, inPage, ownApi } from './backend.mjs';
import { rule } from './demo.mjs';

const open = ({ connect, api, settle, argument }) =>
  settle(
    connect({ api, ...argument }).then((daypass) => {
      const kind = daypass.peek()?.split(' ')[0];
      daypass.close();
      return kind;
    }),
  );

describe('connect', { concurrency: 4 }, () => {
  rule('waits through failures that may pass', {}, async (page) => {
    await page.goto(backend);
    const functions = await inPage(page, async ({ connect, api }) => {
      let calls = 0;
      const daypass = await connect({
        api,
        provider: async () => {
          calls += 1;
          if (calls === 1) throw new TypeError('Failed to fetch');
          return (await fetch('/token?opens', { method: 'POST', body: '{}' })).json();
        },
      });
      daypass.close();
      return calls;
    });
    assert.equal(functions, 2);
    const once = await inPage(page, open, { provider: '/busy?once' });
    assert.equal(once.value, 'Bearer', JSON.stringify(once));
    assert.ok(once.after > 400 && once.after < 3_000, `${once.after} ms`);
    const thrice = await inPage(page, open, { provider: '/busy?times=3', timeoutSeconds: 30 });
    assert.equal(thrice.value, 'Bearer');
    assert.deepEqual([countCalls('/busy?once'), countCalls('/busy?times=3')], [2, 4]);
  });

  rule('ends with the last failure after its time, at once if it is 0 or if the failure stays', {}, async (page) => {
    await page.goto(backend);
    const cases = [
      [{ provider: '/busy?times=99&a', timeoutSeconds: 2 }, 'provider_failed', 503, 1_900, 3_500],
      [{ provider: '/busy?times=99&b', timeoutSeconds: 0 }, 'provider_failed', 503, 0, 1_500],
      [{ provider: '/hang?opening', timeoutSeconds: 1 }, 'provider_timeout', 0, 900, 2_500],
      [{ provider: '/teapot' }, 'provider_failed', 418, 0, 1_500],
      [{ provider: '/signed-out' }, 'provider_unauthorized', 401, 0, 1_500],
      [{ provider: '/forbidden' }, 'provider_forbidden', 403, 0, 1_500],
      [{ provider: '/shape' }, 'provider_failed', 0, 0, 1_500],
    ];
    await Promise.all(
      cases.map(async ([options, code, status, least, most]) => {
        const end = await inPage(page, open, options);
        assert.deepEqual([end.name, end.code, end.status], ['DaypassError', code, status], options.provider);
        assert.ok(end.after >= least && end.after < most, `${options.provider}: ${end.after} ms`);
      }),
    );
    // Nothing goes on behind a `connect` that failed.
    const calls = countCalls('/busy?times=99&a');
    await page.waitForTimeout(3_000);
    assert.deepEqual([countCalls('/busy?times=99&a'), countCalls('/busy?times=99&b')], [calls, 1]);
  });

  rule('ends with its signal, with the reason, and stays open when that aborts later', {}, async (page) => {
    const seen = await inPage(page, async ({ connect, api, settle, sleep, publishableToken }) => {
      const end = async (provider, signal, abort) => {
        const outcome = settle(connect({ api, provider, signal }));
        await sleep(300);
        abort?.();
        const { name, message, after } = await outcome;
        return [name, message, after < 1_000];
      };
      const [one, other, late] = Array.from({ length: 3 }, () => new AbortController());
      const ends = {
        busy: await end('/busy?times=99&signal', one.signal, () => one.abort(new RangeError('enough'))),
        hanging: await end('/hang?signalled', other.signal, () => other.abort(new RangeError('enough'))),
        before: await end('/token?before', AbortSignal.abort(new RangeError('enough'))),
        time: (await end('/hang?time', AbortSignal.timeout(300)))[0],
      };
      const daypass = await connect({ api, provider: '/token?late', signal: late.signal });
      late.abort();
      await sleep(100);
      ends.late = (await daypass.fetch('/v2/floor/first')).status;
      const publishable = await connect({ api, publishableToken, signal: AbortSignal.abort(new RangeError('enough')) }).catch(
        ({ name }) => name,
      );
      return { ...ends, publishable };
    });
    const aborted = ['RangeError', 'enough', true];
    assert.deepEqual(seen, {
      busy: aborted,
      hanging: aborted,
      before: aborted,
      time: 'TimeoutError',
      late: 200,
      publishable: 'RangeError',
    });
    assert.equal(countCalls('/token?before'), 0);
  });

  rule("passes on the backend's own message and help, and does not call it again when it means so", {}, async (page) => {
    const seen = await inPage(page, async ({ connect, api, describe, sleep }) => {
      const failures = {};
      const providers = {
        out: '/signed-out?words',
        teapot: '/teapot?words',
        thrown: async () => {
          throw Object.assign(new Error('The session has ended.'), { status: 401, help: 'Go to /login.' });
        },
        bare: async () => {
          throw { status: 403 };
        },
      };
      for (const [name, provider] of Object.entries(providers))
        failures[name] = await connect({ api, provider }).catch(describe);
      // The same while a token is in use.
      const temporaryToken = { authorization: 'Bearer short', expiresAt: Math.floor(Date.now() / 1000) + 3 };
      const daypass = await connect({ api, provider: '/signed-out?later', temporaryToken });
      const heard = (event) => new Promise((resolve) => daypass.addEventListener(event, ({ detail }) => resolve(detail)));
      const [{ error, retryInSeconds }] = await Promise.all([heard('failed'), heard('expired')]);
      const after = await daypass.authorization().catch(describe);
      await sleep(1_500);
      daypass.close();
      return { ...failures, event: { ...describe(error), retryInSeconds }, after };
    });
    for (const name of ['out', 'thrown', 'event', 'after']) {
      const { code, status, retryable, message, help } = seen[name];
      assert.deepEqual([code, status, retryable], ['provider_unauthorized', 401, false], name);
      assert.ok(message.includes('The session has ended.') && help === 'Go to /login.', `${name}: ${message} ${help}`);
    }
    const { code, status, message, help } = seen.teapot;
    assert.deepEqual([code, status, help], ['provider_failed', 418, 'Ask the kettle.']);
    assert.ok(message.includes('418') && message.includes('I am a teapot.'), message);
    assert.deepEqual([seen.bare.code, seen.bare.status], ['provider_forbidden', 403]);
    assert.ok(seen.bare.help.length > 20);
    assert.equal(seen.event.retryInSeconds, null);
    assert.deepEqual(
      ['/signed-out?words', '/signed-out?later', '/teapot?words'].map(countCalls),
      [1, 1, 1],
      'each was called once',
    );
  });

  rule('names white space around a token, and in it', {}, async (page) => {
    const seen = await inPage(page, async ({ connect, api, describe, publishableToken }) => {
      const failures = {};
      for (const [name, end] of Object.entries({ newline: '%0A', space: '%20', inside: '%20x' }))
        failures[name] = await connect({ api, provider: `/spaced?end=${end}` }).catch(describe);
      for (const text of [`${publishableToken}\n`, ` ${publishableToken}`, `${publishableToken}\u00a0`])
        failures[JSON.stringify(text.replace(publishableToken, ''))] = await connect({
          api,
          publishableToken: text,
        }).catch(describe);
      const inside = `${publishableToken.slice(0, 20)} ${publishableToken.slice(20)}`;
      failures.split = await connect({ api, publishableToken: inside }).catch(describe);
      return JSON.stringify(failures).includes(publishableToken) ? 'a token is in a message' : failures;
    });
    for (const [name, { code, message }] of Object.entries(seen)) {
      const expected = ['newline', 'space', 'inside'].includes(name) ? 'provider_failed' : 'token_malformed';
      assert.equal(code, expected, name);
      assert.match(message, name === 'inside' ? /characters that no token has/ : /white ?space/, name);
    }
  });

  rule('takes relative URLs in a srcdoc frame as fetch does, in every option', {}, async (page) => {
    await page.goto(`${backend}/srcdoc`);
    const frame = page.frames()[1];
    assert.equal(await frame.evaluate('location.href'), 'about:srcdoc');
    const seen = await inPage(frame, async ({ connect, api, settle }) => {
      const texts = await connect({ api, provider: 'token?srcdoc' });
      const urls = await connect({ api, provider: new URL('/token?srcdoc-url', document.baseURI) });
      const relative = await connect({ api: '/base', provider: '/token?srcdoc-api' });
      const { url } = await relative.authorize('x');
      const bundle = await settle(connect({ api, service: '/service', bundle: 'x.y.z' }));
      const all = [texts, urls].map((daypass) => daypass.fetch('/v2/floor/first').then(({ status }) => status));
      return { statuses: await Promise.all(all), url, bundle: bundle.code };
    });
    assert.deepEqual(seen, { statuses: [200, 200], url: `${backend}/base/x`, bundle: 'bundle_changed' });
    assert.equal(countCalls('/token?srcdoc'), 1);
    // A page that says where its relative URLs begin.
    await page.goto(`${backend}/`);
    const based = await inPage(page, async ({ connect, argument }) => {
      document.head.append(Object.assign(document.createElement('base'), { href: `${argument}/based/` }));
      const daypass = await connect({ api: 'api', temporaryToken: { authorization: 'Bearer x', expiresAt: 4102444800 } });
      return daypass.transformRequest('x').url;
    }, ownApi);
    assert.equal(based, `${ownApi}/based/api/x`);
  });
});
