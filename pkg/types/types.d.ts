/**
 * All types, and nothing to call: for code that must not load the SDK.
 * @packageDocumentation
 */
export type * from './index.js';
