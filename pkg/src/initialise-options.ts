/** Where the WebAssembly comes from. */

/** A compiled module, where the platform's types know WebAssembly. */
export type CompiledModule = typeof globalThis extends { WebAssembly: { Module: { prototype: infer Module } } }
  ? Module
  : never;

/** The source of the WebAssembly. */
export interface InitialiseOptions {
  /**
   * The URL, a request for it, its response, the bytes, or the compiled module; by default the copy in
   * the package.
   */
  module_or_path?: string | URL | Request | Response | ArrayBuffer | ArrayBufferView | CompiledModule | undefined;
}
