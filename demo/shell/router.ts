/** Shows the view that the address names (`#inspect`), and the navigation between them. */
import { formatAddress, LinkSettings, parseAddress, settingsText } from "./address.ts";
import type { LinkContents } from "./copy.ts";
import { byId, element, setText } from "./dom.ts";
import { takeDrops } from "./drop.ts";
import type { Gpu } from "./gpu.ts";
import { showNotice } from "./notice.ts";
import type { Frame, View, ViewEntry } from "./view.ts";

export class Router {
  readonly #views: readonly ViewEntry[];
  readonly #links = new Map<ViewEntry, HTMLAnchorElement>();
  readonly #sections = new Map<ViewEntry, HTMLElement>();
  readonly #built = new Map<ViewEntry, View>();
  /** The settings that each view has in the address. */
  readonly #kept = new Map<ViewEntry, string>();
  readonly #main: HTMLElement;
  readonly #gpu: Gpu;
  /** What the page says about leaving a view, its address or dropping a file. */
  readonly #note = byId("page-note");
  #current: ViewEntry | undefined;
  #visits = 0;
  /** The settings that a view was given last. */
  #restored: LinkSettings | undefined;
  /** A file of one view for another, which is about to be shown. */
  #handed: { readonly to: string; readonly files: readonly File[] } | undefined;

  /** @param list The parent of the links; @param main the parent of the views */
  constructor(views: readonly ViewEntry[], list: HTMLElement, main: HTMLElement, gpu: Gpu) {
    this.#views = views;
    this.#main = main;
    this.#gpu = gpu;
    for (const view of views) {
      const link = document.createElement("a");
      link.href = `#${view.id}`;
      link.textContent = view.name;
      const item = document.createElement("li");
      item.append(link);
      list.append(item);
      this.#links.set(view, link);
    }
  }

  start(): void {
    takeDrops(() => this.#current && this.#built.get(this.#current), this.#note);
    addEventListener("hashchange", () => void this.#show(true));
    void this.#show(false);
  }

  /** What the page's address holds, as the view says that is shown. */
  get linkContents(): LinkContents | undefined {
    return this.#current && this.#built.get(this.#current)?.linkContents;
  }

  /** @param moveFocus Whether to move the focus to the heading, since the visitor came from another view. */
  async #show(moveFocus: boolean): Promise<void> {
    const address = parseAddress(location.hash);
    const named = this.#views.find(({ id }) => id === address.view);
    const view = named ?? this.#views[0]!;
    const before = this.#current;
    const kept = this.#kept.get(view) ?? "";
    // An address without settings shows a view as it is.
    const settings = (named && address.settings) || kept;
    const isOther = settings !== kept;
    this.#current = view;
    if (isOther || settings !== address.settings) this.#keep(view, settings);
    if (view !== before) {
      if (!(await this.#enter(view, before, isOther, moveFocus))) return;
    } else if (isOther && this.#built.has(view)) void this.#restore(view);
    const handed = this.#handed;
    this.#handed = undefined;
    if (handed?.to === view.id) this.#built.get(view)!.drop?.(handed.files);
  }

  /**
   * Leaves one view and shows another; returns whether it is shown.
   * @param isOther Whether the address has brought other settings than the view has
   */
  async #enter(
    view: ViewEntry,
    before: ViewEntry | undefined,
    isOther: boolean,
    moveFocus: boolean,
  ): Promise<boolean> {
    const visit = ++this.#visits;
    setText(this.#note, "");
    this.#mark(view, undefined);
    if (before) this.#leave(before);
    for (const [of, link] of this.#links) {
      if (of === view) link.setAttribute("aria-current", "page");
      else link.removeAttribute("aria-current");
    }
    document.title = `${view.name} · webgpu-lstm`;
    const section = this.#section(view);
    section.hidden = false;
    try {
      const { mount } = await view.load();
      if (visit !== this.#visits) return false;
      if (this.#built.has(view)) {
        if (isOther) void this.#restore(view);
      } else {
        section.replaceChildren();
        this.#built.set(view, mount(section, this.#gpu, this.#frame(view)));
        // Those of the address as it is now: it may have changed while the code was loaded.
        if (this.#kept.get(view)) void this.#restore(view);
      }
    } catch (error) {
      console.error(error);
      const notice = document.createElement("div");
      section.replaceChildren(notice);
      showNotice(notice, error);
      return false;
    }
    this.#built.get(view)!.enter();
    if (moveFocus) focusHeading(section);
    return true;
  }

  /** Gives a view the settings of the address, and says which of them it does not have. */
  async #restore(view: ViewEntry): Promise<void> {
    const link = new LinkSettings(this.#kept.get(view)!);
    this.#restored = link;
    try {
      await this.#built.get(view)!.restore?.(link);
    } catch (error) {
      console.error(error);
    }
    if (this.#current === view && this.#restored === link && link.note) setText(this.#note, link.note);
  }

  #frame(view: ViewEntry): Frame {
    const url = () => new URL(this.#links.get(view)!.href).href;
    return {
      get url() {
        return url();
      },
      urlWith: (settings) => {
        const kept = this.#kept.get(view) ?? "";
        const all = [kept, settingsText(settings)].filter((text) => text !== "").join("&");
        return new URL(formatAddress(view.id, all), location.href).href;
      },
      keep: (settings) => this.#keep(view, settingsText(settings)),
      inspect: (name, bytes) => {
        this.#handed = { to: "inspect", files: [new File([bytes], name)] };
        location.hash = "#inspect";
      },
    };
  }

  #keep(view: ViewEntry, settings: string): void {
    this.#kept.set(view, settings);
    const hash = formatAddress(view.id, settings);
    this.#links.get(view)!.href = hash;
    if (this.#current === view && location.hash !== hash) history.replaceState(history.state, "", hash);
  }

  #leave(view: ViewEntry): void {
    this.#sections.get(view)!.hidden = true;
    const leaving = this.#built.get(view)?.leave();
    if (!leaving) return;
    this.#gpu.waitFor(leaving);
    void leaving.then((became) => {
      if (!became || this.#current === view) return;
      this.#mark(view, became);
      setText(this.#note, `${view.name} is ${became} while another view is shown.`);
    });
  }

  /** Says in the navigation what became of a view's work. */
  #mark(view: ViewEntry, became: string | undefined): void {
    const marks = became ? [" ", element("span", { class: "became" }, became)] : [];
    this.#links.get(view)!.replaceChildren(view.name, ...marks);
  }

  #section(view: ViewEntry): HTMLElement {
    const known = this.#sections.get(view);
    if (known) return known;
    const section = document.createElement("div");
    section.id = `${view.id}-view`;
    this.#main.append(section);
    this.#sections.set(view, section);
    return section;
  }
}

/** Moves the focus to a view's heading, so that a screen reader says where the visitor is. */
function focusHeading(section: HTMLElement): void {
  scrollTo(0, 0);
  const heading = section.querySelector("h1")!;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}
