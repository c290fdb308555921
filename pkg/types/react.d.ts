/**
 * A provider and hooks for React, over the default entry.
 * @packageDocumentation
 */
import type { ReactElement, ReactNode } from 'react';
import type { ConnectOptions, Daypass, DaypassError } from './index.js';

/** What a component sees: nothing yet, a connection, or why there is none. */
export type DaypassState<P extends object = Record<string, unknown>> =
  | { daypass: null; error: null }
  | { daypass: Daypass<P>; error: null }
  | { daypass: null; error: DaypassError };

/**
 * Connects while the component is mounted, and closes afterwards. Options are compared by what they say, so they may be written in place. A
 * provider that is a function may be another one in each render: the last one is called.
 */
export function useDaypass<P extends object = Record<string, unknown>>(options: ConnectOptions): DaypassState<P>;

/** One connection for everything below. */
export function DaypassProvider(props: { options: ConnectOptions; children?: ReactNode }): ReactElement;

/**
 * The connection of the nearest {@link DaypassProvider} above.
 * @throws {Error} without one.
 */
export function useDaypassContext<P extends object = Record<string, unknown>>(): DaypassState<P>;
