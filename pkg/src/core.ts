// Stand-in for its declaration: the function is in core.js.
import type { InitialiseOptions } from './initialise-options.js';

/**
 * Loads the WebAssembly.
 *
 * `connect` calls it. Call it earlier to load ahead of time, or with `module_or_path` where a platform
 * does not allow code to be compiled and supplies a compiled module.
 * @throws {DaypassError} `load_failed`. The call can be repeated.
 */
export declare function initialise(options?: InitialiseOptions): Promise<void>;
