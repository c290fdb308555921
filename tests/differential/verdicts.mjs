// What jose says of each document, and what it signs. Reads one JSON text, writes one.
import { readFileSync } from 'node:fs'
import { createLocalJWKSet, importJWK, jwtVerify, SignJWT } from 'jose'

const { jwks, privateKey, issuer, audience, required, documents, payloads } = JSON.parse(readFileSync(0, 'utf8'))
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

const verdicts = await Promise.all(documents.map(accepts))
const signed = await Promise.all(payloads.map(sign))
process.stdout.write(JSON.stringify({ jose: { verdicts, signed } }))
