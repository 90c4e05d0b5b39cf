/** What a view of the page is. Each has a folder; `main.ts` lists them. */
import type { Gpu } from "./gpu.ts";

/** A view as the navigation knows it. */
export interface ViewEntry {
  /** Its address in the page: `#id`. */
  readonly id: string;
  /** Its name in the navigation and in the page's title. */
  readonly name: string;
  /** Fetches its code, at the first visit. */
  readonly load: () => Promise<ViewModule>;
}

/** What the `index.ts` of a view's folder exports. */
interface ViewModule {
  /**
   * Builds the view, once, at the first visit.
   * @param root An empty section; it must get an `h1`, to which focus moves at every later visit.
   */
  readonly mount: (root: HTMLElement, gpu: Gpu) => View;
}

/** A view that is built. It stays in the document, hidden while another is shown. */
export interface View {
  /** It is shown from now on. */
  enter(): void;
  /** It is hidden from now on: stops what runs. Settles when its GPU memory is free. */
  leave(): Promise<void>;
}
