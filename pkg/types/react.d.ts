/**
 * A provider and hooks for React, based on the default entry.
 * @packageDocumentation
 */
import type { ReactElement, ReactNode } from 'react';
import type { ConnectOptions, Daypass, DaypassError } from './index.js';

/** The state of a connection: not there yet, open, or failed. */
export type DaypassState<P extends object = Record<string, unknown>> =
  | { daypass: null; error: null }
  | { daypass: Daypass<P>; error: null }
  | { daypass: null; error: DaypassError };

/**
 * Connects while the component is mounted, and closes the connection afterwards.
 *
 * Options are compared by value, so they can be written in place. A provider that is a function may
 * differ between renders: the latest one is called.
 */
export function useDaypass<P extends object = Record<string, unknown>>(options: ConnectOptions): DaypassState<P>;

/** Provides one connection to all components below. */
export function DaypassProvider(props: { options: ConnectOptions; children?: ReactNode }): ReactElement;

/**
 * Returns the connection of the nearest {@link DaypassProvider} above.
 * @throws {Error} if there is no provider above.
 */
export function useDaypassContext<P extends object = Record<string, unknown>>(): DaypassState<P>;
