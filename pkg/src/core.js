/** The WebAssembly part: loads it, and hands out what it decides. */
import * as glue from '../wasm/daypass_bg.js';

export {
  Engine,
  allows_origin as allowsOrigin,
  bundle_header as bundleHeader,
  bundle_lifetime as bundleLifetime,
  covers,
  explain,
  is_scope as isScope,
  is_usable_key as isUsableKey,
  lifetime,
  status_of as statusOf,
  token_fault as tokenFault,
  token_kind as tokenKind,
} from '../wasm/daypass_bg.js';

/** Set by each entry: where it has the WebAssembly, or what it has in its place. */
export const entry = { source: undefined };

let loading;

export function initialise(options) {
  // A load that failed is forgotten, so that the next call tries again.
  loading ??= load(options?.module_or_path).catch((error) => {
    loading = undefined;
    throw error;
  });
  return loading;
}

async function load(given) {
  const source = given ?? (await entry.source());
  const parts = Object(source).memory ? source : await instantiate(source);
  glue.__wbg_set_wasm(parts);
}

async function instantiate(source) {
  const imports = { './daypass_bg.js': glue };
  let code = source;
  if (typeof code === 'string' || code instanceof URL || isA('Request', code)) code = await fetch(code);
  if (isA('Response', code)) {
    if (!code.ok) throw new Error(`${code.url} was answered with status ${code.status}: the WebAssembly is not there.`);
    // A server that does not know the type is no reason to fail. With parameters, browsers do not take it for this one.
    const isTyped = code.headers.get('content-type') === 'application/wasm';
    if (isTyped) return (await WebAssembly.instantiateStreaming(code, imports)).instance.exports;
    code = await code.arrayBuffer();
  }
  const made = await WebAssembly.instantiate(code, imports);
  return (made.instance ?? made).exports;
}

/** Whether a value is of a class that not every platform has. */
function isA(name, value) {
  return typeof globalThis[name] === 'function' && value instanceof globalThis[name];
}
