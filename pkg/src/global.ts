/**
 * The classic script. `/// <reference types="daypass/global.js" />` declares its global to TypeScript.
 * @packageDocumentation
 */
declare global {
  /** The exports of the default entry. */
  const daypass: typeof import('./index.js');
}

export {};
