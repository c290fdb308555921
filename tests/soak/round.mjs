// One round: some tabs share a connection, one or two of them are frozen or killed, and the others go on.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { backend } from '../e2e/backend.mjs';
import { info } from '../e2e/demo.mjs';
import { Member } from './member.mjs';

/** Nobody waits longer for a token, counted from when it connects or thaws, or somebody else is struck; milliseconds. */
const LIMIT = 5_000;
/** So long somebody is frozen, in milliseconds: mostly a while, now and then longer than a call to the provider may take. */
const FREEZES = { short: [300, 4_500], long: [10_500, 13_000] };
/** How long the browser may take to start a tab, on a busy machine. */
const START = 20_000;

/** Numbers from 0 up to 1, the same ones for the same seed (mulberry32). */
function chance(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What is to happen in the round of this seed. */
export function plan(seed) {
  const random = chance(seed);
  const between = (low, high) => Math.floor(low + random() * (high - low));
  const list = (count, make) => Array.from({ length: count }, make);
  // How long the provider takes.
  const delay = between(0, 300);
  const members = list(between(3, 7), () => ({ joinsAt: between(0, 300), isPage: random() < 0.1 }));
  // One is killed, or frozen for so long: whoever asks, so long after somebody asked, or any other, so long after the start.
  const strikes = list(between(1, 3), () => {
    const victim = random() < 0.5 ? 'leader' : between(0, members.length);
    const at = between(0, victim === 'leader' ? delay + 50 : 600);
    const freeze = between(...FREEZES[random() < 0.1 ? 'long' : 'short']);
    return { victim, at, freeze: random() < 0.5 ? freeze : 0 };
  });
  return { delay, members, strikes };
}

/** Waits until it holds. */
async function until(what, holds, milliseconds = LIMIT) {
  const end = Date.now() + milliseconds;
  while (!(await holds())) {
    assert.ok(Date.now() < end, `not so after ${milliseconds} ms: ${what}`);
    await sleep(10);
  }
}

/** Plays the round of this seed; `host` is the page that has the workers. */
export async function round(seed, host) {
  const { delay, members: joining, strikes } = plan(seed);
  const share = `round ${seed}`;
  const connection = { api: info.api, share, url: `${backend}/token?round=${seed}`, delay };
  const members = joining.map(({ isPage }, index) => new Member(`${seed}/${index}`, host, isPage));
  const living = () => members.filter(({ isDead }) => !isDead);
  const startedAt = Date.now();
  try {
    let struckAt = startedAt;
    const joins = joining.map(async ({ joinsAt }, index) => {
      await sleep(joinsAt);
      await members[index].start(connection);
    });
    const struck = strikes.map(async ({ victim, at, freeze }) => {
      if (victim === 'leader')
        await until('somebody asks', () => members.some(({ calls }) => calls.length > 0), START + LIMIT);
      await sleep(at);
      const asked = ({ told }) => told.asking?.at ?? 0;
      const member = victim === 'leader' ? members.toSorted((a, b) => asked(b) - asked(a))[0] : members[victim];
      await joins[members.indexOf(member)];
      if (member.isDead) return;
      struckAt = Date.now();
      await (freeze && !member.isPage ? member.freeze(freeze) : member.kill());
    });
    await Promise.all([...joins, ...struck]);

    await Promise.all(living().map((member) => hasToken(member, members.indexOf(member), struckAt)));
    await until('all have the same token', async () => {
      const before = Date.now();
      await Promise.all(living().map((member) => member.order('peek')));
      await until('all say what they have', () => living().every(({ told }) => told.peeked?.at >= before));
      const tokens = new Set(living().map(({ told }) => told.peeked.detail));
      return tokens.size === 1 && !tokens.has(null);
    });
    const calls = members.flatMap(({ calls }, index) => calls.map((at) => `${index} after ${at - startedAt} ms`));
    const killed = members.length - living().length;
    // Whoever is killed may have been the one who asked.
    const isFine = calls.length <= 1 + killed || members.some(({ freezes }) => freezes > 0);
    assert.ok(
      isFine,
      `${killed} killed after ${struckAt - startedAt} ms, but ${calls.length} requests: ${calls.join(', ')}`,
    );

    await Promise.all(living().map((member) => member.order('close')));
    const isOurs = (name) =>
      navigator.locks
        .query()
        .then(({ held, pending }) => [...held, ...pending].some((lock) => lock.name.includes(name)));
    await until('all locks are let go of', async () => !(await host.evaluate(isOurs, JSON.stringify(share))));
  } finally {
    await Promise.all(members.map((member) => member.remove()));
  }
}

/** Waits until it has a token, counted from when nothing hindered it any more. */
async function hasToken(member, index, struckAt) {
  const { told } = member;
  await until(`${index} starts`, () => told.started, START);
  await until(`${index} thaws`, () => member.thaws === member.freezes, START + member.freezes * FREEZES.long[1]);
  await until(`${index} has a token`, () => told.connected ?? told.failed);
  assert.equal(told.failed, undefined, `${index}: ${told.failed?.detail}`);
  const since = Math.max(told.started.at, told.thawed?.at ?? 0, struckAt);
  assert.ok(told.connected.at <= since + LIMIT, `${index} has a token after ${told.connected.at - since} ms only`);
}
