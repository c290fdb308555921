/** Calls that belong to no connection. */
import type { Glue } from '../wasm/daypass_bg.js';
import { core, failure, holders, isCurrent } from './core.js';

/** How often something is begun again in another instance before it fails. */
export const ATTEMPTS = 3;

/** Makes a call that belongs to no connection, again if its instance is lost meanwhile. */
export function surviving<T>(call: (glue: Glue, signal: AbortSignal) => Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    let attempts = 0;
    let life = new AbortController();
    const holder = {
      lost() {
        life.abort();
        life = new AbortController();
        if (attempts < ATTEMPTS) start();
        else settle(reject, failure('interrupted'));
      },
    };
    const settle = <V>(how: (value: V) => void, value: V) => {
      holders.delete(holder);
      how(value);
    };
    const start = () => {
      attempts += 1;
      let glue: Glue | undefined;
      // If the instance is lost, the holder is told.
      const fail = (error: unknown) => isCurrent(glue) && settle(reject, error);
      try {
        glue = core();
        call(glue, life.signal).then((value) => settle(resolve, value), fail);
      } catch (error) {
        if (glue) fail(error);
        else settle(reject, failure('interrupted'));
      }
    };
    holders.add(holder);
    start();
  });
}
