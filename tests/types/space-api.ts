// Made by `daypass catalog types` from the catalogue of Space API: make it again instead of editing it.

/** What a token of Space API may be asked to do, everywhere or for one resource. */
export type Scope =
  /** Read public floor resources */
  | 'floor:readPublic' | `floor:readPublic:${string}`
  /** Read private floor resources */
  | 'floor:readPrivate' | `floor:readPrivate:${string}`
  /** List and read public floor resources */
  | 'floor:queryPublic' | `floor:queryPublic:${string}`
  /** List and read private floor resources */
  | 'floor:queryPrivate' | `floor:queryPrivate:${string}`
  /** Update a floor or its layout */
  | 'floor:update' | `floor:update:${string}`
  /** Export a floor */
  | 'floor:export' | `floor:export:${string}`
  /** Archive floors */
  | 'floor:archive' | `floor:archive:${string}`
  /** Read the definitions of custom attributes */
  | 'customAttributes:read' | `customAttributes:read:${string}`
  /** Create, update and delete the definitions of custom attributes */
  | 'customAttributes:write' | `customAttributes:write:${string}`
  /** Read the custom attribute values of public floors */
  | 'customAttributeValues:readPublic' | `customAttributeValues:readPublic:${string}`
  /** Read the custom attribute values of private floors */
  | 'customAttributeValues:readPrivate' | `customAttributeValues:readPrivate:${string}`
  /** Create, update and delete custom attribute values */
  | 'customAttributeValues:write' | `customAttributeValues:write:${string}`
  /** Create extensions */
  | 'extension:create' | `extension:create:${string}`
  /** Update extensions */
  | 'extension:update' | `extension:update:${string}`
  /** Query extensions */
  | 'extension:query' | `extension:query:${string}`
  /** Delete extensions */
  | 'extension:delete' | `extension:delete:${string}`;

/** The scopes that a publishable token may have, which anyone can read. */
export type PublishableScope =
  | 'floor:readPublic' | `floor:readPublic:${string}`
  | 'floor:queryPublic' | `floor:queryPublic:${string}`
  | 'customAttributes:read' | `customAttributes:read:${string}`
  | 'customAttributeValues:readPublic' | `customAttributeValues:readPublic:${string}`;
