/** What the pictures of a study have in common. */
import type { ParamValue } from "webgpu-lstm/search";
import { line, linearScale, logScale, niceTicks, type Scale, text } from "../svg/svg.ts";
import { counted, type Plotted } from "./plot-data.ts";

/** Where a picture goes. */
export interface Area {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Colours of a picture: those of a file, or a page's variables. */
export interface Palette {
  readonly ink: string;
  readonly soft: string;
  readonly grid: string;
  /** Of a trial that counts; of the best; of the defaults; of one that was pruned. */
  readonly trial: string;
  readonly best: string;
  readonly defaults: string;
  readonly pruned: string;
  /** From the best trial, 0, to the worst, 1. */
  readonly shade: (share: number) => string;
}

/** A study with the number of the trial that has the defaults; -1 for none. */
export interface Picture extends Plotted {
  readonly defaults: number;
}

/** A number with three digits. */
export function short(value: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e5)) return value.toExponential(1).replace("e+", "e");
  return String(Number(value.toPrecision(3)));
}

/** A parameter's value in words. */
export function shown(value: ParamValue): string {
  return typeof value === "number" ? short(value) : String(value);
}

/** A scale for values: logarithmic if they are far apart. */
export function valueScale(
  values: readonly number[],
  from: number,
  to: number,
): { at: Scale; ticks: readonly number[] } {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  if (low > 0 && high / low >= 4) {
    const powers = Array.from({ length: 40 }, (_, i) => 10 ** (Math.floor(Math.log10(low)) + i));
    const all = powers.flatMap((power) => [power, 2 * power, 5 * power]);
    const first = all.findLastIndex((tick) => tick <= low * 1.0001);
    const last = all.findIndex((tick) => tick >= high * 0.9999);
    const ticks = all.slice(Math.max(first, 0), last + 1);
    const few =
      ticks.length > 7 ? ticks.filter((tick) => String(tick.toExponential()).startsWith("1")) : ticks;
    return { at: logScale(ticks[0]!, ticks.at(-1)!, from, to), ticks: few };
  }
  const ticks = niceTicks(low, high, 4);
  return { at: linearScale(ticks[0]!, ticks.at(-1)!, from, to), ticks };
}

export function grid(
  { left, top, width, height }: Area,
  y: ReturnType<typeof valueScale>,
  palette: Palette,
): string {
  const marks = y.ticks.map(
    (tick) =>
      line(left, y.at(tick), left + width, y.at(tick), { stroke: palette.grid }) +
      text(left - 8, y.at(tick) + 4, short(tick), { anchor: "end" }, { fill: palette.soft }),
  );
  return marks.join("") + line(left, top + height, left + width, top + height, { stroke: palette.soft });
}

/** Whole numbers along the bottom, at most about `most`. */
export function counts({ top, height }: Area, at: Scale, last: number, palette: Palette): string {
  const step = Math.max(1, niceTicks(0, Math.max(last, 1), 6)[1]!);
  const ticks = Array.from({ length: Math.floor(last / step) + 1 }, (_, i) => i * step);
  return ticks
    .map((tick) =>
      text(at(tick), top + height + 18, String(tick), { anchor: "middle" }, { fill: palette.soft }),
    )
    .join("");
}

export function nothing({ left, top, width, height }: Area, { soft }: Palette): string {
  const what = "No trial is complete yet.";
  return text(left + width / 2, top + height / 2, what, { anchor: "middle" }, { fill: soft });
}

/** The number of the best trial; -1 as long as none is complete. */
export function bestOf(trials: Plotted["trials"], direction: Plotted["direction"]): number {
  const sign = direction === "minimize" ? 1 : -1;
  const complete = counted(trials);
  if (complete.length === 0) return -1;
  return complete.reduce((a, b) => (sign * b.value < sign * a.value ? b : a)).trial.number;
}
