/** The interface of a view of the page. Each view has a folder; `main.ts` lists them. */
import type { Gpu } from "./gpu.ts";

/** A view as the navigation knows it. */
export interface ViewEntry {
  /** The view's address in the page: `#id`. */
  readonly id: string;
  /** The view's name in the navigation and in the page's title. */
  readonly name: string;
  /** Loads the view's code, at the first visit. */
  readonly load: () => Promise<ViewModule>;
}

/** The exports of `index.ts` in a view's folder. */
interface ViewModule {
  /**
   * Builds the view, once, at the first visit.
   * @param root An empty section. It must get an `h1`, which receives the focus at every later visit.
   */
  readonly mount: (root: HTMLElement, gpu: Gpu) => View;
}

/** A view. It stays in the document, and is hidden while another view is shown. */
export interface View {
  /** Called when the view is shown. */
  enter(): void;
  /**
   * Called when the view is hidden; stops its work. Settles when its GPU memory is free, with what became of work that was under way
   * ("paused"), which the navigation shows until the next visit.
   */
  leave(): Promise<string | undefined>;
  /** Takes files that are dropped anywhere on the page while the view is shown. */
  drop?(files: readonly File[]): void;
}
