// Measures, in the page, what clients with a living token take.
import { clients } from './clients.js';

/** The figure of each row for one round. */
export async function measure(api, { fetches, batches, calls, gets }, round) {
  const { daypass, publishable, authorization, request } = await clients(api);
  const answer = (send) => async () => (await send(`${api}/floor`)).json();
  const sends = Object.fromEntries(Object.entries(request).map(([name, send]) => [name, answer(send)]));

  for (let i = 0; i < gets; i++) await publishable.fetch(`/publishable?round=${round}`);
  await daypass.fetch(`/header?round=${round}`);

  // The first half is for the compilers.
  await inTurns(sends, fetches, 1);
  const { bare, ...others } = await inTurns(sends, fetches, 1);
  const added = Object.entries(others).map(([name, figure]) => [row('fetch', name), figure - bare]);

  await inTurns(authorization, batches, calls);
  const looks = Object.entries(await inTurns(authorization, batches, calls));

  daypass.close();
  publishable.close();
  return { 'fetch/bare': bare, ...Object.fromEntries(added), ...Object.fromEntries(looks.map(([name, figure]) => [row('authorization', name), figure])) };
}

const row = (what, name) => (name === 'daypass' ? `browser/${what}` : `${what}/${name}`);

/** The median of each in nanoseconds a call. They take turns, forwards and backwards, so that what slows a while slows all. */
async function inTurns(all, turns, calls) {
  const taken = Object.entries(all).map(([name, call]) => ({ name, call, figures: [] }));
  for (let turn = 0; turn < turns; turn++) {
    for (const { call, figures } of turn % 2 ? taken.toReversed() : taken) {
      const begin = performance.now();
      for (let i = 0; i < calls; i++) await call();
      figures.push(((performance.now() - begin) / calls) * 1e6);
    }
  }
  return Object.fromEntries(taken.map(({ name, figures }) => [name, figures.sort((a, b) => a - b)[(turns - 1) >> 1]]));
}
