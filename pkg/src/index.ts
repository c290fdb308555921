/**
 * The SDK: {@link connect} joins an embed to its API and keeps the credential fresh.
 * @packageDocumentation
 */
export { initialise } from './core.js';
export { connect, Daypass } from './daypass.js';
export { DaypassError } from './error.js';
export type * from './codes.js';
export type * from './connect-options.js';
export type * from './description.js';
export type * from './events.js';
export type * from './initialise-options.js';
export type * from './scope.js';
export type * from './token.js';
