export { User, UserManager } from 'oidc-client-ts';
