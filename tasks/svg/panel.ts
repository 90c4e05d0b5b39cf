/** Line charts as SVG text: just enough for a plot that a program saves. */

/** One line of a chart; a missing value (null) leaves a gap. */
export interface Line {
  readonly name: string;
  readonly color: string;
  readonly y: readonly (number | null)[];
  readonly width?: number;
  readonly dashes?: string;
  readonly dots?: boolean;
}

/** One chart: its lines share the x positions 0, 1, 2, … */
export interface Panel {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly yLabel: string;
  readonly xLabel?: string;
  readonly xTicks: readonly { readonly at: number; readonly label: string }[];
  readonly lines: readonly Line[];
  /** Whether the y axis starts at 0. */
  readonly fromZero?: boolean;
  /** A vertical line with a note. */
  readonly mark?: { readonly at: number; readonly label: string };
}

const INK = "#222222";
const SOFT = "#6b6b6b";
const GRID = "#e4e4e4";

/** The whole picture: `body` on white, with a text alternative. */
export function svg(width: number, height: number, title: string, body: string): string {
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" ` +
    `viewBox="0 0 ${width} ${height}" font-family="system-ui, 'Helvetica Neue', Arial, sans-serif" role="img">\n` +
    `<title>${escapeText(title)}</title>\n<rect width="100%" height="100%" fill="#ffffff"/>\n${body}</svg>\n`
  );
}

/** A line of text. */
export function text(
  x: number,
  y: number,
  content: string,
  { size = 12, color = INK, anchor = "start", bold = false } = {},
): string {
  const weight = bold ? ' font-weight="600"' : "";
  return (
    `<text x="${fixed(x)}" y="${fixed(y)}" font-size="${size}" fill="${color}" text-anchor="${anchor}"${weight}>` +
    `${escapeText(content)}</text>\n`
  );
}

/** A chart with axes, a grid, its lines and their legend. */
export function panel(chart: Panel): string {
  const { left, top, width, height, lines } = chart;
  const values = lines.flatMap(({ y }) => y.filter((v) => v !== null));
  if (values.length === 0) throw new Error(`panel: "${chart.title}" has no values to draw`);
  const count = Math.max(...lines.map(({ y }) => y.length));
  const ticks = niceTicks(
    chart.fromZero ? 0 : Math.min(...values),
    Math.max(...values),
    height > 200 ? 6 : 4,
  );
  const [low, high] = [ticks[0]!, ticks.at(-1)!];
  const x = (i: number) => left + (count > 1 ? i / (count - 1) : 0.5) * width;
  const y = (v: number) => top + height - ((v - low) / (high - low)) * height;

  let out = text(left, top - 34, chart.title, { size: 14, bold: true });
  out += legend(chart);
  for (const tick of ticks) {
    out += rule(left, y(tick), left + width, y(tick), GRID);
    out += text(left - 8, y(tick) + 4, label(tick, ticks[1]! - ticks[0]!), { color: SOFT, anchor: "end" });
  }
  for (const { at, label } of chart.xTicks) {
    out += rule(x(at), top + height, x(at), top + height + 4, SOFT);
    out += text(x(at), top + height + 18, label, { color: SOFT, anchor: "middle" });
  }
  out += rule(left, top + height, left + width, top + height, SOFT);
  out += `<g transform="translate(${left - 40} ${top + height / 2}) rotate(-90)">`;
  out += `${text(0, 0, chart.yLabel, { color: SOFT, anchor: "middle" })}</g>\n`;
  if (chart.xLabel) {
    out += text(left + width / 2, top + height + 36, chart.xLabel, { color: SOFT, anchor: "middle" });
  }
  if (chart.mark) {
    const right = chart.mark.at > count / 2;
    out += rule(x(chart.mark.at), top, x(chart.mark.at), top + height, SOFT, "3 3");
    out += text(x(chart.mark.at) + (right ? -6 : 6), top + 12, chart.mark.label, {
      color: SOFT,
      anchor: right ? "end" : "start",
    });
  }
  for (const line of lines) out += path(line, x, y);
  return out;
}

function path({ y: values, color, width = 1.5, dashes, dots }: Line, x: Scale, y: Scale): string {
  let d = "";
  let drawing = false;
  values.forEach((value, i) => {
    if (value !== null) d += `${drawing ? "L" : "M"}${fixed(x(i))} ${fixed(y(value))}`;
    drawing = value !== null;
  });
  const dash = dashes ? ` stroke-dasharray="${dashes}"` : "";
  let out = `<path d="${d}" fill="none" stroke="${color}" stroke-width="${width}" stroke-linejoin="round"${dash}/>\n`;
  values.forEach((value, i) => {
    if (!dots || value === null) return;
    out += `<circle cx="${fixed(x(i))}" cy="${fixed(y(value))}" r="${width + 1.5}" fill="${color}"/>\n`;
  });
  return out;
}

type Scale = (value: number) => number;

/** Names beside short strokes, in one row under the title. */
function legend({ left, top, lines }: Panel): string {
  let out = "";
  let x = left;
  for (const { name, color, width = 1.5, dashes } of lines) {
    out += rule(x, top - 17, x + 22, top - 17, color, dashes, width);
    out += text(x + 28, top - 13, name, { color: SOFT });
    x += 28 + name.length * 6.4 + 22;
  }
  return out;
}

function rule(
  x1: number,
  y1: number,
  x2: number,
  y2: number,
  color: string,
  dashes?: string,
  width = 1,
): string {
  const dash = dashes ? ` stroke-dasharray="${dashes}"` : "";
  return (
    `<line x1="${fixed(x1)}" y1="${fixed(y1)}" x2="${fixed(x2)}" y2="${fixed(y2)}" ` +
    `stroke="${color}" stroke-width="${width}"${dash}/>\n`
  );
}

/** Round numbers, at most about `wanted` steps, that take in everything from `low` to `high`. */
export function niceTicks(low: number, high: number, wanted: number): number[] {
  const span = high - low || Math.abs(high) || 1;
  const power = 10 ** Math.floor(Math.log10(span / wanted));
  const step = power * [1, 2, 5, 10].find((factor) => span / wanted <= factor * power * 1.0001)!;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(Math.ceil(high / step - 1e-9), first + 1);
  return Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
}

const label = (tick: number, step: number) => tick.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
const fixed = (value: number) => String(Math.round(value * 100) / 100);
const escapeText = (content: string) =>
  content.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
