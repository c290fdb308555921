/** Hears the frame's hello, and answers pages of the allowed origins with a port. */
import type { Rejection } from './host-options.js';

/** The version of the messages. A page that names none is of before there were versions. */
const VERSION = 1;

/** Reads the origins that tokens may be sent to: those of the URL of the frame, and further ones. */
export function findOrigins(address: URL, further: unknown = []): Set<string> {
  if (!Array.isArray(further)) throw new TypeError('mount: `origins` must be an array of origins.');
  const origins = new Set<string>();
  for (const [name, given] of [['url', address], ...further.map((given) => ['origins', given] as const)] as const) {
    const url = parse(given);
    if (url === undefined || !/^https?:$/.test(url.protocol)) {
      throw new TypeError(
        `mount: \`${name}\` has \`${given}\`. Expected an http or https URL, such as https://www.example.com.`,
      );
    }
    origins.add(url.origin);
  }
  return origins;
}

function parse(given: unknown): URL | undefined {
  try {
    return new URL(String(given));
  } catch {
    return undefined;
  }
}

/** Listens for the hellos of one frame until it is closed. */
export class Greeter {
  readonly #frame: HTMLIFrameElement;
  readonly #origins: Set<string>;
  readonly #serve: (port: MessagePort) => void;
  readonly #report: (rejection: Rejection) => void;
  readonly #listening = new AbortController();
  readonly #rejected = new Set<string>();

  constructor(
    frame: HTMLIFrameElement,
    origins: Set<string>,
    serve: (port: MessagePort) => void,
    report: (rejection: Rejection) => void = ({ origin }) => console.warn(describe(origin, origins)),
  ) {
    this.#frame = frame;
    this.#origins = origins;
    this.#serve = serve;
    this.#report = report;
    addEventListener('message', (event) => this.#hear(event), { signal: this.#listening.signal });
  }

  close(): void {
    this.#listening.abort();
  }

  #hear({ source, origin, data }: MessageEvent): void {
    const frame = this.#frame.contentWindow;
    if (frame === null || source !== frame || data?.daypass !== 'hello') return;
    // SECURITY: the frame alone is not enough, since another page may be in it by now.
    if (!this.#origins.has(origin)) return this.#reject(origin);
    const { port1, port2 } = new MessageChannel();
    this.#serve(port1);
    const message = { daypass: 'port', ...(data.version !== undefined && { version: VERSION }) };
    frame.postMessage(message, origin, [port2]);
  }

  #reject(origin: string): void {
    if (this.#rejected.has(origin)) return;
    this.#rejected.add(origin);
    this.#report({ origin });
  }
}

function describe(origin: string, origins: Set<string>): string {
  const expected = [...origins].join(', ');
  const [page, advice] =
    origin === 'null'
      ? ['without an origin', 'If the frame is sandboxed, add `allow-same-origin`.']
      : [
          `of ${origin}`,
          'If it is the embed, for example after a redirect, add its origin to the option `origins` of `mount`.',
        ];
  return `Daypass: a page ${page} in the frame asks for tokens and gets none. Expected ${expected}. ${advice}`;
}
