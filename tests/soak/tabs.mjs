// Rounds of tabs that freeze and die, in a real Chromium: `cargo xtask soak --only tabs`. The seed of a round
// determines what happens in it, but not exactly when.
import { parseArgs } from 'node:util';
import { launchBrowser } from '../engine.mjs';
import { redact } from '../e2e/demo.mjs';
import { backend } from '../e2e/backend.mjs';
import { listen } from './member.mjs';
import { plan, round } from './round.mjs';

/** How many rounds run at once, each with names of its own: most of their time is waiting. */
const LANES = 6;

const { values } = parseArgs({ options: { rounds: { type: 'string' }, seed: { type: 'string' } } });
const [rounds, first] = [Number(values.rounds), Number(values.seed)];

const browser = await launchBrowser();
const context = await browser.newContext();
await listen(context);
const start = Date.now();
let [begun, ended, failed] = [0, 0, 0];

async function lane() {
  const host = await context.newPage();
  await host.goto(`${backend}/page`);
  while (begun < rounds) {
    const seed = first + begun++;
    try {
      await round(seed, host);
    } catch (error) {
      failed += 1;
      console.log(`failed  tabs: round ${seed}: ${redact(error.message)}\n        ${JSON.stringify(plan(seed))}`);
      console.log(`        again: cargo xtask soak --only tabs --rounds 1 --seed ${seed}`);
    }
    ended += 1;
    if (ended % 50 === 0)
      console.log(`        tabs: ${ended} rounds, ${failed} failed, ${Math.round((Date.now() - start) / 1000)} s`);
  }
}

await Promise.all(Array.from({ length: LANES }, lane));
await browser.close();
// The process ends what the tests leave open.
process.exit(failed > 0 ? 1 : 0);
