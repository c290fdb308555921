// Measures, in the page, what clients with a living token take.
import { clients } from './clients.js';

/** The figure of each row for one round. */
export async function measure(api, { fetches, batches, looks, works, gets }, round) {
  const { daypass, publishable, authorization, request } = await clients(api);

  for (let i = 0; i < gets; i++) await publishable.fetch(`/publishable?round=${round}`);
  await daypass.fetch(`/header?round=${round}`);

  const sent = added(await inTurns(request, fetches, 1));
  const looked = await inTurns(authorization, batches, looks);
  const worked = added(await withoutNetwork(() => inTurns(request, batches, works)));

  daypass.close();
  publishable.close();
  return { ...rows('fetch', sent), ...rows('authorization', looked), ...rows('work', worked) };
}

/** What each takes longer than the browser's own `fetch`, which stays as it is. */
function added({ bare, ...others }) {
  return { bare, ...Object.fromEntries(Object.entries(others).map(([name, figure]) => [name, figure - bare])) };
}

/** Ours by its own name. */
function rows(what, figures) {
  return Object.fromEntries(Object.entries(figures).map(([name, figure]) => [name === 'daypass' ? `browser/${what}` : `${what}/${name}`, figure]));
}

/**
 * The median of each in nanoseconds a call. They take turns, forwards and backwards, so that what slows a while slows all. The first
 * turns are for the compilers.
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

/** What `run` brings while every request is answered at once. */
async function withoutNetwork(run) {
  const network = globalThis.fetch;
  globalThis.fetch = async () => new Response('{}');
  try {
    return await run();
  } finally {
    globalThis.fetch = network;
  }
}
