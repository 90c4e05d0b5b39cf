/** What the page and the worker of a live example tell each other. */

/** Lines of a chart by their names. */
export type Lines = Readonly<Record<string, ArrayLike<number>>>;

/** From the page: a program to run, in JavaScript. */
export interface Program {
  readonly code: string;
  /** Its first line that cannot be parsed, or 0. */
  readonly broken: number;
}

/** From the worker. A plot of a title that was there before replaces it. */
export type Report =
  | { readonly kind: "line"; readonly text: string }
  | { readonly kind: "plot"; readonly title: string; readonly lines: Lines }
  | { readonly kind: "done" }
  | { readonly kind: "failed"; readonly message: string };
