/** A line chart with axes, a grid and a legend, for a picture that a program saves. */
import { curve, dots, line, linearScale, niceTicks, type Scale, text } from "./svg.ts";

/** One line of a chart; a missing value (null) leaves a gap. */
interface Line {
  readonly name: string;
  readonly color: string;
  readonly y: readonly (number | null)[];
  readonly width?: number;
  readonly dashes?: string;
  readonly dots?: boolean;
}

/** A chart whose lines share the x positions 0, 1, 2, … */
interface Panel {
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
  /** A vertical line with a label. */
  readonly mark?: { readonly at: number; readonly label: string };
}

export const INK = "#222222";
export const SOFT = "#6b6b6b";
const GRID = "#e4e4e4";

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
  const right = left + width;
  const bottom = top + height;
  const x: Scale = count > 1 ? linearScale(0, count - 1, left, right) : () => left + width / 2;
  const y = linearScale(ticks[0]!, ticks.at(-1)!, bottom, top);

  let out = text(left, top - 34, chart.title, { size: 14, bold: true }, { fill: INK });
  out += legend(chart);
  for (const tick of ticks) {
    out += line(left, y(tick), right, y(tick), { stroke: GRID });
    out += text(left - 8, y(tick) + 4, label(tick, ticks[1]! - ticks[0]!), { anchor: "end" }, { fill: SOFT });
  }
  for (const { at, label } of chart.xTicks) {
    out += line(x(at), bottom, x(at), bottom + 4, { stroke: SOFT });
    out += text(x(at), bottom + 18, label, { anchor: "middle" }, { fill: SOFT });
  }
  out += line(left, bottom, right, bottom, { stroke: SOFT });
  const turn = { fill: SOFT, transform: `translate(${left - 40} ${top + height / 2}) rotate(-90)` };
  out += text(0, 0, chart.yLabel, { anchor: "middle" }, turn);
  if (chart.xLabel) {
    out += text(left + width / 2, bottom + 36, chart.xLabel, { anchor: "middle" }, { fill: SOFT });
  }
  if (chart.mark) {
    const { at, label } = chart.mark;
    const before = at > count / 2;
    out += line(x(at), top, x(at), bottom, { stroke: SOFT, "stroke-dasharray": "3 3" });
    out += text(
      x(at) + (before ? -6 : 6),
      top + 12,
      label,
      { anchor: before ? "end" : "start" },
      { fill: SOFT },
    );
  }
  for (const drawn of lines) out += path(drawn, x, y);
  return out;
}

function path({ y: values, color, width = 1.5, dashes, dots: dotted }: Line, x: Scale, y: Scale): string {
  const points = values.map((value, i) => (value === null ? null : ([x(i), y(value)] as const)));
  const stroke = { stroke: color, "stroke-width": width, "stroke-linejoin": "round" };
  const drawn = curve(points, { ...stroke, "stroke-dasharray": dashes });
  return dotted ? drawn + dots(points, width + 1.5, { fill: color }) : drawn;
}

/** Names beside short strokes, in one row under the title. */
function legend({ left, top, lines }: Panel): string {
  let out = "";
  let x = left;
  for (const { name, color, width = 1.5, dashes } of lines) {
    const stroke = { stroke: color, "stroke-width": width, "stroke-dasharray": dashes };
    out += line(x, top - 17, x + 22, top - 17, stroke);
    out += text(x + 28, top - 13, name, {}, { fill: SOFT });
    x += 28 + name.length * 6.4 + 22;
  }
  return out;
}

const label = (tick: number, step: number) => tick.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
