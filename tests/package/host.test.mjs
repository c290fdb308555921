// The host page's half: whom it answers, what a hostile embed may send, and how often its provider is called.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { installed, listen, rule, serve } from './world.mjs';

const EMBED = `<!doctype html><title>An embed</title><script>
  globalThis.hello = (message = { daypass: 'hello', version: 1 }) => {
    const answer = new Promise((resolve) => addEventListener('message', ({ data, ports }) => {
      if (data?.daypass === 'port') resolve({ data, port: ports[0] });
    }));
    parent.postMessage(message, '*');
    return answer;
  };
  let last = 0;
  globalThis.request = (port, request = { scopes: [], durationSeconds: 60 }, id = (last += 1), more = {}) => {
    const answer = new Promise((resolve) => port.addEventListener('message', ({ data }) => data.id === id && resolve(data)));
    port.start();
    port.postMessage({ id, request, ...more });
    return answer;
  };
</script>`;
const serveEmbed = () => serve(installed, undefined, { '/index.html': EMBED });
const [embed, other] = [await serveEmbed(), await serveEmbed()];
/** Redirects to the embed, as an apex domain does to its `www`. */
const apex = await listen((_, response) => response.writeHead(302, { Location: `${embed}/` }).end());

const host = await serve(join(installed, 'dist'), undefined, { '/index.html': '<!doctype html><title>A page</title>' });

/** Opens the host page, with `provide`, a provider that counts its calls, and `rejected`, the origins it was told of. */
async function openHost(page) {
  await page.goto(`${host}/`);
  await page.evaluate(async () => {
    Object.assign(globalThis, { calls: 0, rejected: [], ...(await import('/host.js')) });
    globalThis.provide = async () => ({ authorization: `Bearer t${(calls += 1)}`, expiresAt: 4_000_000_000 });
    globalThis.onRejected = ({ origin }) => globalThis.rejected.push(origin);
  });
}

/** Mounts the embed with these options, whose code runs in the host page, and returns its frame. */
async function mountEmbed(page, url = embed, options = '{ provider: provide, onRejected }') {
  const attached = page.waitForEvent('frameattached');
  await page.evaluate(
    `mounted = mount(document.body, { url: '${url}/', title: 'An embed', ...${options} }); undefined`,
  );
  const frame = await attached;
  await frame.waitForFunction(() => globalThis.hello !== undefined);
  return frame;
}

/** Says hello and requests a token. */
const requestToken = async () => {
  const { port } = await globalThis.hello();
  const { id: _, ...answer } = await globalThis.request(port);
  return answer;
};
/** Says hello to a host page that does not answer, and waits until it has handled the message. */
const helloInVain = async () => {
  globalThis.hello();
  globalThis.hello();
  const handled = new Promise((resolve) => addEventListener('message', ({ data }) => data === 'handled' && resolve()));
  parent.postMessage('confirm', '*');
  await handled;
};
const confirm = () =>
  addEventListener('message', ({ data, source }) => data === 'confirm' && source.postMessage('handled', '*'));

rule('the host page is told once which other origin asked for tokens', async (page) => {
  await openHost(page);
  await page.evaluate(confirm);
  const frame = await mountEmbed(page, apex);
  await frame.evaluate(helloInVain);
  assert.deepEqual(await page.evaluate('[rejected, calls]'), [[embed], 0]);
});

rule('by default, a warning names the origin, the expected one, and what to do', async (page) => {
  await openHost(page);
  await page.evaluate(confirm);
  const warnings = [];
  page.on('console', (message) => message.type() === 'warning' && warnings.push(message.text()));
  const frame = await mountEmbed(page, apex, '{ provider: provide }');
  await frame.evaluate(helloInVain);
  assert.equal(warnings.length, 1);
  for (const part of [`of ${embed} `, `Expected ${apex}.`, '`origins`'])
    assert.ok(warnings[0].includes(part), warnings[0]);
});

rule('`origins` names further origins that get tokens', async (page) => {
  await openHost(page);
  const frame = await mountEmbed(page, apex, `{ provider: provide, onRejected, origins: ['${embed}'] }`);
  assert.equal((await frame.evaluate(requestToken)).token.authorization, 'Bearer t1');
  assert.deepEqual(await page.evaluate('rejected'), []);
});

rule('a sandboxed frame without an origin gets no token, and the host page throws no error', async (page) => {
  await openHost(page);
  await page.evaluate(confirm);
  const frame = await mountEmbed(page, embed, "{ provider: provide, onRejected, sandbox: 'allow-scripts' }");
  await frame.evaluate(helloInVain);
  assert.deepEqual(await page.evaluate('[rejected, calls]'), [['null'], 0]);
});

