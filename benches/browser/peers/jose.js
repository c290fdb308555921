export { createRemoteJWKSet, jwtDecrypt, jwtVerify } from 'jose';
