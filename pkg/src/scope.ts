/** Scopes as types: any scope, and the scopes of the product that a page is for. */

/** A scope: `resource:action`, for example `floor:readPublic`, or `resource:action:resourceId`. */
export type Scope = `${string}:${string}`;

/**
 * The types of the product that a page is for, given once for the whole project.
 *
 * A module that `daypass catalog types` writes fills in `scopes`. By hand:
 *
 * ```ts
 * declare module 'daypass' {
 *   interface DaypassTypes {
 *     scopes:
 *       | 'floor:readPublic' | `floor:readPublic:${string}`
 *       | 'floor:readPrivate' | `floor:readPrivate:${string}`;
 *   }
 * }
 * ```
 */
export interface DaypassTypes {}

/** The scopes of {@link DaypassTypes}; any scope if a project does not fill them in. */
export type KnownScope = DaypassTypes extends {
  /** The scopes that the project filled in. */
  scopes: infer S extends Scope;
}
  ? S
  : Scope;
