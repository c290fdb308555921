/** Signed documents as text: base64url, and what one says of itself. */

/** Longest document that is looked at, in characters. */
const LONGEST = 16 * 1024;

/** The bytes as base64url without padding. */
export function encode(bytes) {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '');
}

/** The bytes of base64. */
export function bytes(base64) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(base64);
  const text = atob(base64);
  const decoded = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at++) decoded[at] = text.charCodeAt(at);
  return decoded;
}

/** The bytes of base64url; `undefined` unless it is the one way to write them. */
export function decode(text) {
  try {
    const decoded = bytes(text.replace(/-/g, '+').replace(/_/g, '/'));
    return encode(decoded) === text ? decoded : undefined;
  } catch {
    return undefined;
  }
}

/** The three parts of a document, as they are written; `undefined` if there are not three. */
export function parts(text) {
  const [header, payload, signature, ...more] = text.length > LONGEST ? [] : text.split('.');
  return signature === undefined || more.length > 0 ? undefined : { header, payload, signature };
}

/** What the payload says, if it is a JSON object of base64url. */
export function claims(payload) {
  try {
    const value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(decode(payload)));
    return value !== null && typeof value === 'object' && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

/** What a document's claims let it do where, for showing and not for deciding: the API decides. */
export function glimpse({ iat, grants = [], origins = [] }) {
  const isText = (value) => typeof value === 'string';
  if (!Number.isSafeInteger(iat) || !Array.isArray(grants) || !Array.isArray(origins) || !origins.every(isText)) return undefined;
  const scopes = grants.flatMap((grant) => (Array.isArray(grant?.scopes) ? grant.scopes.map(scopeText) : [undefined]));
  return scopes.every(isText) ? { scopes: [...new Set(scopes)], origins } : undefined;
}

/** Returns a scope as text: Space API also writes it as an object. */
function scopeText(scope) {
  if (typeof scope === 'string') return scope;
  const { resource, action, resourceId } = scope ?? {};
  if (typeof resource !== 'string' || typeof action !== 'string') return undefined;
  return resourceId === undefined || resourceId === null ? `${resource}:${action}` : `${resource}:${action}:${resourceId}`;
}
