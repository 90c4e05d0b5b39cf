/** Writes pictures as SVG text: elements with attributes, and the scales and ticks of a chart. */

/** Attributes of an element; those that are undefined are left out, and numbers are rounded to a hundredth. */
export type Attributes = Readonly<Record<string, string | number | undefined>>;

/** An element. `content` is SVG already; pass words through {@link text}. */
export function element(name: string, attributes: Attributes, content = ""): string {
  const written = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}="${typeof value === "number" ? fixed(value) : escaped(value!)}"`);
  const open = `<${name}${written.join("")}`;
  return content === "" ? `${open}/>\n` : `${open}>${content}</${name}>\n`;
}

/** How a whole picture looks. */
export interface PictureOptions {
  /** Attributes of the background. */
  readonly background: Attributes;
  /** A style sheet for the classes of the elements. */
  readonly style?: string;
}

/** A whole picture: `body` on a background, with a title that screen readers read out. */
export function svg(
  width: number,
  height: number,
  title: string,
  body: string,
  { background, style }: PictureOptions,
): string {
  const attributes = {
    xmlns: "http://www.w3.org/2000/svg",
    width,
    height,
    viewBox: `0 0 ${width} ${height}`,
    "font-family": "system-ui, 'Helvetica Neue', Arial, sans-serif",
    "font-size": 12,
    role: "img",
  };
  const head = element("title", {}, escaped(title)) + (style ? element("style", {}, style) : "");
  const page = element("rect", { width: "100%", height: "100%", ...background });
  return element("svg", attributes, `\n${head}${page}${body}`);
}

/** How a text is set. */
export interface TextOptions {
  readonly size?: number;
  readonly anchor?: "start" | "middle" | "end";
  readonly bold?: boolean;
}

/** A line of text; (x, y) is on its baseline. */
export function text(
  x: number,
  y: number,
  content: string,
  { size = 12, anchor = "start", bold = false }: TextOptions,
  attributes: Attributes,
): string {
  const set = { "font-size": size, "text-anchor": anchor, "font-weight": bold ? 600 : undefined };
  return element("text", { x, y, ...set, ...attributes }, escaped(content));
}

/** A straight line. */
export function line(x1: number, y1: number, x2: number, y2: number, attributes: Attributes): string {
  return element("line", { x1, y1, x2, y2, ...attributes });
}

/** A line through points; a missing point (null) leaves a gap. */
export function curve(
  points: readonly (readonly [x: number, y: number] | null)[],
  attributes: Attributes,
): string {
  let d = "";
  points.forEach((point, i) => {
    if (point) d += `${points[i - 1] ? "L" : "M"}${fixed(point[0])} ${fixed(point[1])}`;
  });
  return element("path", { d, fill: "none", ...attributes });
}

/** A dot on each point. */
export function dots(
  points: readonly (readonly [x: number, y: number] | null)[],
  radius: number,
  attributes: Attributes,
): string {
  const drawn = points.filter((point) => point !== null);
  return drawn.map(([cx, cy]) => element("circle", { cx, cy, r: radius, ...attributes })).join("");
}

/** Maps values to positions. */
export type Scale = (value: number) => number;

/** A linear scale from [low, high] to [from, to]. */
export function linearScale(low: number, high: number, from: number, to: number): Scale {
  return (value) => from + ((value - low) / (high - low)) * (to - from);
}

/** A logarithmic scale from [low, high] to [from, to]. */
export function logScale(low: number, high: number, from: number, to: number): Scale {
  return (value) => from + (Math.log(value / low) / Math.log(high / low)) * (to - from);
}

/** Evenly spaced round numbers, at most about `wanted` steps, that enclose `low` and `high`. */
export function niceTicks(low: number, high: number, wanted: number): number[] {
  const span = high - low || Math.abs(high) || 1;
  const power = 10 ** Math.floor(Math.log10(span / wanted));
  const step = power * [1, 2, 5, 10].find((factor) => span / wanted <= factor * power * 1.0001)!;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(Math.ceil(high / step - 1e-9), first + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

/** Powers of ten that enclose `low` and `high`. */
export function decades(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low) + 1e-9);
  const last = Math.max(Math.ceil(Math.log10(high) - 1e-9), first + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
}

const fixed = (value: number) => String(Math.round(value * 100) / 100);

function escaped(content: string): string {
  return content
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;");
}
