// Verifies each token with jose and signs each payload. Reads one JSON text from standard input and writes one.
import { readFileSync } from 'node:fs'
import { createLocalJWKSet, importJWK, jwtVerify, SignJWT } from 'jose'

const { jwks, privateKey, issuer, audience, required, tokens, payloads } = JSON.parse(readFileSync(0, 'utf8'))
const keys = createLocalJWKSet(jwks)

async function accepts({ text, typ }) {
  try {
    await jwtVerify(text, keys, { issuer, audience, typ, algorithms: ['EdDSA'], requiredClaims: required })
    return true
  } catch {
    return false
  }
}

const key = await importJWK(privateKey, 'EdDSA')
const sign = ({ header, claims }) => new SignJWT(claims).setProtectedHeader(JSON.parse(header)).sign(key)

const verdicts = await Promise.all(tokens.map(accepts))
const signed = await Promise.all(payloads.map(sign))
process.stdout.write(JSON.stringify({ jose: { verdicts, signed } }))
