/** The options of the inspector. */

/** A corner of the page. */
export type Corner = 'bottom-right' | 'bottom-left' | 'top-left' | 'top-right';

/** How the panel looks at first. */
export interface InspectorOptions {
  /** The name of the connection in the panel's title, where a page has several. */
  name?: string | undefined;
  /** The corner of the page in which the panel is; by default `bottom-right`. A button moves it. */
  corner?: Corner | undefined;
  /** Whether the panel is open; by default it is where the page is at least 600 pixels wide. */
  open?: boolean | undefined;
  /**
   * The URL of a page with a section for each error code, such as `docs/reference/errors.md` of the
   * repository where your team reads it. Refusals link to it, with the code as the fragment.
   */
  reference?: string | URL | undefined;
}

/** The option that this entry adds to those of `connect`. */
export interface DebugOptions {
  /** Whether to show the panel; by default `false`. */
  debug?: boolean | InspectorOptions | undefined;
}
