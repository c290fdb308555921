/** The default entry: the WebAssembly lies beside it. */
import { entry } from './core.js';

entry.source = () => new URL('daypass_bg.wasm', import.meta.url);

export * from './daypass.js';
