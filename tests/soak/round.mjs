// One round: some tabs share a connection, one or two of them are frozen or killed, and the others continue.
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { backend } from '../e2e/backend.mjs';
import { info } from '../e2e/demo.mjs';
import { Member } from './member.mjs';

/** The longest wait for a token after connecting, thawing, or the last strike, in milliseconds. */
const LIMIT = 5_000;
/** The length of a freeze, in milliseconds: mostly short, sometimes longer than the time-out of the provider. */
const FREEZES = { short: [300, 4_500], long: [10_500, 13_000] };
/** The time in which the browser starts a tab on a busy machine, in milliseconds. */
const START = 20_000;

/** Makes a generator of numbers from 0 up to 1 from a seed (mulberry32). */
function makeRandom(seed) {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Plans the round of this seed. */
export function plan(seed) {
  const random = makeRandom(seed);
  const between = (low, high) => Math.floor(low + random() * (high - low));
  const list = (count, make) => Array.from({ length: count }, make);
  // The provider's response time.
  const delay = between(0, 300);
  const members = list(between(3, 7), () => ({ joinsAt: between(0, 300), isPage: random() < 0.1 }));
  // A strike kills or freezes the leader, some time after the first call to the provider, or any member, some time
  // after the start.
  const strikes = list(between(1, 3), () => {
    const victim = random() < 0.5 ? 'leader' : between(0, members.length);
    const at = between(0, victim === 'leader' ? delay + 50 : 600);
    const freeze = between(...FREEZES[random() < 0.1 ? 'long' : 'short']);
    return { victim, at, freeze: random() < 0.5 ? freeze : 0 };
  });
  return { delay, members, strikes };
}

/** Waits until a condition is true. */
async function waitUntil(what, isTrue, milliseconds = LIMIT) {
  const end = Date.now() + milliseconds;
  while (!(await isTrue())) {
    assert.ok(Date.now() < end, `after ${milliseconds} ms still not: ${what}`);
    await sleep(10);
  }
}

/** Plays the round of this seed; `host` is the page with the workers. */
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
        await waitUntil(
          'a member calls the provider',
          () => members.some(({ calls }) => calls.length > 0),
          START + LIMIT,
        );
      await sleep(at);
      const calledAt = ({ reports }) => reports.calling?.at ?? 0;
      const member = victim === 'leader' ? members.toSorted((a, b) => calledAt(b) - calledAt(a))[0] : members[victim];
      await joins[members.indexOf(member)];
      if (member.isDead) return;
      struckAt = Date.now();
      await (freeze && !member.isPage ? member.freeze(freeze) : member.kill());
    });
    await Promise.all([...joins, ...struck]);

    await Promise.all(living().map((member) => waitForToken(member, members.indexOf(member), struckAt)));
    await waitUntil('all have the same token', async () => {
      const before = Date.now();
      await Promise.all(living().map((member) => member.order('peek')));
      await waitUntil('all report their token', () => living().every(({ reports }) => reports.peeked?.at >= before));
      const tokens = new Set(living().map(({ reports }) => reports.peeked.detail));
      return tokens.size === 1 && !tokens.has(null);
    });
    const calls = members.flatMap(({ calls }, index) => calls.map((at) => `${index} after ${at - startedAt} ms`));
    const killed = members.length - living().length;
    // A killed member may have been the one that called the provider.
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
    await waitUntil('all locks are released', async () => !(await host.evaluate(isOurs, JSON.stringify(share))));
  } finally {
    await Promise.all(members.map((member) => member.remove()));
  }
}

/** Waits until a member has a token, and checks how long that took since nothing hindered it. */
async function waitForToken(member, index, struckAt) {
  const { reports } = member;
  await waitUntil(`${index} starts`, () => reports.started, START);
  await waitUntil(`${index} thaws`, () => member.thaws === member.freezes, START + member.freezes * FREEZES.long[1]);
  await waitUntil(`${index} has a token`, () => reports.connected ?? reports.failed);
  assert.equal(reports.failed, undefined, `${index}: ${reports.failed?.detail}`);
  const since = Math.max(reports.started.at, reports.thawed?.at ?? 0, struckAt);
  assert.ok(
    reports.connected.at <= since + LIMIT,
    `${index} has a token after ${reports.connected.at - since} ms only`,
  );
}
