import { createRemoteJWKSet, jwtVerify } from 'jose';

const issuer = process.env.DAYPASS_ISSUER ?? 'https://tokens.example.com';
const keys = createRemoteJWKSet(new URL(`${issuer}/.well-known/jwks.json`));

export async function verify(token) {
  const { payload } = await jwtVerify(token, keys, {
    issuer,
    audience: 'my-api',
    typ: 'at+jwt',
    algorithms: ['EdDSA'],
    requiredClaims: ['exp', 'sub', 'client_id', 'iat', 'jti'],
  });
  return payload;
}