rule('options that are no origins are refused with the reason', async (page) => {
  await openHost(page);
  const messages = await page.evaluate(() =>
    [
      { url: 'data:text/html,' },
      { url: '/', origins: 'https://www.example.com' },
      { url: '/', origins: ['*.example.com'] },
      { url: '/', onRejected: true },
    ].map((options) => {
      try {
        globalThis.mount(document.body, { provider: '/token', title: 'An embed', ...options });
      } catch (error) {
        return `${error.name}: ${error.message}`;
      }
    }),
  );
  const named = [
    '`url` has `data:text/html,`',
    '`origins` must be',
    '`origins` has `*.example.com`',
    '`onRejected` must',
  ];
  for (const [at, part] of named.entries())
    assert.ok(messages[at]?.startsWith(`TypeError: mount: ${part}`), messages[at]);
  assert.equal(await page.locator('iframe').count(), 0);
});

/** Each argument of `mount` that is no such thing, and what the error says of it. */
const INVALID = {
  'null, {}': 'the first argument must be an element of the page; it is null.',
  "'#place', {}": 'the first argument must be an element of the page; it is `#place`.',
  'document.body': 'the second argument must be an object of options; it is of type undefined.',
  'document.body, { ...good, url: undefined }': '`url` must be the URL of the embed; it is of type undefined.',
  "document.body, { ...good, url: '' }": '`url` must be the URL of the embed; it is ``.',
  "document.body, { ...good, url: 'https://' }": '`url` must be the URL of the embed; it is `https://`.',
  'document.body, { ...good, title: undefined }': '`title` must be a text',
  "document.body, { ...good, title: ' ' }": '`title` must be a text',
  'document.body, { ...good, provider: undefined }': '`provider` must be a URL or a function; it is of type undefined.',
  "document.body, { ...good, provider: 'https://' }": '`provider` must be a URL or a function; it is `https://`.',
  "document.body, { ...good, provider: 'data:,' }": '`provider` must be a URL or a function; it is `data:,`.',
  'document.body, { ...good, orgins: [] }': 'there is no option and no attribute `orgins`.',
  "document.body, { ...good, srcdoc: '' }": 'there is no option and no attribute `srcdoc`.',
  'document.body, { ...good, style: {} }': '`style` must be a text, a number or a boolean; it is of type object.',
};

rule('what mount is given is checked before anything is made', async (page) => {
  await openHost(page);
  for (const [given, message] of Object.entries(INVALID)) {
    const error = await page.evaluate(`(() => {
      const good = { url: '/', provider: '/token', title: 'An embed' };
      try { mount(${given}); } catch (error) { return String(error); }
    })()`);
    assert.ok(error?.startsWith(`TypeError: mount: ${message}`), `${given}: ${error}`);
  }
  assert.equal(await page.locator('iframe').count(), 0);
});

rule('attributes of the frame are written as HTML has them', async (page) => {
  await openHost(page);
  const attributes = await page.evaluate(() => {
    const given = { 'allowfullscreen': true, 'hidden': false, 'id': null, 'name': undefined, 'width': 300 };
    const more = { 'class': 'plan', 'data-floor': 'first', 'aria-busy': 'true', 'referrerPolicy': 'origin' };
    const url = new URL('/', location.href);
    const provider = new URL('/token', location.href);
    const { frame } = globalThis.mount(document.body, { url, provider, title: 'An embed', ...given, ...more });
    return Object.fromEntries([...frame.attributes].map(({ name, value }) => [name, value]));
  });
  assert.deepEqual(attributes, {
    'title': 'An embed',
    'allowfullscreen': '',
    'width': '300',
    'class': 'plan',
    'data-floor': 'first',
    'aria-busy': 'true',
    'referrerpolicy': 'origin',
    'src': `${host}/`,
  });
});

rule('the messages have a version for pages that name one', async (page) => {
  await openHost(page);
  const frame = await mountEmbed(page);
  const read = async (message) => (await globalThis.hello(message)).data;
  assert.deepEqual(await frame.evaluate(read, { daypass: 'hello', version: 1 }), { daypass: 'port', version: 1 });
  assert.deepEqual(await frame.evaluate(read, { daypass: 'hello' }), { daypass: 'port' });
});

