// Never runs: where `space-api.ts` is part of a project, the SDK knows the scopes of the Space API everywhere.
import { connect, type ConnectOptions, type Daypass, type TokenProvider } from 'daypass';
import { DaypassProvider, useDaypass, useDaypassContext } from 'daypass/react';
import type { Scope } from './space-api';

const api = 'https://api.example.com';
const provider: TokenProvider = async ({ scopes }) => {
  scopes satisfies Scope[];
  return { authorization: 'Bearer text', expiresAt: 1_616_079_083 };
};

export async function connections(): Promise<void> {
  const floors: Daypass = await connect({ api, provider, scopes: ['floor:readPrivate', 'floor:readPublic:ground'] });
  // Scopes that were not requested, since a token may have them.
  floors.can('floor:update');
  floors.require('floor:update:ground');
  // @ts-expect-error a typo
  floors.can('floor:updat');
  // @ts-expect-error a typo
  floors.require('floor:updat');
  // @ts-expect-error a typo
  await connect({ api, provider, scopes: ['floor:readPrivat'] });
  // @ts-expect-error a typo beside a scope
  await connect({ api, host: '*.example.com', scopes: ['floor:readPrivate', 'floor:readPrivat'] });
  // @ts-expect-error a typo
  const options: ConnectOptions = { api, provider, scopes: ['floor:readPrivat'] };

  const editor = await connect<{ file: string }>({ api, service: api, bundle: 'text' });
  editor.parameters?.file satisfies string | undefined;
  // @ts-expect-error a typo, where the parameters have a type
  editor.can('floor:updat');

  // The scopes of another product
  const chairs = await connect<Record<string, unknown>, 'chair:sit' | 'chair:move'>({
    api,
    provider: '/token',
    scopes: ['chair:sit'],
  });
  chairs.can('chair:move');
  // @ts-expect-error the other product has no such scope
  chairs.can('floor:update');
}

export function Component(): unknown {
  const { daypass, error, retry } = useDaypass({ api, provider, scopes: ['floor:readPrivate'] });
  daypass?.can('floor:update');
  // @ts-expect-error a typo
  daypass?.can('floor:updat');
  // @ts-expect-error a typo
  useDaypass({ api, provider, scopes: ['floor:readPrivat'] });
  // @ts-expect-error a typo
  useDaypassContext().daypass?.can('floor:updat');
  // @ts-expect-error a typo
  DaypassProvider({ options: { api, provider, scopes: ['floor:readPrivat'] } });
  if (error?.retryable) retry();
  return DaypassProvider({ options: { api, provider, scopes: ['floor:readPrivate'] } });
}
