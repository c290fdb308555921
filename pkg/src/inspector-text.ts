/** Texts of the inspector: times, and other people's texts without tokens. */

/**
 * What looks like a token: a JWT, a stored token of Daypass, one of another system (a UUID, many hexadecimal digits), and
 * what follows a scheme or stands in a query.
 */
const TOKENS = [
  /\b[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}\b/gi,
  /\b[\da-f]{32,}\b/gi,
  /\beyJ[\w-]*\.[\w-]+(?:\.[\w-]*)?/g,
  /\bdp_[a-z]{3}_\w+/g,
  /(?<=\b(?:Bearer|DPoP) )[\w.~+/=-]{12,}/g,
  /(?<=[?&#][\w-]+=)[^\s&#"']{12,}/g,
];

/** The longest text that is shown. */
const LONGEST = 500;

/**
 * Returns a text without tokens.
 *
 * SECURITY: what a provider or an API says of a failure is shown in the page only without what looks like a token.
 */
export function withoutTokens(text: string, current: string | null): string {
  const own = current?.split(' ').at(-1);
  const others = own ? text.replaceAll(own, '…') : text;
  const clean = TOKENS.reduce((text, token) => text.replace(token, '…'), others);
  return clean.length > LONGEST ? `${clean.slice(0, LONGEST)}…` : clean;
}

/** A time in seconds in at most two units, rounded down: `4 min 12 s`. */
export function duration(seconds: number): string {
  const [large, small] = parts(seconds);
  return small ? `${large} ${small}` : large;
}

/** A time in seconds in its largest unit, rounded down: `4 min`. */
export function briefDuration(seconds: number): string {
  return parts(seconds)[0];
}

function parts(seconds: number): [string, string?] {
  const whole = Math.floor(seconds);
  const [minutes, hours, days] = [Math.floor(whole / 60), Math.floor(whole / 3_600), Math.floor(whole / 86_400)];
  if (days > 0) return [`${days} d`, `${hours % 24} h`];
  if (hours > 0) return [`${hours} h`, `${minutes % 60} min`];
  if (minutes > 0) return [`${minutes} min`, `${whole % 60} s`];
  return [`${whole} s`];
}
