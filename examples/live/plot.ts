/** Draws lines beside the program on the documentation's site. Elsewhere nobody listens, and nothing happens. */
export function plot(title: string, lines: Readonly<Record<string, ArrayLike<number>>>): void {
  globalThis.dispatchEvent?.(new CustomEvent("plot", { detail: { title, lines } }));
}
