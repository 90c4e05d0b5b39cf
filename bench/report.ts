import type { Measurement } from "./measure.ts";
import { type Summary, summarize } from "./statistics.ts";

/** A measurement's samples put together. */
export interface Figures {
  readonly workload: string;
  readonly contestant: string;
  readonly stepMs: Summary;
  readonly stepCpuMs: Summary;
  readonly encodeMicros: Summary;
  readonly encodeMicrosADispatch: number;
  readonly firstStepMs: number;
  readonly dispatches: number;
  readonly megaflop: number;
  readonly gflops: number;
  readonly ceilingGflops: Summary;
  /** Each run's rate over the ceiling measured beside it; the median of those. */
  readonly shareOfCeiling: number;
  /** The same, both by the time of the cores; null where the adapter's work is not done by them. */
  readonly shareByCpu: number | null;
  readonly bytes: Readonly<Record<string, number>>;
  readonly bytesTotal: number;
}

/** @param software Whether the adapter is the machine's own cores. */
export function figuresOf(
  { workload, contestant, firstStepMs, work, samples }: Measurement,
  software: boolean,
): Figures {
  const { flops = 0, dispatches = 0, bytes = {} } = work;
  const { steps, encodeMs, ceilings } = samples;
  const step = summarize(steps.map(({ wallMs }) => wallMs));
  const encode = summarize(encodeMs.map((ms) => ms * 1e3));
  const shares = steps.map(({ wallMs }, i) => flops / (wallMs * 1e6) / ceilings[i]!.wall);
  const cpuShares = steps.map(({ cpuMs }, i) => flops / (cpuMs * 1e6) / ceilings[i]!.cpu);
  return {
    workload: workload.name,
    contestant,
    stepMs: step,
    stepCpuMs: summarize(steps.map(({ cpuMs }) => cpuMs)),
    encodeMicros: encode,
    encodeMicrosADispatch: encode.median / dispatches,
    firstStepMs,
    dispatches,
    megaflop: flops / 1e6,
    gflops: flops / (step.median * 1e6),
    ceilingGflops: summarize(ceilings.map(({ wall }) => wall)),
    shareOfCeiling: summarize(shares).median,
    shareByCpu: software ? summarize(cpuShares).median : null,
    bytes,
    bytesTotal: Object.values(bytes).reduce((sum, bytes) => sum + bytes, 0),
  };
}

const COLUMNS: readonly (readonly [name: string, cell: (figures: Figures) => string])[] = [
  ["workload", ({ workload }) => workload],
  ["library", ({ contestant }) => contestant],
  ["ms a step", ({ stepMs }) => spread(stepMs)],
  ["CPU ms a step", ({ stepCpuMs }) => spread(stepCpuMs)],
  ["MFLOP a step", ({ megaflop }) => digits(megaflop)],
  ["GFLOP/s", ({ gflops }) => digits(gflops)],
  ["FMA rate, GFLOP/s", ({ ceilingGflops }) => spread(ceilingGflops)],
  ["share", ({ shareOfCeiling }) => `${digits(shareOfCeiling * 100)} %`],
  ["share by CPU", ({ shareByCpu }) => (shareByCpu === null ? "–" : `${digits(shareByCpu * 100)} %`)],
  ["dispatches", ({ dispatches }) => `${dispatches}`],
  ["encode, µs", ({ encodeMicros }) => spread(encodeMicros)],
  ["µs a dispatch", ({ encodeMicrosADispatch }) => digits(encodeMicrosADispatch)],
  ["first step, ms", ({ firstStepMs }) => digits(firstStepMs)],
  ["MB", ({ bytesTotal }) => digits(bytesTotal / 1e6)],
];

/** The figures as a Markdown table with aligned columns. */
export function table(figures: readonly Figures[]): string {
  const rows = [COLUMNS.map(([name]) => name), ...figures.map((row) => COLUMNS.map(([, cell]) => cell(row)))];
  return markdown(rows);
}

/** Bytes by role, in kB, a row a workload. */
export function memoryTable(figures: readonly Figures[]): string {
  const roles = [...new Set(figures.flatMap(({ bytes }) => Object.keys(bytes)))];
  const header = ["workload", "library", ...roles.map((role) => `${role}, kB`)];
  const rows = figures.map(({ workload, contestant, bytes }) => [
    workload,
    contestant,
    ...roles.map((role) => digits((bytes[role] ?? 0) / 1e3)),
  ]);
  return markdown([header, ...rows]);
}

function markdown(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const isText = (column: number) => column < 2;
  const line = (row: readonly string[]) =>
    `| ${row.map((cell, i) => (isText(i) ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(" | ")} |`;
  const rule = `|${widths.map((width, i) => (isText(i) ? "-".repeat(width + 2) : `${"-".repeat(width + 1)}:`)).join("|")}|`;
  return [line(rows[0]!), rule, ...rows.slice(1).map(line)].join("\n");
}

/** Median and quartiles: `12.3 (11.9–13.0)`. */
function spread({ median, quartiles: [low, high] }: Summary): string {
  return `${digits(median)} (${digits(low)}–${digits(high)})`;
}

/** Three significant digits, without an exponent. */
function digits(value: number): string {
  if (value === 0) return "0";
  const decimals = Math.max(0, 2 - Math.floor(Math.log10(Math.abs(value))));
  return value.toFixed(Math.min(decimals, 6));
}