rule('malformed messages of an embed cause no error in the host page, and no call', async (page) => {
  await openHost(page);
  const frame = await mountEmbed(page);
  const statuses = await frame.evaluate(async () => {
    for (const message of [null, undefined, 7, 'hello', []]) parent.postMessage(message, '*');
    const { port } = await globalThis.hello();
    for (const message of [null, undefined, 7, 'text', [], {}, { id: {} }, { id: null, request: {} }])
      port.postMessage(message);
    const cyclic = { scopes: [], durationSeconds: 60 };
    cyclic.self = cyclic;
    const requests = [
      null,
      7,
      {},
      { scopes: 'floor:readPrivate', durationSeconds: 60 },
      { scopes: [7], durationSeconds: 60 },
    ];
    requests.push(cyclic, { scopes: [], durationSeconds: 60, more: 1n });
    const answers = await Promise.all(requests.map((request) => globalThis.request(port, request)));
    return answers.map(({ error }) => error.status);
  });
  assert.deepEqual(statuses, [400, 400, 400, 400, 400, 0, 0]);
  assert.equal(await page.evaluate('calls'), 0);
  assert.equal((await frame.evaluate(requestToken)).token.authorization, 'Bearer t1');
});

rule('a provider that returns no token is an answer too', async (page) => {
  await openHost(page);
  for (const value of ['undefined', "'Bearer text'", '{ authorization: () => 1 }']) {
    const frame = await mountEmbed(page, embed, `{ provider: async () => (${value}) }`);
    const { error } = await frame.evaluate(requestToken);
    assert.match(error.message, /provider did not return \{authorization, expiresAt\}/);
  }
});

rule('an embed that requests too often is answered 429, and the provider is not called', async (page) => {
  await openHost(page);
  const frame = await mountEmbed(page);
  const answers = await frame.evaluate(async () => {
    const { port } = await globalThis.hello();
    const requests = Array.from({ length: 40 }, (_, at) => ({ scopes: [`floor:${at}`], durationSeconds: 60 }));
    return Promise.all(requests.map((request) => globalThis.request(port, request)));
  });
  const refused = answers.filter(({ error }) => error?.status === 429);
  assert.deepEqual([refused.length, await page.evaluate('calls')], [10, 30]);
  assert.match(refused[0].error.message, /10 requests in a minute/);
  // A reload of the frame changes nothing.
  assert.equal((await frame.evaluate(requestToken)).error.status, 429);
});

rule('embeds that request the same together cause one call', async (page) => {
  await openHost(page);
  const frames = [];
  for (let at = 0; at < 5; at += 1) frames.push(await mountEmbed(page, at % 2 ? embed : other));
  const connect = async () => {
    globalThis.port = (await globalThis.hello()).port;
  };
  for (const frame of frames) await frame.evaluate(connect);
  const together = async () => {
    const answers = await Promise.all(frames.map((frame) => frame.evaluate(() => globalThis.request(globalThis.port))));
    return [...new Set(answers.map(({ token }) => token.authorization))];
  };
  assert.deepEqual(await together(), ['Bearer t1']);
  // Each has that token by now: it is not given out twice.
  assert.deepEqual(await together(), ['Bearer t2']);
  const [frame] = frames;
  const another = await frame.evaluate(() =>
    globalThis.request(globalThis.port, { scopes: ['floor:update'], durationSeconds: 60 }),
  );
  assert.equal(another.token.authorization, 'Bearer t3');
});

rule('an embed whose page wants a new token does not join an earlier call', async (page) => {
  await openHost(page);
  const frames = [];
  for (let at = 0; at < 4; at += 1) frames.push(await mountEmbed(page));
  const ask = (frame, isFresh) =>
    frame.evaluate(async (isFresh) => {
      globalThis.port ??= (await globalThis.hello()).port;
      const request = { scopes: [], durationSeconds: 60 };
      return (await globalThis.request(globalThis.port, request, globalThis.crypto.randomUUID(), { isFresh })).token;
    }, isFresh);
  const [first, second, ...others] = frames;
  assert.equal((await ask(first, false)).authorization, 'Bearer t1');
  assert.equal((await ask(second, true)).authorization, 'Bearer t2', 'its rights have changed since');
  assert.equal((await ask(first, true)).authorization, 'Bearer t3');
  // However many want one together: a call that has not begun serves them all.
  await page.evaluate(() => {
    const { setTimeout } = globalThis;
    globalThis.setTimeout = (begin, time) => (time < 1_000 ? (globalThis.begin = begin) : setTimeout(begin, time));
  });
  const answers = frames.map((frame) => ask(frame, true));
  await page.waitForFunction(() => globalThis.begin);
  answers.push(...others.map((frame) => ask(frame, false)));
  for (const frame of frames) await frame.evaluate(() => 0);
  await page.evaluate(() => globalThis.begin());
  assert.deepEqual(new Set((await Promise.all(answers)).map((token) => token.authorization)), new Set(['Bearer t4']));
});

