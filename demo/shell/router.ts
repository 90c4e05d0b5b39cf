/** Shows the view that the address names (`#inspect`), and the navigation between them. */
import { element, setText } from "./dom.ts";
import { takeDrops } from "./drop.ts";
import type { Gpu } from "./gpu.ts";
import { showNotice } from "./notice.ts";
import type { View, ViewEntry } from "./view.ts";

export class Router {
  readonly #views: readonly ViewEntry[];
  readonly #links = new Map<ViewEntry, HTMLAnchorElement>();
  readonly #sections = new Map<ViewEntry, HTMLElement>();
  readonly #built = new Map<ViewEntry, View>();
  readonly #main: HTMLElement;
  readonly #gpu: Gpu;
  /** What the page says about leaving a view or dropping a file. */
  readonly #note = element("p", { class: "page-note", role: "status", "data-testid": "page-note" });
  #current: ViewEntry | undefined;

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
    this.#main.before(this.#note);
    takeDrops(() => this.#current && this.#built.get(this.#current), this.#note);
    addEventListener("hashchange", () => void this.#show(true));
    void this.#show(false);
  }

  /** @param moveFocus Whether to move the focus to the heading, since the visitor came from another view. */
  async #show(moveFocus: boolean): Promise<void> {
    const view = this.#views.find(({ id }) => `#${id}` === location.hash) ?? this.#views[0]!;
    const before = this.#current;
    if (view === before) return;
    this.#current = view;
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
      if (this.#current !== view) return;
      if (!this.#built.has(view)) {
        section.replaceChildren();
        this.#built.set(view, mount(section, this.#gpu));
      }
    } catch (error) {
      console.error(error);
      const notice = document.createElement("div");
      section.replaceChildren(notice);
      showNotice(notice, error);
      return;
    }
    this.#built.get(view)!.enter();
    if (!moveFocus) return;
    scrollTo(0, 0);
    const heading = section.querySelector("h1")!;
    heading.tabIndex = -1;
    heading.focus({ preventScroll: true });
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
