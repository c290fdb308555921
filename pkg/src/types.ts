/**
 * The types of the default entry, without its functions: for code that must not load the SDK.
 * @packageDocumentation
 */
export type * from './index.js';