for (const [name, provider] of [
  ['a function', 'hang'],
  ['a URL', "'/token'"],
]) {
  rule(`a call to ${name} that never settles ends after 10 seconds, and the next request makes another`, async (page) => {
    await openHost(page);
    await page.evaluate(() => {
      Object.assign(globalThis, { limits: [], signals: [] });
      AbortSignal.timeout = (milliseconds) => {
        const limit = new AbortController();
        globalThis.limits.push({ milliseconds, end: () => limit.abort(new DOMException('late', 'TimeoutError')) });
        return limit.signal;
      };
      globalThis.hang = (_, { signal }) => {
        globalThis.signals.push(signal);
        return globalThis.signals.length === 1 ? new Promise(() => {}) : globalThis.provide();
      };
      globalThis.fetch = async (...given) => Response.json(await globalThis.hang(...given));
    });
    const frame = await mountEmbed(page, embed, `{ provider: ${provider} }`);
    const lost = frame.evaluate(requestToken);
    await page.waitForFunction(() => globalThis.limits.length === 1);
    const ended = await page.evaluate(() => {
      const [{ milliseconds, end }] = globalThis.limits;
      end();
      return [milliseconds, globalThis.signals[0].aborted];
    });
    assert.deepEqual(ended, [10_000, true]);
    assert.match((await lost).error.message, /did not answer within 10 seconds/);
    assert.equal((await frame.evaluate(requestToken)).token.authorization, 'Bearer t1');
  });
}

rule('the embed of the next visitor does not join the call of the one before', async (page) => {
  await openHost(page);
  await page.evaluate(() => {
    globalThis.pending = [];
    globalThis.hold = (_, { signal }) => {
      const call = { isAborted: false };
      signal.addEventListener('abort', () => (call.isAborted = true));
      globalThis.pending.push(call);
      return new Promise((resolve) => (call.release = () => resolve(globalThis.provide())));
    };
  });
  const first = await mountEmbed(page, embed, '{ provider: hold }');
  const left = first.evaluate(requestToken).catch(() => 'gone');
  await page.waitForFunction(() => globalThis.pending.length === 1);
  await page.evaluate(() => globalThis.mounted.close());
  assert.equal(await left, 'gone');
  const second = await mountEmbed(page, embed, '{ provider: hold }');
  const answer = second.evaluate(requestToken);
  await page.waitForFunction(() => globalThis.pending.length === 2);
  await page.evaluate(() => globalThis.pending.forEach(({ release }) => release()));
  assert.equal((await answer).token.authorization, 'Bearer t2');
  assert.deepEqual(await page.evaluate(() => globalThis.pending.map(({ isAborted }) => isAborted)), [true, false]);
});

rule('the embed of the next visitor does not get the token of the one before', async (page) => {
  await openHost(page);
  const first = await mountEmbed(page);
  assert.equal((await first.evaluate(requestToken)).token.authorization, 'Bearer t1');
  await page.evaluate(() => globalThis.mounted.close());
  const second = await mountEmbed(page);
  assert.equal((await second.evaluate(requestToken)).token.authorization, 'Bearer t2');
});

const SIGNED_OUT = { error: 'signed_out', message: 'The session has ended.', help: 'Sign in.' };
/** Each provider's failure, and what the embed receives. The first two are responses to a provider that is a URL. */
const FAILURES = [
  [
    `Response.json(${JSON.stringify(SIGNED_OUT)}, { status: 401 })`,
    { status: 401, code: 'signed_out', message: 'The session has ended.', help: 'Sign in.' },
  ],
  [
    "new Response('<h1>Error</h1>', { status: 500 })",
    { status: 500, message: "The host's provider answered with status 500." },
  ],
  [
    "() => Promise.reject(Object.assign(new Error('No seat.'), { status: 403, code: 'no_seat', help: 'Buy one.' }))",
    { status: 403, code: 'no_seat', message: 'No seat.', help: 'Buy one.' },
  ],
  ["() => { throw new TypeError('at once') }", { status: 0, message: 'at once' }],
  ['async () => { throw null }', { status: 0, message: '' }],
];
for (const [code, error] of FAILURES) {
  rule(`the embed receives the status and the words of the backend: ${code}`, async (page) => {
    await openHost(page);
    const provider = code.includes('=>') ? code : "'/token'";
    if (provider !== code) await page.evaluate(`globalThis.fetch = async () => ${code}; undefined`);
    const frame = await mountEmbed(page, embed, `{ provider: ${provider} }`);
    assert.deepEqual(await frame.evaluate(requestToken), { error });
  });
}
