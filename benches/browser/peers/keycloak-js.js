export { default } from 'keycloak-js';
