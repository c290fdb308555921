// How the WebAssembly is loaded, and what happens if that fails or if it traps.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { csp, installed, rule, serve, api } from './world.mjs';
import { floor } from './site/floor.js';

const dist = join(installed, 'dist');
const bytes = await readFile(join(dist, 'daypass_bg.wasm'));
const serveAs = (type) => (response) => response.setHeader('Content-Type', type).end(bytes);

/** Opens a page with the SDK, runs `body` in it, and returns the result and how often each file was requested. */
async function inPage(page, body, { routes = {}, policy = csp.wasm } = {}) {
  const requested = {};
  const counted = (path, answer) => (response, request) => {
    requested[path] = (requested[path] ?? 0) + 1;
    answer(response, request, requested[path]);
  };
  const all = {
    '/daypass_bg.wasm': serveAs('application/wasm'),
    '/elsewhere.wasm': serveAs('application/wasm'),
    ...routes,
  };
  const answers = Object.fromEntries(Object.entries(all).map(([path, answer]) => [path, counted(path, answer)]));
  const origin = await serve(dist, policy, { '/index.html': '<!doctype html><title>A page</title>', ...answers });
  await page.goto(`${origin}/`);
  const given = JSON.stringify({ api });
  const result = await page.evaluate(`(async ({ api }) => {
    const { connect, initialise, DaypassError } = await import('/index.js');
    const floor = ${floor};
    const codeOf = (error) => (error instanceof DaypassError ? error.code : String(error));
    const failing = async (promise) => promise.then(() => 'loaded', codeOf);
    return (${body})({ api, connect, initialise, failing, floor: () => floor(connect, api) });
  })(${given})`);
  return { result, requested };
}

rule('the package needs no other file', async (page) => {
  const body = 'async ({ floor }) => Promise.all([floor(), floor(), floor()])';
  assert.deepEqual(await inPage(page, body), { result: Array(3).fill('the first floor'), requested: {} });
});

rule('browsers without their own base64 decoder load it too', async (page) => {
  const { result } = await inPage(page, 'async ({ floor }) => (delete Uint8Array.fromBase64, floor())');
  assert.equal(result, 'the first floor');
});

const GIVEN = {
  'a string': "'/elsewhere.wasm'",
  'a URL': "new URL('/elsewhere.wasm', location.href)",
  'a Request': "new Request('/elsewhere.wasm')",
  'a Response': "await fetch('/elsewhere.wasm')",
  'an ArrayBuffer': "await (await fetch('/elsewhere.wasm')).arrayBuffer()",
  'a typed array': "new Uint8Array(await (await fetch('/elsewhere.wasm')).arrayBuffer())",
  'a Module': "await WebAssembly.compileStreaming(fetch('/elsewhere.wasm'))",
};
for (const [name, code] of Object.entries(GIVEN)) {
  rule(`initialise takes ${name}`, async (page) => {
    const body = `async ({ initialise, floor }) => { await initialise({ module_or_path: ${code} }); return floor(); }`;
    assert.deepEqual(await inPage(page, body), { result: 'the first floor', requested: { '/elsewhere.wasm': 1 } });
  });
}

for (const type of [
  'text/plain',
  'application/octet-stream',
  'application/wasm; charset=utf-8',
  'Application/WASM',
  '',
]) {
  rule(`it loads from a server that sends the type \`${type}\``, async (page) => {
    const body =
      "async ({ initialise, floor }) => { await initialise({ module_or_path: '/elsewhere.wasm' }); return floor(); }";
    const { result } = await inPage(page, body, { routes: { '/elsewhere.wasm': serveAs(type) } });
    assert.equal(result, 'the first floor');
  });
}

rule('concurrent calls load it once', async (page) => {
  const body = `async ({ initialise, floor }) => {
    const load = () => initialise({ module_or_path: '/elsewhere.wasm' });
    await Promise.all([load(), load()]);
    return floor();
  }`;
  assert.deepEqual(await inPage(page, body), { result: 'the first floor', requested: { '/elsewhere.wasm': 1 } });
});

