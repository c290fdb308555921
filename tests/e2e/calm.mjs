// Tests that nothing traps and nothing is uncaught, whatever is tried.
import assert from 'node:assert/strict';
import { backend } from './backend.mjs';
import { rule } from './demo.mjs';

/** Counts the instances that replace one that trapped, and what nobody caught, and expects none. */
export function calm(name, body) {
  rule(name, {}, async (page) => {
    await page.addInitScript(() => {
      const { Instance } = WebAssembly;
      globalThis.replaced = 0;
      WebAssembly.Instance = function (...all) {
        globalThis.replaced += 1;
        return new Instance(...all);
      };
    });
    const uncaught = [];
    page.on('pageerror', (error) => uncaught.push(`${error.name}: ${error.message}`));
    await page.goto(backend);
    await body(page);
    const replaced = await Promise.all(page.frames().map((frame) => frame.evaluate(() => globalThis.replaced ?? 0)));
    assert.deepEqual([uncaught, replaced.reduce((sum, count) => sum + count)], [[], 0], 'uncaught, trapped');
  });
}
