// Measures, in the page, the calls of clients with an active token.
import { clients } from './clients.js';

/** Returns the figure of each row for one round. */
export async function measure(api, { fetches, batches, looks, works, gets }, round, before) {
  const { daypass, publishable, authorization, request } = await clients(api, before);

  for (let i = 0; i < gets; i++) await publishable.fetch(`/publishable?round=${round}`);
  await daypass.fetch(`/header?round=${round}`);

  const sent = added(await inTurns(request, fetches, 1));
  const looked = await inTurns(authorization, batches, looks);
  const worked = added(await withoutNetwork(() => inTurns(request, batches, works)));

  daypass.close();
  publishable.close();
  return { ...rows('fetch', sent), ...rows('authorization', looked), ...rows('work', worked) };
}

/** Subtracts the time of the browser's own `fetch` from that of the others. */
function added({ bare, ...others }) {
  return { bare, ...Object.fromEntries(Object.entries(others).map(([name, figure]) => [name, figure - bare])) };
}

/** Names the rows; those of Daypass are `browser/…`. */
function rows(what, figures) {
  const row = (name) => (name === 'daypass' ? `browser/${what}` : `${what}/${name}`);
  return Object.fromEntries(Object.entries(figures).map(([name, figure]) => [row(name), figure]));
}

/**
 * Returns the median of each in nanoseconds of a call. They take turns, forwards and backwards, so that a slow period
 * affects all. The first turns warm up the compilers and are not counted.
 */
async function inTurns(all, turns, calls) {
  const taken = Object.entries(all).map(([name, call]) => ({ name, call, figures: [] }));
  const warmUp = Math.ceil(turns / 4);
  for (let turn = -warmUp; turn < turns; turn++) {
    for (const { call, figures } of turn % 2 ? taken.toReversed() : taken) {
      const begin = performance.now();
      for (let i = 0; i < calls; i++) await call();
      if (turn >= 0) figures.push(((performance.now() - begin) / calls) * 1e6);
    }
  }
  return Object.fromEntries(taken.map(({ name, figures }) => [name, figures.sort((a, b) => a - b)[(turns - 1) >> 1]]));
}

/** Returns the result of `run`, during which every request is answered at once. */
async function withoutNetwork(run) {
  const network = globalThis.fetch;
  globalThis.fetch = async () => new Response('{}');
  try {
    return await run();
  } finally {
    globalThis.fetch = network;
  }
}
