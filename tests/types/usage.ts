// Never runs: `tsc -p tests/types` checks that correct uses of the SDK's types compile and wrong ones do not.
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

// Options
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

// @ts-expect-error the credential is missing
const noWay: ConnectOptions = { api };
// @ts-expect-error a bundle needs the service
const noService: BundleOptions = { api, bundle: 'text' };
// @ts-expect-error every connection needs the API
const noApi: ConnectOptions = { publishableToken: 'text' };
// @ts-expect-error a scope has a resource and an action
const badScope: Scope = 'floor';
// @ts-expect-error a provider returns the token and its expiry
const badProvider: TokenProvider = async () => 'Bearer text';
// @ts-expect-error the expiry is Unix time in seconds
const badToken: TemporaryToken = { authorization: 'Bearer text', expiresAt: new Date() };
// @ts-expect-error secret tokens are not for browsers
const secret: ConnectOptions = { api, secretToken: 'text' };

// @ts-expect-error only `connect` opens connections
new Daypass();

// A connection
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
  // @ts-expect-error a description never contains the token
  about.token;
  // @ts-expect-error a token may not expire
  about.secondsLeft.toFixed();
  // @ts-expect-error there may be no active token
  const header2: string = daypass.peek();
  // @ts-expect-error only bundles have parameters
  daypass.parameters.file;

  const editor = await connect<EditorParameters>(bundle);
  const file: string | undefined = editor.parameters?.file;
  // @ts-expect-error this editor has no such parameter
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
  // @ts-expect-error a completed refresh has no attempt
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
    const described: [string, number, boolean, string] = [error.message, error.status, error.retryable, error.help];
    if (
      code === 'origin_not_allowed' ||
      code === 'token_revoked' ||
      code === 'token_expired' ||
      code === 'insufficient_scope'
    )
      return;
    // @ts-expect-error there is no such code
    if (code === 'no_such_code') return;
    // @ts-expect-error an error's code is read-only
    error.code = 'missing_token';
  }

  using scoped = await connect(given);
  daypass.close();
  daypass[Symbol.dispose]();
}
