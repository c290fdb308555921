// Every block of every page works as printed. A page that is added is read too, and a block that nothing runs fails.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { blocks, pages } from './blocks.mjs';
import { Reader } from './reader.mjs';

/** A page with all its blocks, compilers and browsers included, in milliseconds. */
const timeout = 1_800_000;

/** The pages that go on from this section of another page, which ends afterwards. */
const GOES_ON = {
  'docs/tutorial.md': { before: 'Refuse', pages: ['docs/guides/page.md', 'docs/reference/http.md', 'pkg/README.md'] },
};

/** `tests/loaders` runs the blocks of this page, and checks that it runs all of them. */
const LOADERS = 'docs/guides/loaders.md';

/** `tests/other-languages` runs the blocks of this page, all of them modules. */
const OTHER_LANGUAGES = 'docs/guides/other-languages.md';

/** All blocks that are not run, by their first line. */
const NOT_RUN = [
  ['README.md', " your customer's page                      your API                   the token service"],
  // These tests are part of it.
  ['README.md', 'cargo xtask test   # everything that must pass'],
  // These change the machine, need a container tool, or take long.
  [
    'docs/guides/production.md',
    ' pages, backends, APIs ── https ──▶ nginx ── 127.0.0.1:8787 ──▶ daypass serve ──▶ /var/lib/daypass',
  ],
  ['docs/guides/production.md', 'systemctl daemon-reload'],
  ['docs/guides/production.md', 'export DAYPASS_CONFIG=/etc/daypass/daypass.toml'],
  [
    'docs/guides/production.md',
    'git archive HEAD | podman build --format docker --file service/deploy/Containerfile --tag daypass -',
  ],
  ['docs/guides/production.md', 'cargo xtask release'],
  // It takes an API that is in use.
  ['docs/guides/service.md', 'day         requests  accepted   refused  refreshes'],
  ['docs/reference/http.md', 'id: 7'],
];

/** The generated page of the command line. Its examples name files that nobody has. */
const COMMANDS = 'docs/reference/command-line.md';

const later = [LOADERS, OTHER_LANGUAGES, ...Object.values(GOES_ON).flatMap(({ pages }) => pages)];

for (const page of pages.filter((page) => blocks(page).length > 0 && !later.includes(page))) {
  test(`${page} works as printed`, { timeout }, async (t) => {
    const reader = await Reader.start();
    try {
      const { before, pages } = GOES_ON[page] ?? { pages: [] };
      await reader.follow(page, { before });
      for (const other of pages) {
        await t.test(`${other} works as printed`, { timeout }, () => reader.follow(other));
      }
      if (before) await reader.follow(page, { from: before });
    } finally {
      await reader.close();
    }
  });
}

test('few blocks are not run', () => {
  const isRun = ({ language, label }) => label !== 'skip' && (language !== 'text' || label !== '');
  const notRun = (page) => blocks(page).filter((block) => !isRun(block));
  const others = pages.filter((page) => page !== COMMANDS);
  assert.deepEqual(others.flatMap((page) => notRun(page).map(({ code }) => [page, code.split('\n')[0]])), NOT_RUN);
});

test(`the program understands every example of ${COMMANDS}`, () => {
  const lines = blocks(COMMANDS).flatMap(({ code }) => code.trim().split('\n'));
  // The others show how a command is used: `daypass completions <SHELL>`.
  const examples = lines.filter((line) => !/ [[<][A-Z]/.test(line));
  assert.ok(examples.length > 5, 'the page has examples');
  const env = { ...process.env, PATH: `${join(process.env.DAYPASS_TARGET, 'debug')}:${process.env.PATH}` };
  for (const line of examples) {
    // The help instead of the deed, unless something before it is wrong; shown, and not written to a file.
    const help = spawnSync('bash', ['-c', `${line.replace(/ > \S+$/, '')} --help`], { env, encoding: 'utf8' });
    assert.ok(help.status === 0 && help.stdout.includes('Usage: daypass'), `${line}\n${help.stdout}${help.stderr}`);
  }
});
