// Never runs: `tsc -p tests/types` checks that right uses of the SDK's types compile and that wrong ones do not.
import {
  connect,
  Daypass,
  DaypassError,
  initialise,
  type BundleOptions,
  type ConnectOptions,
  type DaypassErrorCode,
  type DaypassEventMap,
  type Description,
  type GivenTokenOptions,
  type ProviderOptions,
  type PublishableOptions,
  type Scope,
  type TemporaryToken,
  type TokenProvider,
  type TokenRequest,
} from 'daypass';

const api = new URL('https://api.example.com');
const service = 'https://tokens.example.com';

// Ways in
const publishable: PublishableOptions = { api, publishableToken: 'text' };
const byUrl: ProviderOptions = { api, provider: '/floor-token' };
const temporaryToken: TemporaryToken = { authorization: 'Bearer text', expiresAt: 1_616_079_083 };
const provider: TokenProvider = async ({ scopes, durationSeconds }: TokenRequest) => {
  scopes satisfies Scope[];
  durationSeconds satisfies number;
  return temporaryToken;
};
const byFunction: ProviderOptions = {
  api,
  service,
  provider,
  scopes: ['floor:readPrivate', 'floor:readPrivate:ground'],
  durationSeconds: 900,
  temporaryToken,
};
const given: GivenTokenOptions = { api, temporaryToken };
const bundle: BundleOptions = { api, service, bundle: 'text' };
const anyWay: ConnectOptions[] = [publishable, byUrl, byFunction, given, bundle];

// @ts-expect-error there is no way in
const noWay: ConnectOptions = { api };
// @ts-expect-error a bundle needs the service
const noService: BundleOptions = { api, bundle: 'text' };
// @ts-expect-error every way in needs the API
const noApi: ConnectOptions = { publishableToken: 'text' };
// @ts-expect-error a scope has a resource and an action
const badScope: Scope = 'floor';
// @ts-expect-error a provider answers with the token and its end
const badProvider: TokenProvider = async () => 'Bearer text';
// @ts-expect-error the end is Unix time in seconds
const badToken: TemporaryToken = { authorization: 'Bearer text', expiresAt: new Date() };
// @ts-expect-error secret tokens have no way into a browser
const secret: ConnectOptions = { api, secretToken: 'text' };

// @ts-expect-error connections come from `connect` alone
new Daypass();

// What a connection gives
interface EditorParameters {
  file: string;
  userId: string;
}

async function uses(): Promise<void> {
  const daypass: Daypass = await connect(publishable);
  const first: Response = await daypass.fetch('/v2/floor/ground');
  await daypass.fetch(new URL('/v2/floor', api), { method: 'GET', signal: AbortSignal.timeout(1000) });
  await daypass.fetch(new Request('https://api.example.com/v2/floor'));
  const refusal: DaypassError | null = await daypass.refusal(first);
  const header: string = await daypass.authorization();
  const now: string | null = daypass.peek();

  const about: Description = daypass.describe();
  about.kind satisfies 'publishable' | 'temporary' | 'bundle';
  about.scopes satisfies Scope[] | null;
  about.lifetimeSeconds satisfies number | null;
  about.secondsLeft satisfies number | null;
  about.refreshInSeconds satisfies number | null;
  // @ts-expect-error a description never holds the token
  about.token;
  // @ts-expect-error a token may have no end
  about.secondsLeft.toFixed();
  // @ts-expect-error there may be no living token
  const header2: string = daypass.peek();
  // @ts-expect-error bundles alone have parameters
  daypass.parameters.file;

  const editor = await connect<EditorParameters>(bundle);
  const file: string | undefined = editor.parameters?.file;
  // @ts-expect-error it is not a parameter of this editor
  editor.parameters?.folder;

  // Events
  daypass.addEventListener('refreshing', ({ detail }) => detail.attempt satisfies number);
  daypass.addEventListener('refreshed', ({ detail }) => detail.lifetimeSeconds satisfies number, { once: true });
  daypass.addEventListener('failed', ({ detail: { error, retryInSeconds } }) => {
    error satisfies DaypassError;
    retryInSeconds satisfies number | null;
  });
  daypass.addEventListener('expired', ({ detail }) => detail satisfies null);
  daypass.addEventListener('closed', (event: DaypassEventMap['closed']) => event.detail satisfies null);
  daypass.addEventListener('closed', { handleEvent() {} });
  // @ts-expect-error a refresh that is done has no attempt
  daypass.addEventListener('refreshed', ({ detail }) => detail.attempt);

  // Errors
  try {
    await initialise();
    await initialise({ module_or_path: new URL('daypass.wasm', api) });
    // @ts-expect-error options are an object
    await initialise('daypass.wasm');
  } catch (error) {
    if (!(error instanceof DaypassError)) throw error;
    error satisfies Error;
    const code: DaypassErrorCode = error.code;
    const told: [string, number, boolean, string] = [error.message, error.status, error.retryable, error.help];
    if (
      code === 'origin_not_allowed' ||
      code === 'token_revoked' ||
      code === 'token_expired' ||
      code === 'insufficient_scope'
    )
      return;
    // @ts-expect-error there is no such code
    if (code === 'no_such_code') return;
    // @ts-expect-error an error's code stays what it is
    error.code = 'missing_token';
  }

  using scoped = await connect(given);
  daypass.close();
  daypass[Symbol.dispose]();
}
