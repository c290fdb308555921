'use client';
/**
 * A provider and hooks for React, based on the default entry.
 * @packageDocumentation
 */
import {
  createContext,
  createElement,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  type ReactElement,
  type ReactNode,
} from 'react';
import { connect } from 'daypass';
import { Keeper, type Outcome } from './connection-keeper.js';
import type { ConnectOptions } from './connect-options.js';
import type { Daypass } from './daypass.js';
import type { DaypassError } from './error.js';
import type { KnownScope, Scope } from './scope.js';
import type { TokenProvider } from './token.js';

/** What connecting fails with if `signal` of the options aborts. It has no `code`, and the reason as its `cause`. */
export type Aborted = Error & { [Name in 'code' | 'status' | 'retryable' | 'help']?: undefined };

/**
 * The state of a connection: not there yet, open, or failed.
 *
 * An open connection has an error too once its provider answers 401 or 403: it lasts until its token
 * expires.
 */
export type DaypassState<P extends object = Record<string, unknown>, S extends Scope = KnownScope> = (
  | { daypass: null; error: null }
  | { daypass: Daypass<P, S>; error: DaypassError | null }
  | { daypass: null; error: DaypassError | Aborted }
) & {
  /**
   * Connects again now, after a failure. After one that may pass (`error.retryable`), that also happens
   * by itself, after longer and longer times.
   */
  retry: () => void;
};

const Context = createContext<DaypassState<object, Scope> | undefined>(undefined);

/** What a component sees before there is a connection. */
const CONNECTING = { daypass: null, error: null };

/**
 * Connects while the component is mounted, and closes the connection afterwards.
 *
 * Options are compared by value, so they can be written in place. A provider that is a function may
 * differ between renders: the latest one is called, and the token at hand stays in use. If another
 * visitor can sign in while the component is mounted, name the visitor: `share: user.id` in the
 * options, or `key={user.id}` at the component.
 */
export function useDaypass<P extends object = Record<string, unknown>, S extends Scope = KnownScope>(
  options: ConnectOptions<NoInfer<S>>,
): DaypassState<P, S> {
  const [reached, setReached] = useState<{ key?: string; outcome?: Outcome<P, S> }>({});
  const latest = useRef(options);
  const keeper = useRef<Keeper<P, S>>(undefined);
  useEffect(() => {
    latest.current = options;
  });
  // Functions differ in each render and have no value to compare by: the latest one is called.
  const key = JSON.stringify(options, (_, value) => (typeof value === 'function' ? 'function' : value));
  useEffect(() => {
    const open = (signal: AbortSignal) => connect<P, S>(withLatest(latest, signal));
    const current = new Keeper<P, S>(open, (outcome) => setReached({ key, outcome }));
    keeper.current = current;
    return () => {
      current.close();
      setReached({});
    };
  }, [key]);
  // The connection of other options is closed by now.
  const outcome = reached.key === key && reached.outcome ? reached.outcome : CONNECTING;
  return useMemo(() => ({ ...outcome, retry: () => keeper.current?.retry() }) as DaypassState<P, S>, [outcome]);
}

/** Returns the options of the latest render, with a provider that calls that of the latest one then. */
function withLatest<S extends Scope>(latest: { current: ConnectOptions<S> }, closing: AbortSignal): ConnectOptions<S> {
  const options = latest.current;
  // `connect` says what is wrong with options that are no object.
  if (Object(options) !== options) return options;
  const signal = options.signal ? AbortSignal.any([options.signal, closing]) : closing;
  if (!('provider' in options) || typeof options.provider !== 'function') return { ...options, signal };
  const provider: TokenProvider<S> = (request, context) =>
    (latest.current as { provider: Extract<TokenProvider<S>, Function> }).provider(request, context);
  return { ...options, signal, provider };
}

/** Provides one connection to all components below. */
export function DaypassProvider<S extends Scope = KnownScope>(props: {
  options: ConnectOptions<NoInfer<S>>;
  children?: ReactNode;
}): ReactElement {
  const state = useDaypass<object, S>(props.options) as DaypassState<object, Scope>;
  return createElement(Context.Provider, { value: state }, props.children);
}

/**
 * Returns the connection of the nearest {@link DaypassProvider} above.
 * @throws {Error} if there is no provider above.
 */
export function useDaypassContext<
  P extends object = Record<string, unknown>,
  S extends Scope = KnownScope,
>(): DaypassState<P, S> {
  const state = useContext(Context);
  if (!state) throw new Error('useDaypassContext needs a <DaypassProvider> above it.');
  return state as unknown as DaypassState<P, S>;
}
