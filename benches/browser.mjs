// Measures the package in a real Chromium, with servers on loopback. `browser.mjs FILE PEERS [--quick] [--before]` writes the
// figures of each round to FILE, in nanoseconds and counts; PEERS is the folder of the peers' bundles.
import { writeFileSync } from "node:fs";

import { launchBrowser } from "../tests/engine.mjs";

import { measureImports } from "./browser/imports.mjs";
import { serveApi, servePage } from "./browser/servers.mjs";

const [file, peers, ...flags] = process.argv.slice(2);
const [quick, before] = ["--quick", "--before"].map((flag) => flags.includes(flag));

const ROUNDS = quick ? 3 : 15;
/** Page loads of a round for each import. */
const IMPORTS = 3;
/**
 * The work of a page in a round: requests of each client; batches, and the calls in each, since the page's clock has steps
 * of 5 µs; publishable GETs.
 */
const COUNTS = { fetches: quick ? 40 : 120, batches: quick ? 20 : 50, looks: 200, works: 20, gets: 10 };

const api = await serveApi();
const page = await servePage(peers);
const browser = await launchBrowser();
const context = await browser.newContext();

const results = {};
// Imports first and calls after them: otherwise the browser collects the garbage of calls while it imports. The first
// round of each fills Chromium's caches and is not counted.
const tab = await context.newPage();
for (const measure of [() => measureImports(tab, page, IMPORTS, before), measureCalls]) {
  for (let round = 0; round <= ROUNDS; round++) {
    const figures = await measure(round);
    for (const [row, figure] of Object.entries(figures)) if (round > 0) (results[row] ??= []).push(figure);
  }
}
writeFileSync(file, JSON.stringify(results));

await browser.close();
page.close();
api.close();

/** Measures a page with connections, in a new page. */
async function measureCalls(round) {
  const tab = await context.newPage();
  await tab.goto(page.origin);
  const figures = await tab.evaluate(
    async ([api, counts, round, before]) => (await import("/page/calls.js")).measure(api, counts, round, before),
    [api.origin, COUNTS, round, before],
  );
  await tab.close();
  // A publishable GET carries its token in the query, so that its URL differs.
  const publishable = `/publishable?round=${round}&pubtoken`;
  if (api.count("GET", publishable) !== COUNTS.gets) throw new Error("The API has not seen the publishable GETs.");
  const preflights = (url) => api.count("OPTIONS", url);
  return {
    ...figures,
    "browser/preflights": preflights(publishable),
    "preflights/header": preflights(`/header?round=${round}`),
  };
}
