/** What the build makes of the Rust code, in `pkg/wasm`. */

declare module '*/daypass_bg.js' {
  /** The functions of one instance. */
  export interface Glue {
    /** What the instance calls. */
    readonly imports: WebAssembly.ModuleImports;
    /** What it exports. */
    readonly exports: Record<string, unknown>;
    /** Uses these exports from now on. */
    attach(exports: Record<string, unknown>): void;
    prepare(options: unknown, signal: AbortSignal): Promise<Kept>;
    failure(code: string, particulars: string): Error;
    refusal(response: unknown): Promise<Error | null>;
    readonly Handle: new (kept: Kept, page: object, life: AbortController) => Handle;
  }

  /** What a connection is opened from, as often as it takes. */
  export interface Kept {
    readonly options: { readonly signal?: AbortSignal | null };
    readonly kind: 'publishable' | 'temporary' | 'bundle';
    readonly parameters: never;
    readonly timeoutSeconds: number;
    /** The API's base URL, which ends with a slash, if requests need nothing but a header. */
    readonly base?: string;
    authorization?: string | undefined;
    /** In Unix milliseconds. */
    endsAt?: number;
    /** Until when the token can be used without asking, in Unix milliseconds. */
    restsUntil?: number;
    /** The number of the call to the provider that brought the token. */
    readonly call?: number;
  }

  /** A connection of one instance: `src/browser/package/handle.rs`. */
  export interface Handle {
    opened(timeoutSeconds: number, signal: AbortSignal): Promise<void>;
    fetch(input: unknown, init: unknown, sent?: Promise<Response>, call?: number): Promise<Response>;
    authorization(): Promise<string>;
    refresh(): Promise<void>;
    unauthorized(response: unknown): Promise<boolean>;
    authorize(url: unknown, method: string, isOwn: boolean): Promise<{ url: string; headers: Record<string, string> }>;
    transformRequest(url: unknown): { url: string; headers: Record<string, string> };
    peek(): string | null;
    can(scope: unknown): boolean | null;
    describe(): never;
    close(): void;
    signOut(): void;
    free(): void;
  }

  /** Makes the functions of an instance that is yet to be made. */
  export function glue(): Glue;
}

declare module '*/daypass_bg.wasm.js' {
  /** The module as JavaScript. */
  export function instantiate(imports: WebAssembly.ModuleImports): Record<string, unknown>;
}

declare module '*.deflate' {
  /** The module, compressed (RFC 1950), in base64. */
  const text: string;
  export default text;
}
