// Where the WebAssembly comes from, and what happens if it does not.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { csp, installed, rule, serve, api } from './world.mjs';
import { floor } from './site/floor.js';

const dist = join(installed, 'dist');
const bytes = await readFile(join(dist, 'daypass_bg.wasm'));
const typed = (type) => (response) => response.setHeader('Content-Type', type).end(bytes);

/** Opens a page that has the SDK, runs `body` in it, and gives the result and which files were asked for how often. */
async function inPage(page, body, { routes = {}, policy = csp.wasm } = {}) {
  const asked = {};
  const counted = (path, answer) => (response, request) => {
    asked[path] = (asked[path] ?? 0) + 1;
    answer(response, request, asked[path]);
  };
  const all = {
    '/daypass_bg.wasm': typed('application/wasm'),
    '/elsewhere.wasm': typed('application/wasm'),
    ...routes,
  };
  const answers = Object.fromEntries(Object.entries(all).map(([path, answer]) => [path, counted(path, answer)]));
  const origin = await serve(dist, policy, { '/index.html': '<!doctype html><title>A page</title>', ...answers });
  await page.goto(`${origin}/`);
  const given = JSON.stringify({ api });
  const result = await page.evaluate(`(async ({ api }) => {
    const { connect, initialise, DaypassError } = await import('/index.js');
    const floor = ${floor};
    const failing = async (promise) => promise.then(() => 'loaded', (error) => (error instanceof DaypassError ? error.code : String(error)));
    return (${body})({ api, connect, initialise, failing, floor: () => floor(connect, api) });
  })(${given})`);
  return { result, asked };
}

rule('the package needs no file besides', async (page) => {
  const body = 'async ({ floor }) => Promise.all([floor(), floor(), floor()])';
  assert.deepEqual(await inPage(page, body), { result: Array(3).fill('the first floor'), asked: {} });
});

rule('browsers that have no base64 of their own read it too', async (page) => {
  const { result } = await inPage(page, 'async ({ floor }) => (delete Uint8Array.fromBase64, floor())');
  assert.equal(result, 'the first floor');
});

const GIVEN = {
  'a text': "'/elsewhere.wasm'",
  'a URL': "new URL('/elsewhere.wasm', location.href)",
  'a Request': "new Request('/elsewhere.wasm')",
  'a Response': "await fetch('/elsewhere.wasm')",
  'an ArrayBuffer': "await (await fetch('/elsewhere.wasm')).arrayBuffer()",
  'a view': "new Uint8Array(await (await fetch('/elsewhere.wasm')).arrayBuffer())",
  'a Module': "await WebAssembly.compileStreaming(fetch('/elsewhere.wasm'))",
};
for (const [name, code] of Object.entries(GIVEN)) {
  rule(`initialise takes ${name}`, async (page) => {
    const body = `async ({ initialise, floor }) => { await initialise({ module_or_path: ${code} }); return floor(); }`;
    assert.deepEqual(await inPage(page, body), { result: 'the first floor', asked: { '/elsewhere.wasm': 1 } });
  });
}

for (const type of [
  'text/plain',
  'application/octet-stream',
  'application/wasm; charset=utf-8',
  'Application/WASM',
  '',
]) {
  rule(`a server that calls it \`${type}\` is no reason to fail`, async (page) => {
    const body =
      "async ({ initialise, floor }) => { await initialise({ module_or_path: '/elsewhere.wasm' }); return floor(); }";
    const { result } = await inPage(page, body, { routes: { '/elsewhere.wasm': typed(type) } });
    assert.equal(result, 'the first floor');
  });
}

rule('calls at the same time load it once', async (page) => {
  const body = `async ({ initialise, floor }) => {
    await Promise.all([initialise({ module_or_path: '/elsewhere.wasm' }), initialise({ module_or_path: '/elsewhere.wasm' })]);
    return floor();
  }`;
  assert.deepEqual(await inPage(page, body), { result: 'the first floor', asked: { '/elsewhere.wasm': 1 } });
});

const FAILURES = {
  'an answer that is cut': (response) =>
    response.setHeader('Content-Type', 'application/wasm').end(bytes.subarray(0, 1000)),
  'a page in its place': (response) => response.setHeader('Content-Type', 'text/html').end('<!doctype html>'),
};
for (const [name, failing] of Object.entries(FAILURES)) {
  rule(`after ${name}, which is an error with a code, the next call tries again`, async (page) => {
    const body =
      "async ({ initialise, failing, floor }) => [await failing(initialise({ module_or_path: '/elsewhere.wasm' })), await floor()]";
    const { result } = await inPage(page, body, { routes: { '/elsewhere.wasm': failing } });
    assert.deepEqual(result, ['load_failed', 'the first floor']);
  });
}

rule('an answer that says that it is not there is not compiled', async (page) => {
  const body =
    "async ({ initialise }) => initialise({ module_or_path: new Response('', { status: 404 }) }).catch(({ message }) => message)";
  assert.match((await inPage(page, body)).result, /status 404/);
});

rule('a page whose policy forbids WebAssembly is told what to allow', async (page) => {
  const body = 'async ({ connect, api }) => connect({ api }).catch(({ code, help }) => ({ code, help }))';
  const { result } = await inPage(page, body, { policy: csp.nowasm });
  assert.equal(result.code, 'load_failed');
  assert.match(result.help, /'wasm-unsafe-eval'.*daypass\/nowasm/);
});

rule('a browser without WebAssembly is told of the entry without', async (page) => {
  const { result } = await inPage(
    page,
    'async ({ failing, initialise }) => (delete globalThis.WebAssembly, failing(initialise()))',
  );
  assert.equal(result, 'load_failed');
});

