// Never runs: the types of `daypass catalog types` accept the catalogue's scopes only. `space-api.ts` is its output.
import type { ProviderOptions, Scope as AnyScope } from 'daypass';
import type { PublishableScope, Scope } from './space-api';

const everywhere: Scope = 'floor:readPrivate';
const oneFloor: Scope = 'floor:readPrivate:ground';
const published: PublishableScope[] = ['floor:readPublic', 'customAttributeValues:readPublic:ground'];

everywhere satisfies AnyScope;
published satisfies Scope[];
const requested: Scope[] = [everywhere, oneFloor, ...published];
const options: ProviderOptions = { api: 'https://api.example.com', provider: '/floor-token', scopes: requested };

// @ts-expect-error a typo
const typo: Scope = 'floor:readPrivat';
// @ts-expect-error an old name
const older: Scope = 'floor:read';
// @ts-expect-error a wildcard is no scope of the catalogue
const all: Scope = '*';
// @ts-expect-error a publishable token cannot have it
const secret: PublishableScope = 'floor:readPrivate';
// @ts-expect-error a publishable token cannot have it for one floor either
const secretFloor: PublishableScope = 'floor:readPrivate:ground';
