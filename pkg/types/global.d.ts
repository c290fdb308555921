/**
 * The classic script: `/// <reference types="daypass/global.js" />` tells TypeScript of what it makes.
 * @packageDocumentation
 */
declare global {
  /** All that the default entry exports. */
  const daypass: typeof import('./index.js');
}

export {};