/** Runs in a page whose first instance traps in the calls that `isTrap` says, given the name of what is called and how often a step of the engine was made. */
const trapping = (body) => `async ({ api, connect, initialise }) => {
  let isTrap = () => false;
  let callsAfter = 0;
  const { instantiateStreaming } = WebAssembly;
  WebAssembly.instantiateStreaming = async (...given) => {
    const { module, instance } = await instantiateStreaming(...given);
    let steps = 0;
    let hasTrapped = false;
    const watched = ([name, value]) => {
      if (typeof value !== 'function') return [name, value];
      const call = (...given) => {
        if (name === 'engine_step') steps += 1;
        if (hasTrapped && name !== '__wbindgen_add_to_stack_pointer') callsAfter += 1;
        if (isTrap(name, steps)) {
          hasTrapped = true;
          throw new WebAssembly.RuntimeError('unreachable');
        }
        return value(...given);
      };
      return [name, call];
    };
    return { module, instance: { exports: Object.fromEntries(Object.entries(instance.exports).map(watched)) } };
  };
  const traps = [];
  for (const type of ['error', 'unhandledrejection']) addEventListener(type, (event) => (event.preventDefault(), traps.push((event.error ?? event.reason).name)));
  const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;
  let asked = 0;
  const provider = async () => ({ authorization: \`Bearer t\${(asked += 1)}\`, expiresAt: inSeconds(600) });
  const publishableToken = 'dp_pub_0123456789ABCDEFGHIJKLMNabcdefgh1KhsRu';
  /** In a call that has nothing to do with what waits. */
  const trapElsewhere = async () => {
    const other = await connect({ api, publishableToken });
    isTrap = (name) => name === 'is_scope';
    try { other.can('floor:readPrivate'); } catch { /* the trap */ }
    other.close();
  };
  ${body}
}`;

rule('a trap makes a new instance, and connections go on with the token at hand', async (page) => {
  const { result } = await inPage(
    page,
    trapping(`
    const [daypass, other] = [await connect({ api, provider }), await connect({ api, publishableToken })];
    isTrap = (name) => name === 'engine_step';
    dispatchEvent(new Event('focus'));
    const { secondsLeft, refreshInSeconds } = daypass.describe();
    const seen = [traps, daypass.peek(), other.peek().slice(0, 14), secondsLeft > 590 && secondsLeft <= 600, refreshInSeconds > 400];
    const third = await connect({ api, provider });
    seen.push(third.peek());
    for (const one of [daypass, other, third]) one.close();
    return { seen, callsAfter, closed: daypass.peek() };`),
  );
  assert.deepEqual(result, {
    seen: [['RuntimeError'], 'Bearer t1', 'Bearer dp_pub_', true, true, 'Bearer t2'],
    callsAfter: 0,
    closed: null,
  });
});

rule('a trap while nobody looks does not end the refreshing', async (page) => {
  const { result } = await inPage(
    page,
    trapping(`
    const first = async () => ({ ...(await provider()), expiresAt: inSeconds(asked === 1 ? 4 : 600) });
    const daypass = await connect({ api, provider: first });
    const events = [];
    daypass.addEventListener('refreshed', () => events.push('refreshed'));
    // The step that the timer makes.
    isTrap = (name) => name === 'engine_step';
    await sleep(6_000);
    const seen = { asked, events, traps, token: daypass.peek() };
    daypass.close();
    return seen;`),
  );
  assert.deepEqual(result, { asked: 2, events: ['refreshed'], traps: ['RuntimeError'], token: 'Bearer t2' });
});

rule('a trap while somebody waits does not leave them waiting', async (page) => {
  const { result } = await inPage(
    page,
    trapping(`
    // The step that takes the provider's answer.
    isTrap = (name, steps) => name === 'engine_step' && steps === 4;
    const daypass = await connect({ api, provider });
    const seen = [asked, daypass.peek()];
    daypass.close();
    return seen;`),
  );
  assert.deepEqual(result, [2, 'Bearer t2']);
});

rule('a trap elsewhere while the provider is asked leaves no call without its answer, and no lock', async (page) => {
  let asked = 0;
  const token = async (response) => {
    const authorization = `Bearer t${(asked += 1)}`;
    await new Promise((resolve) => setTimeout(resolve, 500));
    response
      .setHeader('Content-Type', 'application/json')
      .end(JSON.stringify({ authorization, expiresAt: Math.floor(Date.now() / 1000) + 600 }));
  };
  const { result } = await inPage(
    page,
    trapping(`
    const connecting = connect({ api, provider: '/token' });
    await sleep(200);
    await trapElsewhere();
    const daypass = await connecting;
    const seen = [typeof (await daypass.authorization()), daypass.describe().secondsLeft > 500];
    daypass.close();
    await sleep(100);
    const { held, pending } = await navigator.locks.query();
    return [...seen, held.length, pending.length];`),
    { routes: { '/token': token } },
  );
  assert.deepEqual(result, ['string', true, 0, 0]);
});

for (const where of ['engine_step', '__wbg_engine_free']) {
  rule(`a trap in ${where} while it closes does not bring a connection back`, async (page) => {
    const { result } = await inPage(
      page,
      trapping(`
      const short = async () => ({ ...(await provider()), expiresAt: inSeconds(3) });
      const daypass = await connect({ api, provider: short });
      const events = [];
      for (const type of ['refreshing', 'refreshed', 'failed']) daypass.addEventListener(type, () => events.push(type));
      isTrap = (name) => name === '${where}';
      try { daypass.close(); } catch { /* the trap */ }
      await sleep(4_000);
      return { asked, events, token: daypass.peek() };`),
    );
    assert.deepEqual(result, { asked: 1, events: [], token: null });
  });
}
