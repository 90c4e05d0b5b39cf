/** Finding, changing and making elements. */

/** The element with an id; it must exist. */
export function byId<E extends HTMLElement = HTMLElement>(id: string): E {
  return document.getElementById(id) as E;
}

/** Finds the elements whose ids begin with a view's name: `text-status` is `partsOf("text")("status")`. */
export function partsOf(view: string): <E extends HTMLElement = HTMLElement>(name: string) => E {
  return (name) => byId(`${view}-${name}`);
}

/** Sets a text unless the element has it already: a screen reader would read a live region again. */
export function setText(element: HTMLElement, text: string): void {
  if (element.textContent !== text) element.textContent = text;
}

type Child = Node | string;

/** An element with attributes and children. */
export function element<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  attributes: Readonly<Record<string, string>> = {},
  ...children: Child[]
): HTMLElementTagNameMap[Name] {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  made.append(...children);
  return made;
}

/** A column of a table: its title, and whether it holds numbers, which are aligned to the right. */
export interface Column {
  readonly title: string;
  readonly numeric?: boolean;
}

/** A table whose rows begin with their own heading, in a box that scrolls it, under a note. */
export function table(
  name: string,
  note: string,
  columns: readonly Column[],
  rows: readonly (readonly Child[])[],
): DocumentFragment {
  const numeric = ({ numeric }: Column): Record<string, string> => (numeric ? { class: "number" } : {});
  const titles = columns.map((column) =>
    // A column without a title holds pictures of the numbers beside it.
    element(
      column.title ? "th" : "td",
      column.title ? { scope: "col", ...numeric(column) } : {},
      column.title,
    ),
  );
  const body = rows.map((row) => {
    const cells = row.map((cell, i) =>
      i === 0 ? element("th", { scope: "row" }, cell) : element("td", numeric(columns[i]!), cell),
    );
    return element("tr", {}, ...cells);
  });
  const whole = element(
    "table",
    { class: "data", "aria-label": name },
    element("thead", {}, element("tr", {}, ...titles)),
    element("tbody", {}, ...body),
  );
  const fragment = document.createDocumentFragment();
  fragment.append(element("p", { class: "note" }, note), scrolling(name, whole));
  return fragment;
}

/** A box that scrolls wide or long content; the keyboard can reach it. */
export function scrolling(label: string, content: HTMLElement): HTMLElement {
  return element("div", { class: "scroll", role: "group", tabindex: "0", "aria-label": label }, content);
}

/** A bar as long as its share (0 to 1) of its cell: a picture of the number beside it. */
export function bar(share: number): HTMLElement {
  const filled = element("span");
  filled.style.width = `${100 * Math.max(0, Math.min(1, share))}%`;
  return element("span", { class: "bar", "aria-hidden": "true" }, filled);
}