const FAILURES = {
  'a truncated response': (response) =>
    response.setHeader('Content-Type', 'application/wasm').end(bytes.subarray(0, 1000)),
  'an HTML page in its place': (response) => response.setHeader('Content-Type', 'text/html').end('<!doctype html>'),
};
for (const [name, failing] of Object.entries(FAILURES)) {
  rule(`${name} causes an error with a code, and the next call retries`, async (page) => {
    const body =
      'async ({ initialise, failing, floor }) => ' +
      "[await failing(initialise({ module_or_path: '/elsewhere.wasm' })), await floor()]";
    const { result } = await inPage(page, body, { routes: { '/elsewhere.wasm': failing } });
    assert.deepEqual(result, ['load_failed', 'the first floor']);
  });
}

rule('a response with status 404 is not compiled', async (page) => {
  const body =
    "async ({ initialise }) => initialise({ module_or_path: new Response('', { status: 404 }) })" +
    '.catch(({ message }) => message)';
  assert.match((await inPage(page, body)).result, /status 404/);
});

rule('under a policy that forbids WebAssembly, the error names the directive to allow', async (page) => {
  const body = 'async ({ connect, api }) => connect({ api }).catch(({ code, help }) => ({ code, help }))';
  const { result } = await inPage(page, body, { policy: csp.nowasm });
  assert.equal(result.code, 'load_failed');
  assert.match(result.help, /'wasm-unsafe-eval'.*daypass\/nowasm/);
});

rule('in a browser without WebAssembly, loading fails with a code', async (page) => {
  const { result } = await inPage(
    page,
    'async ({ failing, initialise }) => (delete globalThis.WebAssembly, failing(initialise()))',
  );
  assert.equal(result, 'load_failed');
});

/**
 * Makes code for a page whose first WebAssembly instance traps. `trapAt(n)` lets the call after the next n calls trap;
 * the names of functions are no help, since the build shortens them.
 */
const trapping = (body) => `async ({ api, connect, initialise }) => {
  let callsUntilTrap = Infinity;
  let callsAfter = 0;
  const trapAt = (n) => (callsUntilTrap = n);
  const { instantiateStreaming } = WebAssembly;
  WebAssembly.instantiateStreaming = async (...given) => {
    const { module, instance } = await instantiateStreaming(...given);
    let hasTrapped = false;
    const watch = ([name, value]) => {
      if (typeof value !== 'function') return [name, value];
      const call = (...given) => {
        if (hasTrapped) callsAfter += 1;
        if (callsUntilTrap-- === 0) {
          hasTrapped = true;
          throw new WebAssembly.RuntimeError('unreachable');
        }
        return value(...given);
      };
      return [name, call];
    };
    return { module, instance: { exports: Object.fromEntries(Object.entries(instance.exports).map(watch)) } };
  };
  let failures = 0;
  const { Instance } = WebAssembly;
  /** Lets the next n further instances fail to be made. */
  const failNext = (n) => (failures = n);
  WebAssembly.Instance = function (...given) {
    if (failures-- > 0) throw new RangeError('out of memory');
    return new Instance(...given);
  };
  /** Traps in a listener of the page's events. */
  const trapInFocus = () => {
    trapAt(0);
    dispatchEvent(new Event('focus'));
  };
  const traps = [];
  for (const type of ['error', 'unhandledrejection']) {
    addEventListener(type, (event) => {
      event.preventDefault();
      traps.push((event.error ?? event.reason).name);
    });
  }
  const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds));
  const inSeconds = (seconds) => Math.floor(Date.now() / 1000) + seconds;
  let calls = 0;
  const provider = async () => ({ authorization: \`Bearer t\${(calls += 1)}\`, expiresAt: inSeconds(600) });
  const publishableToken = 'dp_pub_0123456789ABCDEFGHIJKLMNabcdefgh1KhsRu';
  /** Traps in a call of another connection. */
  const trapElsewhere = async () => {
    const other = await connect({ api, publishableToken });
    trapAt(0);
    try { other.can('floor:readPrivate'); } catch { /* the trap */ }
    other.close();
  };
  ${body}
}`;

