// Never runs: what `daypass catalog types` makes takes the catalogue's scopes and no others. `space-api.ts` is its output.
import type { ProviderOptions, Scope as AnyScope } from 'daypass';
import type { PublishableScope, Scope } from './space-api';

const everywhere: Scope = 'floor:readPrivate';
const oneFloor: Scope = 'floor:readPrivate:ground';
const published: PublishableScope[] = ['floor:readPublic', 'customAttributeValues:readPublic:ground'];

everywhere satisfies AnyScope;
published satisfies Scope[];
const asked: Scope[] = [everywhere, oneFloor, ...published];
const options: ProviderOptions = { api: 'https://api.example.com', provider: '/floor-token', scopes: asked };

// @ts-expect-error a typo
const typo: Scope = 'floor:readPrivat';
// @ts-expect-error an older name
const older: Scope = 'floor:read';
// @ts-expect-error it is for the operator to say what everything is
const all: Scope = '*';
// @ts-expect-error no publishable token may hold it
const secret: PublishableScope = 'floor:readPrivate';
// @ts-expect-error for one floor neither
const secretFloor: PublishableScope = 'floor:readPrivate:ground';
