/** Requests that need nothing but a header. All others, and doubtful ones, are left to the instance. */

/** What a path has that could mean something else than it says: a part that begins with a dot or is empty, or a mark. */
const UNSURE = /(^|\/)[./]|[^\w./,=&?~@-]/;

/**
 * The URL of a plain path below the base, if that is what is asked for.
 *
 * SECURITY: a token goes to the API only. What is appended to the base cannot leave it.
 */
export function plainUrl(asked: unknown, base: string): string | undefined {
  if (typeof asked !== 'string') return undefined;
  // A whole URL goes on where the base ends; a path may begin with a slash.
  const path = asked.startsWith(base) ? asked.slice(base.length) : asked.replace(/^\//, '');
  return UNSURE.test(path) ? undefined : base + path;
}

/**
 * A copy of the options, each of which is read once; `undefined` if they are no plain object. What is returned can be sent
 * as it is if {@link isSentAsIs} says so.
 */
export function plainOptions(given: RequestInit | undefined): RequestInit | undefined {
  const isPlain = !given || Object.getPrototypeOf(given) === Object.prototype;
  const own = isPlain && { ...given };
  // Some may be hidden.
  return own && Object.keys(own).length === Object.getOwnPropertyNames(given ?? own).length ? own : undefined;
}

/** Whether the options are sent as they are: not a body that may be read once only, nor a request that could carry no header. */
export function isSentAsIs({ body, mode }: RequestInit): boolean {
  return body !== Object(body) && mode !== 'no-cors';
}
