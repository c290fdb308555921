/**
 * For browsers without WebAssembly: the same Rust code as JavaScript.
 * @packageDocumentation
 */
import { entry } from './core.js';

entry.source = () => import('../wasm/daypass_bg.wasm.js');

export * from './daypass.js';
