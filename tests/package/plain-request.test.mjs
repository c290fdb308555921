// Requests that the package sends without asking the WebAssembly: they are those that it would have sent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { run } from './world.mjs';

/** Runs code that asks for requests, and sees what is sent. */
const seen = (code) =>
  run('node', [
    '--input-type=module',
    '--eval',
    `import { connect } from 'daypass';
    const api = 'https://api.example.com/v2';
    const expiresAt = Math.floor(Date.now() / 1000) + 600;
    const daypass = await connect({ api, provider: async () => ({ authorization: 'Bearer good', expiresAt }) });
    let sent;
    globalThis.fetch = async (resource, init) => {
      init.signal.throwIfAborted();
      // Without the signal: each Request would listen to it until it is collected.
      const request = new Request(resource, { ...init, signal: null });
      sent = [request.method, request.url, request.headers.get('authorization'), request.headers.get('accept')].join(' ');
      return new Response(null, { status: 204 });
    };
    // Options of a class of one's own are left to the WebAssembly.
    class Own { constructor(init) { Object.assign(this, init); } }
    const ask = async (input, init) => {
      sent = undefined;
      const failed = await daypass.fetch(input, init).then(() => undefined, (error) => error.help ? error.code : error.name);
      return failed ?? sent;
    };
    ${code}
    daypass.close();`,
  ]);

test('a URL or a path has one meaning, however its request is sent', async () => {
  const code = `
    const parts = ['a', 'floor', '7', '.', '..', '.well-known', 'a.b', '%2e%2e', '', 'a b', 'ä', 'a:b', '\\\\\\\\', '@', '~x', 'x,y'];
    const starts = ['', '/', '//', 'https://api.example.com/v2/', 'https://api.example.com/v2', 'https://api.example.com/',
      'https://other.example/', 'http:', ' /'];
    const ends = ['', '/', '?', '?a=1&b=2', '?x=/../y', '?q=a b', '#f', '?a#f', '?\\\\t'];
    const pick = (list) => list[Math.floor(Math.random() * list.length)];
    let plain = 0;
    for (let round = 0; round < 4000; round += 1) {
      const middle = Array.from({ length: Math.floor(Math.random() * 4) }, () => pick(parts)).join('/');
      const input = pick(starts) + middle + pick(ends);
      const [one, other] = [await ask(input), await ask(input, new Own({}))];
      if (one !== other) console.log('differ:', JSON.stringify(input), one, other);
      plain += one.startsWith('GET ');
    }
    console.log(plain > 1000);`;
  assert.equal(await seen(code), 'true\n');
});

test('options have one meaning, however the request is sent', async () => {
  const code = `
    for (const init of [
      { method: 'POST', body: 'text' }, { headers: { Accept: 'a/b' } }, { headers: new Headers({ Accept: 'c/d' }) },
      { headers: [['Accept', 'e/f'], ['Authorization', 'Basic x']] }, { headers: null }, { method: 'PATCH', body: null },
      { mode: 'no-cors' }, { headers: { 'bad name': '' } }, { method: 'bad method' }, { signal: AbortSignal.abort() },
      { signal: null }, { body: 'of a GET' },
    ]) {
      const [one, other] = [await ask('/floor', init), await ask('/floor', new Own(init))];
      console.log(one === other ? one : 'differ: ' + JSON.stringify(init) + one + other);
    }`;
  const url = 'https://api.example.com/v2/floor Bearer good';
  const expected = [`POST ${url} `, `GET ${url} a/b`, `GET ${url} c/d`, `GET ${url} e/f`, `GET ${url} `, `PATCH ${url} `];
  const failed = ['TypeError', 'TypeError', 'AbortError'];
  const lines = [...expected, `GET ${url} `, ...failed, `GET ${url} `, 'TypeError'];
  assert.deepEqual((await seen(code)).split('\n'), [...lines, '']);
});

test('options are read once', async () => {
  const code = `
    let reads = 0;
    const init = { get method() { return (reads += 1) === 1 ? 'POST' : 'DELETE'; } };
    console.log(await ask('/floor', init), reads);`;
  assert.equal(await seen(code), 'POST https://api.example.com/v2/floor Bearer good  1\n');
});

test('a plain request that is refused is sent again with the next token, and the refused one is not used again', async () => {
  const code = `
    let calls = 0;
    const tokens = [];
    const provider = async () => ({ authorization: 'Bearer ' + (calls += 1), expiresAt });
    const second = await connect({ api, provider });
    globalThis.fetch = async (url, { headers }) => {
      tokens.push(headers.get('authorization'));
      return new Response(null, { status: tokens.at(-1) === 'Bearer 1' ? 401 : 204 });
    };
    const { status } = await second.fetch('/floor');
    await second.fetch('/floor');
    console.log(status, tokens.join());
    second.close();`;
  assert.equal(await seen(code), '204 Bearer 1,Bearer 2,Bearer 2\n');
});

test('the API has the last word, also if the token has ended meanwhile', async () => {
  const code = `
    const sleep = (seconds) => new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    const soon = Math.floor(Date.now() / 1000) + 3;
    const short = await connect({ api, temporaryToken: { authorization: 'Bearer short', expiresAt: soon } });
    globalThis.fetch = async (url) => {
      await sleep(3.2);
      const status = Number(new URL(url).pathname.slice(-3));
      if (status === 0) throw new TypeError('no network');
      return new Response(null, { status });
    };
    const told = (path, init) => short.fetch(path, init).then(({ status }) => status, ({ code }) => code);
    const paths = ['401', '503', '000'];
    const calls = paths.flatMap((path) => [told(path), told(path, new Own({}))]);
    console.log((await Promise.all(calls)).join());
    short.close();`;
  assert.equal(await seen(code), '401,401,503,503,network_failed,network_failed\n');
});

test('a clock that is set back brings no token back', async () => {
  const code = `
    const soon = Math.floor(Date.now() / 1000) + 2;
    const short = await connect({ api, temporaryToken: { authorization: 'Bearer short', expiresAt: soon } });
    await new Promise((resolve) => short.addEventListener('expired', resolve));
    const now = Date.now;
    Date.now = () => now() - 60_000;
    sent = undefined;
    const told = await short.fetch('/floor').then(({ status }) => status, ({ code }) => code);
    console.log(told, sent);
    short.close();`;
  assert.equal(await seen(code), 'token_expired undefined\n');
});
