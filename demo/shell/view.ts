/** The interface of a view of the page. Each view has a folder; `main.ts` lists them. */
import type { LinkSettings, Settings } from "./address.ts";
import type { LinkContents } from "./copy.ts";
import type { Gpu } from "./gpu.ts";

/** A view as the navigation knows it. */
export interface ViewEntry {
  /** The view's address in the page: `#id`, with settings `#id?name=value`. */
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
  readonly mount: (root: HTMLElement, gpu: Gpu, frame: Frame) => View;
}

/** What the page offers a view. */
export interface Frame {
  /** The whole address of the view with its settings, for a link or a card. */
  readonly url: string;
  /** The same with further settings, which the page's own address does not get. */
  urlWith(settings: Settings): string;
  /** Keeps the view's settings in the address, from which {@link View.restore} gets them; makes no entry in the history. */
  keep(settings: Settings): void;
  /** Opens a model's file in the Inspect view. @param name The file's name, whose ending says the format */
  inspect(name: string, bytes: Uint8Array<ArrayBuffer>): void;
}

/** A view. It stays in the document, and is hidden while another view is shown. */
export interface View {
  /** What its address holds, if the visitor has brought data of their own. */
  readonly linkContents?: LinkContents | undefined;
  /** Called when the view is shown. */
  enter(): void;
  /**
   * Called when the view is hidden; stops its work. Settles when its GPU memory is free, with what became of work that was under way
   * ("paused"), which the navigation shows until the next visit.
   */
  leave(): Promise<string | undefined>;
  /**
   * Takes the settings of the address: before {@link enter} if the page was opened with some, and later when a link or the history has
   * others. What it does not ask of `link` is named to the visitor.
   */
  restore?(link: LinkSettings): void | Promise<void>;
  /** Takes files that are dropped anywhere on the page while the view is shown, and models of other views. */
  drop?(files: readonly File[]): void;
}
