/**
 * The SDK for tests of pages that use it: the exports of the default entry, without WebAssembly, network
 * and timers. {@link mock} says what connections have and answer.
 *
 * Let the test runner take `daypass/testing` for `daypass`: Jest with `moduleNameMapper`, Vitest with
 * `alias`.
 * @packageDocumentation
 */
import type { ConnectOptions } from './connect-options.js';
import type { Daypass as RealDaypass } from './daypass.js';
import type { DaypassError as RealError } from './error.js';
import type { InitialiseOptions } from './initialise-options.js';
import type { KnownScope, Scope } from './scope.js';
import { Connection } from './testing-connection.js';
import { failure, MockError } from './testing-error.js';
import type { Mock, MockSettings } from './testing-settings.js';
import { read } from './testing-options.js';
import { state } from './testing-state.js';

export type * from './codes.js';
export type * from './connect-options.js';
export type * from './description.js';
export type * from './events.js';
export type * from './initialise-options.js';
export type * from './scope.js';
export type { Mock, MockControls, MockSettings } from './testing-settings.js';
export type * from './token.js';

/** Every failure that Daypass reports, as in the default entry. */
export type DaypassError = RealError;
/** The class of all errors of this entry. */
export const DaypassError = MockError as unknown as typeof RealError;

/** A connection, as in the default entry. */
export type Daypass<P extends object = Record<string, unknown>, S extends Scope = KnownScope> = RealDaypass<P, S>;
/** The class of all connections of this entry. */
export const Daypass = Connection as unknown as typeof RealDaypass;

/** The controls of all connections that {@link connect} opens. */
export const mock: Mock = {
  set: (settings: MockSettings) => void Object.assign(state.settings, settings),
  reset: () => {
    for (const connection of [...state.connections]) connection.close();
    state.settings = {};
  },
  get connections() {
    return [...state.connections];
  },
};

/**
 * Opens a connection at once, with the token of {@link mock}. It calls no provider and sends nothing.
 * @throws {DaypassError} `invalid_options` names the invalid option, as in the SDK; otherwise the `failure`
 * of {@link mock}.
 */
export async function connect<P extends object = Record<string, unknown>, S extends Scope = KnownScope>(
  options: ConnectOptions<NoInfer<S>>,
): Promise<Daypass<P, S>> {
  const checked = read(options);
  checked.signal?.throwIfAborted();
  const { failure: code } = state.settings;
  if (code !== undefined) throw failure(code);
  return new Connection<P>(checked) as unknown as Daypass<P, S>;
}

/** Resolves at once: there is nothing to load. */
export async function initialise(_options?: InitialiseOptions): Promise<void> {}
