// What the React entry does between two attempts to connect, with a clock of its own.
import assert from 'node:assert/strict';
import { mock, test } from 'node:test';
import { build } from 'esbuild';

const { outputFiles } = await build({
  entryPoints: ['pkg/src/connection-keeper.ts'],
  bundle: true,
  format: 'esm',
  write: false,
});
const { Keeper } = await import(`data:text/javascript,${encodeURIComponent(outputFiles[0].text)}`);

const down = Object.assign(new Error('down'), { code: 'provider_failed', retryable: true });
const forbidden = Object.assign(new Error('forbidden'), { code: 'provider_forbidden', retryable: false });
const closed = Object.assign(new Error('closed'), { code: 'closed', retryable: false });

/** A connection, as far as a keeper uses it. */
class Connection extends EventTarget {
  isClosed = false;
  close() {
    this.isClosed = true;
    this.dispatchEvent(new Event('closed'));
  }
  async authorization() {
    throw closed;
  }
}

const settle = () => new Promise((resolve) => setImmediate(resolve));

/** A keeper whose attempts have these results in turn, the last one again and again. */
async function keep(...results) {
  mock.timers.enable({ apis: ['setTimeout'] });
  mock.method(Math, 'random', () => 1);
  const target = new EventTarget();
  for (const method of ['addEventListener', 'removeEventListener']) globalThis[method] = target[method].bind(target);
  const seen = { attempts: 0, outcomes: [], errors: [], signals: [] };
  const open = async (signal) => {
    seen.signals.push(signal);
    const result = results[Math.min(seen.attempts, results.length - 1)];
    seen.attempts += 1;
    if (result instanceof Error) throw result;
    return result;
  };
  const keeper = new Keeper(open, ({ daypass, error }) => {
    seen.outcomes.push(daypass ?? error?.code ?? null);
    seen.errors.push(error?.code ?? null);
  });
  await settle();
  const wait = async (seconds) => {
    mock.timers.tick(seconds * 1_000);
    await settle();
  };
  return { keeper, seen, wait, online: async () => (target.dispatchEvent(new Event('online')), settle()) };
}

const rule = (name, body) =>
  test(name, async () => {
    try {
      await body();
    } finally {
      mock.timers.reset();
      mock.restoreAll();
      delete globalThis.addEventListener;
      delete globalThis.removeEventListener;
    }
  });

rule('the time between attempts doubles, to one minute', async () => {
  const { keeper, seen, wait } = await keep(down);
  for (const [failures, seconds] of [1, 2, 4, 8, 16, 32, 60, 60].entries()) {
    assert.equal(seen.attempts, failures + 1);
    await wait(seconds - 0.1);
    assert.equal(seen.attempts, failures + 1, `before ${seconds} seconds`);
    await wait(0.1);
  }
  assert.equal(seen.attempts, 9);
  keeper.close();
  await wait(60);
  assert.equal(seen.attempts, 9, 'after close()');
});

rule('it begins at one second again after a connection', async () => {
  const { keeper, seen, wait } = await keep(down, down, new Connection(), down, new Connection());
  await wait(1);
  await wait(2);
  seen.outcomes.at(-1).close();
  await settle();
  assert.equal(seen.outcomes.at(-1), 'closed');
  await wait(600);
  assert.equal(seen.attempts, 3, 'a connection that somebody closed stays closed');
  keeper.retry();
  await settle();
  await wait(1);
  assert.equal(seen.attempts, 5);
  keeper.close();
});

rule('retry() and the event `online` connect at once, once', async () => {
  for (const act of ['retry', 'online']) {
    const { keeper, seen, wait, online } = await keep(down, new Connection());
    for (let times = 0; times < 2; times += 1) act === 'online' ? await online() : keeper.retry();
    await settle();
    assert.equal(seen.attempts, 2);
    await wait(600);
    assert.equal(seen.attempts, 2);
    keeper.close();
    mock.timers.reset();
    mock.restoreAll();
  }
});

rule('after a failure for good only retry() connects', async () => {
  const { keeper, seen, wait, online } = await keep(forbidden, new Connection());
  await wait(600);
  await online();
  assert.deepEqual([seen.attempts, seen.outcomes], [1, ['provider_forbidden']]);
  keeper.retry();
  assert.equal(seen.outcomes.at(-1), null, 'connecting again is no failure');
  await settle();
  assert.ok(seen.outcomes.at(-1) instanceof Connection);
  keeper.close();
});

rule('a provider that gives no more tokens is a failure of the open connection; retry() opens another', async () => {
  const [first, second] = [new Connection(), new Connection()];
  const { keeper, seen, wait } = await keep(first, second);
  const fail = (connection, error, retryInSeconds) =>
    connection.dispatchEvent(new CustomEvent('failed', { detail: { error, retryInSeconds } }));
  fail(first, down, 5);
  keeper.retry();
  await settle();
  assert.deepEqual([seen.attempts, seen.outcomes, seen.errors], [1, [first], [null]], 'it goes on by itself');
  fail(first, forbidden, null);
  await wait(600);
  assert.deepEqual([seen.attempts, seen.errors], [1, [null, 'provider_forbidden']]);
  assert.equal(seen.outcomes.at(-1), first, 'its token may still be active');
  keeper.retry();
  keeper.retry();
  await settle();
  assert.deepEqual([first.isClosed, seen.attempts, seen.outcomes.slice(2)], [true, 2, [null, second]]);
  fail(first, forbidden, null);
  assert.equal(seen.outcomes.length, 4, 'the connection of before is nothing any more');
  keeper.close();
  assert.ok(second.isClosed);
});

rule('the reason of a signal is an error, whatever it is', async () => {
  for (const reason of [undefined, null, 'left', new DOMException('left', 'AbortError')]) {
    const rejected = [];
    const open = async () => Promise.reject(reason);
    const keeper = new Keeper(open, (outcome) => rejected.push(outcome));
    await settle();
    const [{ daypass, error }] = rejected;
    assert.deepEqual([daypass, error.code, error.cause, rejected.length], [null, undefined, reason, 1]);
    keeper.close();
  }
});

rule('close() aborts the attempt, and closes a connection that comes nevertheless', async () => {
  let arrive;
  const connection = new Connection();
  const outcomes = [];
  let signal;
  const open = (given) => ((signal = given), new Promise((resolve) => (arrive = resolve)));
  const keeper = new Keeper(open, (outcome) => outcomes.push(outcome));
  keeper.close();
  arrive(connection);
  await settle();
  assert.deepEqual([signal.aborted, connection.isClosed, outcomes], [true, true, []]);
});
