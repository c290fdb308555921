/**
 * For browsers without WebAssembly: the same Rust code as JavaScript.
 * @packageDocumentation
 */
import { entry } from './core.js';

entry.source = () => import('../wasm/daypass_bg.wasm.js');

export { initialise } from './core.js';
export { connect, Daypass } from './daypass.js';
export { DaypassError } from './error.js';
