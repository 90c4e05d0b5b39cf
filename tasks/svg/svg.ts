/** Charts as SVG text that is legible on a light and on a dark page: just what the report's plots need. */

/** Colours by class: light first, dark where the reader's system is. */
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

export type Tone = "ours" | "peer" | "second";

export function svg(width: number, height: number, title: string, body: string): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" ` +
    `font-family="system-ui, 'Helvetica Neue', Arial, sans-serif" font-size="12" role="img">\n` +
    `<title>${escaped(title)}</title>\n<style>${STYLE}\n</style>\n` +
    `<rect class="page" width="100%" height="100%"/>\n${body}</svg>\n`
  );
}

export function text(
  x: number,
  y: number,
  content: string,
  { tone = "soft", anchor = "start", bold = false, size = 12 } = {},
): string {
  const weight = bold ? ' font-weight="600"' : "";
  return (
    `<text class="${tone}" x="${fixed(x)}" y="${fixed(y)}" font-size="${size}" text-anchor="${anchor}"${weight}>` +
    `${escaped(content)}</text>\n`
  );
}

export function line(x1: number, y1: number, x2: number, y2: number, tone: string, dashes = ""): string {
  const dash = dashes ? ` stroke-dasharray="${dashes}"` : "";
  return `<line class="${tone}" x1="${fixed(x1)}" y1="${fixed(y1)}" x2="${fixed(x2)}" y2="${fixed(y2)}"${dash}/>\n`;
}

export function bar(x: number, y: number, width: number, height: number, tone: Tone): string {
  return `<rect class="bar ${tone}" x="${fixed(x)}" y="${fixed(y)}" width="${fixed(width)}" height="${fixed(height)}" rx="2"/>\n`;
}

/** A line through points, with a dot on each. */
export function curve(points: readonly (readonly [x: number, y: number])[], tone: Tone): string {
  const d = points.map(([x, y], i) => `${i === 0 ? "M" : "L"}${fixed(x)} ${fixed(y)}`).join("");
  const dots = points.map(
    ([x, y]) => `<circle class="${tone}" cx="${fixed(x)}" cy="${fixed(y)}" r="2.5"/>\n`,
  );
  return `<path class="line ${tone}" d="${d}"/>\n${dots.join("")}`;
}

/** A logarithmic scale from [low, high] to [from, to]. */
export function logScale(low: number, high: number, from: number, to: number): (value: number) => number {
  return (value) => from + (Math.log(value / low) / Math.log(high / low)) * (to - from);
}

/** Powers of ten from the one at or below `low` to the one at or above `high`. */
export function decades(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low) + 1e-9);
  const last = Math.max(Math.ceil(Math.log10(high) - 1e-9), first + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => 10 ** (first + i));
}

const fixed = (value: number) => String(Math.round(value * 10) / 10);
const escaped = (content: string) =>
  content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
