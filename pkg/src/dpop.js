/** Proofs that the sender of a token has the key that it is bound to (RFC 9449). */
import { serverTime } from './clock.js';
import { encode } from './document.js';
import { kept } from './key.js';

/** Seconds by which this device's clock may be wrong before a refused proof is repeated with the server's time. */
const DRIFT = 30;

export class Prover {
  #pair;
  #jwk;
  /** The key's thumbprint (RFC 7638), which tokens are bound to. */
  jkt;
  /** The nonce that the API gave last. */
  #nonce;
  /** Seconds by which the API's clock is ahead of this one. */
  #ahead = 0;

  /** Opens a prover with the key that this origin stores for the API, and creates the key if it is missing. */
  static async open(api) {
    const prover = new Prover();
    prover.#pair = await kept(api.origin);
    const { crv, kty, x, y } = await crypto.subtle.exportKey('jwk', prover.#pair.publicKey);
    // In the order of the thumbprint.
    prover.#jwk = { crv, kty, x, y };
    prover.jkt = await digest(JSON.stringify(prover.#jwk));
    return prover;
  }

  /** A proof for one request with this token. */
  async proof(method, url, authorization) {
    const { origin, pathname } = new URL(url);
    const header = { typ: 'dpop+jwt', alg: 'ES256', jwk: this.#jwk };
    const claims = {
      jti: crypto.randomUUID(),
      htm: method,
      htu: origin + pathname,
      iat: Math.floor(Date.now() / 1000) + this.#ahead,
      ath: await digest(authorization.slice('DPoP '.length)),
      nonce: this.#nonce,
    };
    const input = [header, claims].map((part) => encode(bytes(JSON.stringify(part)))).join('.');
    const signature = await crypto.subtle.sign({ name: 'ECDSA', hash: 'SHA-256' }, this.#pair.privateKey, bytes(input));
    return `${input}.${encode(new Uint8Array(signature))}`;
  }

  /** Takes up what an answer says of nonces and of the time; whether it refused a proof and would take one that is made now. */
  learn(response) {
    const [nonce, now] = [response.headers.get('dpop-nonce'), serverTime(response)];
    if (nonce) this.#nonce = nonce;
    const ahead = now === undefined ? this.#ahead : Math.round((now - Date.now()) / 1000);
    const isOtherTime = Math.abs(ahead - this.#ahead) > DRIFT;
    if (isOtherTime) this.#ahead = ahead;
    const challenge = response.headers.get('www-authenticate') ?? '';
    const isRefused = response.status === 401 && /error="(use_dpop_nonce|invalid_dpop_proof)"/.test(challenge);
    // Another request may have learned the same meanwhile.
    return isRefused && (nonce !== null || isOtherTime);
  }
}

const bytes = (text) => new TextEncoder().encode(text);

async function digest(text) {
  return encode(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes(text))));
}