rule('after a trap, connections continue with their token in a new instance', async (page) => {
  const { result } = await inPage(
    page,
    trapping(`
    const [daypass, other] = [await connect({ api, provider }), await connect({ api, publishableToken })];
    trapAt(0);
    dispatchEvent(new Event('focus'));
    const { secondsLeft, refreshInSeconds } = daypass.describe();
    const seen = [traps, daypass.peek(), other.peek().slice(0, 14)];
    seen.push(secondsLeft > 590 && secondsLeft <= 600, refreshInSeconds > 400);
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

rule('a trap in a timer does not end the refreshing', async (page) => {
  const { result } = await inPage(
    page,
    trapping(`
    const first = async () => ({ ...(await provider()), expiresAt: inSeconds(calls === 1 ? 4 : 600) });
    const daypass = await connect({ api, provider: first });
    const events = [];
    daypass.addEventListener('refreshed', () => events.push('refreshed'));
    // The next call is the timer's.
    trapAt(0);
    await new Promise((resolve) => daypass.addEventListener('refreshed', resolve));
    const seen = { calls, events, traps, token: daypass.peek() };
    daypass.close();
    return seen;`),
  );
  assert.deepEqual(result, { calls: 2, events: ['refreshed'], traps: ['RuntimeError'], token: 'Bearer t2' });
});

rule('a trap while a caller waits does not leave it waiting', async (page) => {
  const { result } = await inPage(
    page,
    trapping(`
    // The next call is the one that receives the first token.
    const answer = async () => {
      const token = await provider();
      if (calls === 1) trapAt(0);
      return token;
    };
    const daypass = await connect({ api, provider: answer });
    const seen = [calls, daypass.peek()];
    daypass.close();
    return seen;`),
  );
  assert.deepEqual(result, [2, 'Bearer t2']);
});

/** Makes a promise, and the function that resolves it. */
function defer() {
  let resolve;
  const promise = new Promise((settle) => (resolve = settle));
  return { promise, resolve };
}

rule('a trap of another connection during a call to the provider leaves no call pending, and no lock', async (page) => {
  let calls = 0;
  const [called, trapped] = [defer(), defer()];
  const token = async (response) => {
    const authorization = `Bearer t${(calls += 1)}`;
    called.resolve();
    await trapped.promise;
    response
      .setHeader('Content-Type', 'application/json')
      .end(JSON.stringify({ authorization, expiresAt: Math.floor(Date.now() / 1000) + 600 }));
  };
  const { result } = await inPage(
    page,
    trapping(`
    const connecting = connect({ api, provider: '/token' });
    await fetch('/called');
    await trapElsewhere();
    await fetch('/trapped');
    const daypass = await connecting;
    const seen = [typeof (await daypass.authorization()), daypass.describe().secondsLeft > 500];
    daypass.close();
    await sleep(100);
    const { held, pending } = await navigator.locks.query();
    return [...seen, held.length, pending.length];`),
    {
      routes: {
        '/token': token,
        '/called': (response) => called.promise.then(() => response.end()),
        '/trapped': (response) => response.end(trapped.resolve()),
      },
    },
  );
  assert.deepEqual(result, ['string', true, 0, 0]);
});

for (const at of [0, 1, 2]) {
  rule(`a trap in the call ${at} of close() does not reopen the connection`, async (page) => {
    const { result } = await inPage(
      page,
      trapping(`
      const short = async () => ({ ...(await provider()), expiresAt: inSeconds(3) });
      const daypass = await connect({ api, provider: short });
      const events = [];
      for (const type of ['refreshing', 'refreshed', 'failed']) daypass.addEventListener(type, () => events.push(type));
      trapAt(${at});
      try { daypass.close(); } catch { /* the trap */ }
      await sleep(4_000);
      return { calls, events, token: daypass.peek() };`),
    );
    assert.deepEqual(result, { calls: 1, events: [], token: null });
  });
}

rule('a connection is opened again if the first new instance after a trap cannot be made', async (page) => {
  const { result } = await inPage(
    page,
    trapping(`
    const first = async () => ({ ...(await provider()), expiresAt: inSeconds(calls === 1 ? 4 : 600) });
    const daypass = await connect({ api, provider: first });
    const refreshed = new Promise((resolve) => daypass.addEventListener('refreshed', resolve));
    failNext(1);
    trapInFocus();
    await refreshed;
    const seen = [traps, daypass.peek()];
    daypass.close();
    return seen;`),
  );
  assert.deepEqual(result, [['RuntimeError'], 'Bearer t2']);
});

rule('if no new instance can be made, a pending call fails with a retryable code, and others go on', async (page) => {
  const { result } = await inPage(
    page,
    trapping(`
    const first = async () => ({ ...(await provider()), expiresAt: inSeconds(calls === 2 ? 4 : 600) });
    const daypass = await connect({ api, provider: first });
    const waiting = daypass.refusal(new Response(new ReadableStream(), { status: 403 }));
    const other = await connect({ api, provider: first });
    const refreshed = new Promise((resolve) => other.addEventListener('refreshed', resolve));
    failNext(2);
    trapInFocus();
    const { name, code, retryable, help } = await waiting.catch((error) => error);
    await refreshed;
    for (const one of [daypass, other]) one.close();
    return [traps, name, code, retryable, help];`),
  );
  assert.deepEqual(result, [['RuntimeError'], 'DaypassError', 'interrupted', true, 'Make the call again.']);
});

rule('while no instance can be made, all calls fail with a code, and close() ends what is pending', async (page) => {
  const { result } = await inPage(
    page,
    trapping(`
    let isFirst = true;
    const once = async () => (isFirst ? ((isFirst = false), provider()) : new Promise(() => {}));
    const daypass = await connect({ api, provider: once });
    const waiting = daypass.refresh().catch(({ code }) => code);
    failNext(Infinity);
    trapInFocus();
    const codes = [];
    for (const call of [() => daypass.peek(), () => daypass.can('floor:update'), () => daypass.transformRequest('/')]) {
      try { call(); } catch ({ code }) { codes.push(code); }
    }
    codes.push(await daypass.authorization().catch(({ code }) => code));
    daypass.close();
    return [traps, codes, await waiting, daypass.peek()];`),
  );
  assert.deepEqual(result, [['RuntimeError'], Array(4).fill('interrupted'), 'interrupted', null]);
});

for (const [call, value] of [
  ['peek()', 'Bearer t1'],
  ['describe().kind', 'temporary'],
  ["transformRequest('/floor').headers.Authorization", 'Bearer t1'],
  ["can('floor:update')", null],
]) {
  rule(`a trap in ${call} is not seen: the next instance answers`, async (page) => {
    const { result } = await inPage(
      page,
      trapping(`
      const daypass = await connect({ api, provider });
      trapAt(0);
      const value = daypass.${call};
      daypass.close();
      return [value, traps];`),
    );
    assert.deepEqual(result, [value, []]);
  });
}

rule('a trap in any call while a connection opens is not seen: the next instance opens it', async (page) => {
  const outcomes = [];
  for (let at = 0; at < 14; at += 1) {
    const { result } = await inPage(
      page,
      trapping(`
      await initialise();
      trapAt(${at});
      const daypass = await connect({ api, publishableToken });
      const kind = daypass.describe().kind;
      daypass.close();
      return kind;`),
    );
    outcomes.push(result);
  }
  assert.deepEqual(outcomes, Array(14).fill('publishable'));
});
