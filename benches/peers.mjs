// Measures a verification with jose and with fast-jwt's cache, in nanoseconds of processor time of all threads of Node.
// The task comes on standard input, the rows go to standard output, both as JSON.
import { createPublicKey } from "node:crypto";
import { json } from "node:stream/consumers";

import { createVerifier } from "fast-jwt";
import { importJWK, jwtVerify } from "jose";

const { token, jwk, issuer, audience, seconds } = await json(process.stdin);

const key = await importJWK(jwk);
const jose = () => jwtVerify(token, key, { issuer, audience, algorithms: ["EdDSA"] });

const pem = createPublicKey({ key: jwk, format: "jwk" }).export({ type: "spki", format: "pem" });
const cached = createVerifier({ key: pem, algorithms: ["EdDSA"], allowedIss: issuer, allowedAud: audience, cache: true });

/** Returns the nanoseconds of one run, once the code is compiled. The clock is read after every hundred runs. */
async function measure(run) {
  let perRun = 0;
  for (const share of [0.3, 1]) {
    const begin = process.cpuUsage();
    let runs = 0;
    let passed = 0;
    while (passed < share * seconds * 1e6) {
      for (let i = 0; i < 100; i++) {
        const result = run();
        if (result instanceof Promise) await result;
      }
      runs += 100;
      const { user, system } = process.cpuUsage(begin);
      passed = user + system;
    }
    perRun = (passed / runs) * 1e3;
  }
  return perRun;
}

const rows = { "peer/jose": await measure(jose), "peer/fast-jwt-cached": await measure(() => cached(token)) };
console.log(JSON.stringify(rows));
