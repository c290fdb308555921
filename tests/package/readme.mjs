// The code in the package's README, for the tests.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { installed } from './world.mjs';

const text = readFileSync(join(installed, 'README.md'), 'utf8');

/** Returns the blocks in this language. */
export function blocks(language) {
  return [...text.matchAll(/^```(\w+)\n(.*?)^```$/gms)]
    .filter(([, other]) => other === language)
    .map(([, , code]) => code);
}
