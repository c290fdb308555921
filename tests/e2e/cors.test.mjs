// What a page of another origin reads of a response, and whether it may send cookies, behind the product's layer. A proxy
// adds what a handler with ranges sends.
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { describe } from 'node:test';
import { info, rule } from './demo.mjs';
import { serve } from './server.mjs';

/** What a handler sends that has ranges, pages and versions. */
const OF_HANDLER = {
  'Accept-Ranges': 'bytes',
  'Content-Range': 'bytes 0-1/99',
  'Content-Disposition': 'attachment; filename="floor.json"',
  ETag: '"1"',
  Link: '</v2/floor?page=2>; rel="next"',
  'X-Internal': '1',
};
/** The requests that arrived, without preflights. */
const seen = [];

const proxy = await serve((request, response) => {
  const { connection, ...headers } = request.headers;
  const { pathname, searchParams } = new URL(request.url, info.api);
  if (request.method !== 'OPTIONS') seen.push({ path: pathname, cookie: headers.cookie });
  const target = new URL(request.url, info.api);
  const forward = httpRequest(target, { method: request.method, headers }, (answer) => {
    const sent = { ...answer.headers, ...OF_HANDLER, 'Set-Cookie': 'node=7; Path=/' };
    if (searchParams.has('strip')) delete sent['access-control-allow-credentials'];
    response.writeHead(answer.statusCode, sent);
    answer.pipe(response);
  });
  forward.end();
});
const site = await serve((_, response) =>
  response.setHeader('Content-Type', 'text/html').end('<!doctype html><title>A customer</title><link rel="icon" href="data:,">'),
);
const url = `${proxy}/v2/floor/ground?pubtoken=${info.publishableToken}`;

/** Loads a URL in the page: its status and the headers that the page sees, or the error's name. */
const load = (page, at, options) =>
  page.evaluate(
    async ([at, options]) => {
      try {
        const response = await fetch(at, options);
        return { status: response.status, headers: Object.fromEntries(response.headers) };
      } catch (error) {
        return { error: error.name };
      }
    },
    [at, options],
  );

describe('a page of another origin', () => {
  rule('reads the headers that loaders go by, and no others', {}, async (page) => {
    await page.goto(site);
    const { status, headers } = await load(page, url, {});
    assert.equal(status, 200);
    for (const name of ['Accept-Ranges', 'Content-Range', 'Content-Disposition', 'ETag', 'Link']) {
      assert.equal(headers[name.toLowerCase()], OF_HANDLER[name], name);
    }
    assert.ok(headers.date && headers['content-length'], 'the length is always seen');
    assert.equal(headers['x-internal'], undefined);
  });

  rule('sends cookies where the product lets it, and also with a preflight', {}, async (page) => {
    await page.goto(site);
    const own = { credentials: 'include' };
    assert.equal((await load(page, url, own)).status, 200);
    seen.length = 0;
    assert.equal((await load(page, url, { ...own, headers: { 'X-Own': '1' } })).status, 200);
    assert.deepEqual(seen.map(({ cookie }) => cookie), ['node=7']);
    assert.equal((await load(page, `${url}&strip`, own)).error, 'TypeError', 'the header is what lets it');
    const foreign = await load(page, `${proxy}/v2/floor/ground?pubtoken=${info.foreignToken}`, own);
    assert.equal(foreign.error, 'TypeError', 'a page that the token does not allow');
  });
});
