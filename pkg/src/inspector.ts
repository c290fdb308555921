/**
 * The inspector: a panel in the page that shows what a connection does, for development.
 *
 * This entry has the exports of the default entry, with a {@link connect} that takes `debug`, and
 * {@link inspect} for a connection that exists. The default entry has none of this code.
 * @packageDocumentation
 */
import { connect as connectDaypass } from 'daypass';
import type { ConnectOptions } from './connect-options.js';
import type { Daypass } from './daypass.js';
import { dispose } from './dispose.js';
import { CORNERS, Dock } from './inspector-dock.js';
import type { DebugOptions, InspectorOptions } from './inspector-options.js';
import { Panel } from './inspector-panel.js';
import { isDaypassError, Recorder } from './inspector-recorder.js';
import type { KnownScope, Scope } from './scope.js';

export { Daypass, DaypassError, initialise } from 'daypass';
export type * from './codes.js';
export type * from './connect-options.js';
export type * from './description.js';
export type * from './events.js';
export type * from './initialise-options.js';
export type * from './inspector-options.js';
export type * from './scope.js';
export type * from './token.js';

/** A panel in the page. It goes when its connection is closed. */
export interface Inspector {
  /** Removes the panel. The connection goes on. */
  close(): void;
  /** Removes the panel at the end of a `using` block. */
  [dispose](): void;
}

/** The inspectors of this page's connections: each has one at most. */
const inspectors = new WeakMap<object, Inspector>();

/** The panel that shows why the last `connect` failed. */
let failed: Inspector | undefined;

/**
 * Like `connect` of the default entry, but with `debug` it also shows the panel.
 *
 * If connecting fails, the panel says why, until the next attempt or until it is closed. In a worker
 * and on a server there is no panel.
 * @throws {DaypassError} as `connect` of the default entry; `TypeError` for a wrong option in `debug`.
 */
export async function connect<P extends object = Record<string, unknown>, S extends Scope = KnownScope>(
  options: ConnectOptions<NoInfer<S>> & DebugOptions,
): Promise<Daypass<P, S>> {
  // `connect` says what is wrong with options that are no object.
  if (Object(options) !== options || !('debug' in options)) return connectDaypass<P, S>(options);
  const { debug, ...others } = options;
  const settings = debug === true ? {} : debug;
  if (!settings || !globalThis.document) return connectDaypass<P, S>(others);
  check(settings);
  failed?.close();
  try {
    const daypass = await connectDaypass<P, S>(others);
    inspect(daypass, settings);
    return daypass;
  } catch (error) {
    if (isDaypassError(error)) {
      const recorder = new Recorder(undefined);
      recorder.add(error, null);
      failed = show(recorder, settings, () => (failed = undefined));
    }
    throw error;
  }
}

/**
 * Shows a panel for a connection, and returns it; the panel that is there if the connection has one.
 *
 * To see which requests are refused, it replaces methods of this connection by ones that call them and
 * look at the outcome, until the panel is closed. It sends nothing.
 * @throws {TypeError} names the wrong option, or says that there is no page.
 */
export function inspect<P extends object, S extends Scope>(
  daypass: Daypass<P, S>,
  options: InspectorOptions = {},
): Inspector {
  check(options);
  if (!globalThis.document) throw new TypeError('inspect() needs a page: call it where there is a document.');
  const present = inspectors.get(daypass);
  if (present) return present;
  const recorder = new Recorder(daypass as unknown as Daypass<object, Scope>);
  const inspector = show(recorder, options, () => inspectors.delete(daypass));
  inspectors.set(daypass, inspector);
  return inspector;
}

/** Puts a panel into the page. */
function show(recorder: Recorder, options: InspectorOptions, onClosed: () => void): Inspector {
  const dock = Dock.of(document, options.corner);
  const panel = new Panel(recorder, dock, {
    name: options.name ?? '',
    isOpen: options.open ?? matchMedia('(min-width: 600px)').matches,
    reference: options.reference === undefined ? null : new URL(options.reference, document.baseURI).href,
    onRemove: () => close(),
  });
  const timer = setInterval(() => document.hidden || panel.update(), 1_000);
  recorder.onChange = () => panel.update();
  recorder.onClosed = () => close();
  const close = (): void => {
    clearInterval(timer);
    recorder.stop();
    dock.remove(panel.element);
    onClosed();
  };
  return { close, [dispose]: close };
}

/** Checks the options: code without types may call this. */
function check(options: InspectorOptions): void {
  if (Object(options) !== options) throw new TypeError('The inspector\'s options must be an object.');
  const { name, corner, open, reference, ...others } = options;
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) throw new TypeError(`The inspector has no option \`${unknown}\`.`);
  if (name !== undefined && typeof name !== 'string') throw new TypeError('`name` must be a string.');
  if (open !== undefined && typeof open !== 'boolean') throw new TypeError('`open` must be a boolean.');
  if (corner !== undefined && !CORNERS.includes(corner)) {
    throw new TypeError(`\`corner\` must be one of ${CORNERS.join(', ')}.`);
  }
  // A link must not run code.
  const isWeb = reference === undefined || /^https?:$/.test(new URL(reference, globalThis.document?.baseURI).protocol);
  if (!isWeb) throw new TypeError('`reference` must be a URL with http or https.');
}
