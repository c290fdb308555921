/** The WebAssembly part: loads it, and hands out what it decides. */
import { attach, imports } from '../wasm/daypass_bg.js';
import { DaypassError } from './error.js';

export {
  Engine,
  allows_origin as allowsOrigin,
  bundle_header as bundleHeader,
  bundle_lifetime as bundleLifetime,
  covers,
  explain,
  is_scope as isScope,
  lifetime,
  token_kind as tokenKind,
} from '../wasm/daypass_bg.js';

/** Set by each entry: where it has the WebAssembly, or what it has in its place. */
export const entry = { source: undefined };

let loading;
/** How to take another instance, once the one in use has trapped. */
let renew;
let renewals = 0;

/** The number of the instance in use. What an earlier one made is lost: what a trap leaves behind is in no order. */
export function instance() {
  renew?.();
  return renewals;
}

export function initialise(options) {
  // A load that failed is forgotten, so that the next call tries again.
  loading ??= load(options?.module_or_path).catch((cause) => {
    loading = undefined;
    // The texts of the other errors are in what could not be loaded.
    const message = `The WebAssembly could not be loaded: ${cause.message}`;
    const help = "Allow 'wasm-unsafe-eval' in script-src, or import daypass/nowasm.";
    throw new DaypassError({ code: 'load_failed', status: 0, retryable: true, message, help }, { cause });
  });
  return loading;
}

async function load(given) {
  const source = given ?? (await entry.source());
  if (Object(source).memory) return attach(source);
  let code = source;
  if (typeof code === 'string' || code instanceof URL || code instanceof Request) code = await fetch(code);
  let make = WebAssembly.instantiate;
  if (code instanceof Response) {
    if (!code.ok) throw new Error(`${code.url} was answered with status ${code.status}.`);
    // A server that does not know the type is no reason to fail. With parameters, browsers do not take it for this one.
    if (code.headers.get('content-type') === 'application/wasm') make = WebAssembly.instantiateStreaming;
    else code = await code.arrayBuffer();
  }
  const made = await make(code, called);
  use(made.module ?? code, made.instance ?? made);
}

const called = { './daypass_bg.js': imports };

/** Uses an instance, and notices if it traps. */
function use(module, { exports }) {
  renew = undefined;
  const watched = (call) => (...given) => {
    try {
      return call(...given);
    } catch (error) {
      if (error instanceof WebAssembly.RuntimeError) {
        // Only after the caller has left this instance.
        renew = () => {
          renewals += 1;
          use(module, new WebAssembly.Instance(module, called));
        };
        queueMicrotask(instance);
      }
      throw error;
    }
  };
  const all = Object.entries(exports).map(([name, value]) => [name, typeof value === 'function' ? watched(value) : value]);
  attach(Object.fromEntries(all));
}
