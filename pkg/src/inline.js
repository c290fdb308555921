/** One file that has the WebAssembly in it. */
import bytes from '../wasm/daypass_bg.wasm';
import { entry } from './core.js';

entry.source = () => bytes;

export * from './daypass.js';
