/**
 * The WebAssembly: loads it, and replaces an instance that has trapped.
 *
 * What a trap leaves behind is in no order. So the instance is not used again: its functions do nothing from then on, and a new
 * one takes over, from what is kept outside (see daypass.ts).
 */
import { glue, type Glue } from '../wasm/daypass_bg.js';
import type { DaypassErrorCode } from './codes.js';
import { DaypassError } from './error.js';
import type { InitialiseOptions } from './initialise-options.js';

type Exports = Glue['exports'];

/** Makes an instance, again and again. */
type Make = (imports: WebAssembly.ModuleImports) => Exports;

/** The name under which the module asks for its imports: `xtask/src/wasm.rs` shortens it. */
const MODULE = 'a';

/** An entry's own copy of the code: WebAssembly in a response, or the same code as JavaScript. */
type Source = Response | { instantiate: Make };

/**
 * Set by each entry.
 * @internal
 */
export const entry: { source?: () => Source | Promise<Source> } = {};

let loading: Promise<void> | undefined;
let make: Make | undefined;
let current: Glue | undefined;

/**
 * Those who hold something of an instance, and are told when it is lost.
 * @internal
 */
export const holders = new Set<{ lost(): void }>();

/**
 * Loads the WebAssembly.
 *
 * `connect` calls it. Call it earlier to load ahead of time, or with `module_or_path` where a platform
 * does not allow code to be compiled and supplies a compiled module.
 * @throws {DaypassError} `load_failed`. The call can be repeated.
 */
export function initialise(options?: InitialiseOptions): Promise<void> {
  // A load that failed is forgotten, so that the next call tries again.
  loading ??= load(options?.module_or_path).catch((cause: unknown) => {
    loading = undefined;
    // The texts of the other errors are in what could not be loaded.
    const message = `The WebAssembly could not be loaded: ${cause instanceof Error ? cause.message : String(cause)}`;
    const help = hasPlatform()
      ? "Allow 'wasm-unsafe-eval' in script-src, or import daypass/nowasm."
      : 'This is no browser: it has no TextDecoder or no Response. In tests, use daypass/testing.';
    throw DaypassError.make({ code: 'load_failed', status: 0, retryable: true, message, help }, { cause });
  });
  return loading;
}

/**
 * The instance in use, which {@link initialise} has made.
 * @internal
 */
export function core(): Glue {
  return (current ??= instantiate());
}

/**
 * Whether this is the instance in use.
 * @internal
 */
export function isCurrent(other: Glue | undefined): other is Glue {
  return !!other && other === current;
}

/**
 * Makes the error of a code; `interrupted` if there is no instance to make it.
 * @internal
 */
export function failure(code: DaypassErrorCode, particulars = ''): DaypassError {
  try {
    return core().failure(code, particulars) as DaypassError;
  } catch {
    const message = 'The call was interrupted.';
    return DaypassError.make({ code: 'interrupted', status: 0, retryable: true, message, help: 'Make the call again.' });
  }
}

function instantiate(): Glue {
  const made = glue();
  made.attach(watched(make!(made.imports), made));
  return made;
}

/** Notices when a call traps. An exception that comes out of WebAssembly has left it in the middle of its work, whatever it is. */
function watched(exports: Exports, owner: Glue): Exports {
  const watch = ([name, value]: [string, unknown]): [string, unknown] => {
    if (typeof value !== 'function') return [name, value];
    return [
      name,
      (...given: unknown[]) => {
        try {
          return value(...given);
        } catch (error) {
          lose(owner);
          throw error;
        }
      },
    ];
  };
  return Object.fromEntries(Object.entries(exports).map(watch));
}

/** Retires an instance: what the browser still calls of it does nothing. */
function lose(owner: Glue): void {
  const retired = ([name, value]: [string, unknown]) => [name, typeof value === 'function' ? () => undefined : value];
  owner.attach(Object.fromEntries(Object.entries(owner.exports).map(retired)));
  if (current !== owner) return;
  current = undefined;
  // Only after the caller has left this instance.
  for (const holder of holders) queueMicrotask(() => holders.has(holder) && holder.lost());
}

async function load(given: InitialiseOptions['module_or_path']): Promise<void> {
  let code: unknown = given ?? (await entry.source!());
  if (isObject(code) && typeof code['instantiate'] === 'function') {
    make = code['instantiate'] as Make;
    current = instantiate();
    return;
  }
  // By what they can do: objects of another realm are no instances of this one's classes.
  const isRequest = isObject(code) && typeof code['url'] === 'string' && !('ok' in code);
  if (typeof code === 'string' || (isObject(code) && typeof code['href'] === 'string') || isRequest) {
    code = await fetch(code as RequestInfo);
  }
  const first = glue();
  const made = await instantiateFrom(code, { [MODULE]: first.imports });
  const [module, instance] = 'instance' in made ? [made.module, made.instance] : [code as WebAssembly.Module, made];
  make = (imports) => new WebAssembly.Instance(module, { [MODULE]: imports }).exports;
  first.attach(watched(instance.exports, first));
  current = first;
}

/** Makes an instance of what a caller or an entry has: a response, bytes, or a compiled module. */
async function instantiateFrom(
  code: unknown,
  imports: WebAssembly.Imports,
): Promise<WebAssembly.Instance | WebAssembly.WebAssemblyInstantiatedSource> {
  if (!isObject(code) || typeof code['arrayBuffer'] !== 'function') {
    return WebAssembly.instantiate(code as WebAssembly.Module, imports);
  }
  const response = code as unknown as Response;
  if (!response.ok) throw new Error(`${response.url} was answered with status ${response.status}.`);
  // A server that does not know the type is no reason to fail. With parameters, browsers do not take it for this one.
  if (response.headers.get('content-type') === 'application/wasm') {
    const streamed = await WebAssembly.instantiateStreaming(response.clone(), imports).catch(() => undefined);
    // The platform does not accept a test runner's own `Response`. Other faults come up again.
    if (streamed) return streamed;
  }
  return WebAssembly.instantiate(await response.arrayBuffer(), imports);
}

function hasPlatform(): boolean {
  return typeof TextDecoder === 'function' && typeof Response === 'function';
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}
