/** The look of the report's plots: the marks of tasks/svg by class, with colours that are legible on light and dark pages. */
import { curve, dots, element, line, svg, type TextOptions, text } from "../tasks/svg/svg.ts";

/** Light colours first, dark ones where the reader's system is dark. */
const STYLE = `
  .page { fill: #ffffff } .ink { fill: #1f2328 } .soft { fill: #59636e } .grid { stroke: #e3e6ea } .axis { stroke: #818b98 }
  .ours { fill: #0a5fd1; stroke: #0a5fd1 } .peer { fill: #9aa4b0; stroke: #9aa4b0 } .ideal { stroke: #818b98 }
  .second { fill: #b35900; stroke: #b35900 }
  @media (prefers-color-scheme: dark) {
    .page { fill: #0d1117 } .ink { fill: #f0f3f6 } .soft { fill: #9aa4b0 } .grid { stroke: #2a313a } .axis { stroke: #6b7480 }
    .ours { fill: #5aa2ff; stroke: #5aa2ff } .peer { fill: #6b7480; stroke: #6b7480 } .ideal { stroke: #6b7480 }
    .second { fill: #f0a35c; stroke: #f0a35c }
  }
  .line { fill: none; stroke-width: 2 } .bar { stroke: none }`;

/** Whose data a mark shows: this library's, a peer's, or this library's in a second place. */
export type Tone = "ours" | "peer" | "second";

export function picture(width: number, height: number, title: string, body: string): string {
  return svg(width, height, title, body, { background: { class: "page" }, style: `${STYLE}\n` });
}

export function caption(
  x: number,
  y: number,
  content: string,
  { tone = "soft", ...options }: TextOptions & { readonly tone?: "ink" | "soft" } = {},
): string {
  return text(x, y, content, options, { class: tone });
}

export function rule(
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  kind: "grid" | "axis" | "ideal",
): string {
  return line(x1, y1, x2, y2, { class: kind, "stroke-dasharray": kind === "ideal" ? "4 4" : undefined });
}

export function bar(x: number, y: number, width: number, height: number, tone: Tone): string {
  return element("rect", { class: `bar ${tone}`, x, y, width, height, rx: 2 });
}

/** A line through points, with a dot on each. */
export function trend(points: readonly (readonly [x: number, y: number])[], tone: Tone): string {
  return curve(points, { class: `line ${tone}` }) + dots(points, 2.5, { class: tone });
}
