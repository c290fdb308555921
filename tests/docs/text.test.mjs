// What every page of the documentation has: links that lead somewhere, a way from the map, lists that are not stale.
// `tests/house` holds the length of its lines and its words.
import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { pages, read } from './blocks.mjs';
import * as security from './security-lines.mjs';

/** A page without its blocks. */
const prose = (page) => read(page).replace(/^```.*?^```$/gms, '');

for (const page of pages) {
  test(`the links of ${page} lead somewhere`, () => {
    const links = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link]) => link);
    const broken = links.filter((link) => !/^(https?|mailto):/.test(link) && !leads(page, link));
    assert.deepEqual(broken, []);
  });
}

/** Whether a file, and the heading in it, exist. */
function leads(page, link) {
  const [path, anchor] = link.split('#');
  const file = path === '' ? page : join(dirname(page), path);
  if (!existsSync(file)) return false;
  return anchor === undefined || anchors(file).includes(anchor);
}

/** The anchors that GitHub makes of headings. */
function anchors(file) {
  const headings = [...prose(file).matchAll(/^#+ (.*)$/gm)].map(([, text]) => text);
  return headings.map((text) => text.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '').replaceAll(' ', '-'));
}

test('every page is reached from docs/README.md', () => {
  const reached = new Set(['docs/README.md']);
  for (const page of reached) {
    for (const [, link] of prose(page).matchAll(/\]\(([^)\s#]+)[^)]*\)/g)) {
      const file = join(dirname(page), link);
      if (pages.includes(file)) reached.add(file);
    }
  }
  assert.deepEqual(pages.filter((page) => !reached.has(page)), []);
});

test('docs/security.md lists the SECURITY lines: `node tests/docs/security-lines.mjs` writes them', () => {
  assert.equal(security.printed(), security.list());
});
