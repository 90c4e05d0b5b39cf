import type { Figures } from "./figures.ts";
import { digits, markdown, percent, spread } from "./markdown.ts";
import type { Failure } from "./measure.ts";

const OURS = "webgpu-lstm";

/** The name of a contestant's column. */
function columnOf({ contestant, place }: { readonly contestant: string; readonly place: string }): string {
  return contestant === OURS ? `${OURS}, ${place}` : contestant;
}

/** The names of all columns, in order of first appearance. */
function columnsOf(rows: readonly { readonly contestant: string; readonly place: string }[]): string[] {
  return [...new Set(rows.map(columnOf))];
}

/** Milliseconds a step: a row for each workload, a column for each contestant, and notes about missing times. */
export function stepTable(figures: readonly Figures[], failures: readonly Failure[]): string {
  const columns = columnsOf([...figures, ...failures]);
  const workloads = [...new Set(figures.map(({ workload }) => workload))];
  const rows = workloads.map((name) => [
    name,
    ...columns.map((column) =>
      spread(figures.find((row) => row.workload === name && columnOf(row) === column)?.stepMs ?? null),
    ),
  ]);
  const reasons = new Map<string, string[]>();
  for (const { contestant, workload, reason } of failures) {
    if (workload.recompute) continue;
    const why = `${contestant}: ${reason}`;
    reasons.set(why, [...(reasons.get(why) ?? []), workload.name]);
  }
  const notes = [...reasons].map(([why, names]) => `- ${names.join(", ")} without a time, ${why}`);
  return [markdown([["ms a step", ...columns], ...rows]), ...(notes.length > 0 ? ["", ...notes] : [])].join(
    "\n",
  );
}

/** The median time of each peer divided by this library's in the browser. */
export function ratioTable(figures: readonly Figures[]): string {
  const base = figures.filter(({ contestant, place }) => contestant === OURS && !place.startsWith("Node"));
  const others = figures.filter((row) => !base.includes(row));
  if (base.length === 0 || others.length === 0) return "";
  const columns = columnsOf(others);
  const rows = base.map(({ workload, stepMs }) => [
    workload,
    ...columns.map((column) => {
      const other = others.find((row) => row.workload === workload && columnOf(row) === column);
      return other ? `${digits(other.stepMs.median / stepMs.median)}×` : "–";
    }),
  ]);
  return markdown([["time / ours in the browser", ...columns], ...rows]);
}

const COLUMNS: readonly (readonly [name: string, cell: (figures: Figures) => string])[] = [
  ["workload", ({ workload }) => workload],
  ["place", ({ place }) => place],
  ["ms a step", ({ stepMs }) => spread(stepMs)],
  ["samples", ({ stepMs }) => `${stepMs.runs}`],
  ["CPU ms a step", ({ stepCpuMs }) => spread(stepCpuMs)],
  ["MFLOP a step", ({ megaflop }) => digits(megaflop)],
  ["GFLOP/s", ({ gflops }) => digits(gflops)],
  ["FMA rate, GFLOP/s", ({ ceilingGflops }) => spread(ceilingGflops)],
  ["share", ({ shareOfCeiling }) => percent(shareOfCeiling)],
  ["share by CPU", ({ shareByCpu }) => percent(shareByCpu)],
  ["dispatches", ({ dispatches }) => `${dispatches}`],
  ["encode, µs", ({ encodeMicros }) => spread(encodeMicros)],
  ["µs a dispatch", ({ encodeMicrosADispatch }) => digits(encodeMicrosADispatch)],
  ["first step, ms", ({ firstStepMs }) => digits(firstStepMs)],
  ["MB", ({ bytesTotal }) => digits(bytesTotal && bytesTotal / 1e6)],
];

/** All figures of this library. */
export function ownTable(figures: readonly Figures[]): string {
  const own = figures.filter(({ contestant }) => contestant === OURS);
  const rows = [COLUMNS.map(([name]) => name), ...own.map((row) => COLUMNS.map(([, cell]) => cell(row)))];
  return markdown(rows, 2);
}

/** Further figures of the peers. */
export function peerTable(figures: readonly Figures[]): string {
  const peers = figures.filter(({ contestant }) => contestant !== OURS);
  if (peers.length === 0) return "";
  const rows = peers.map(({ workload, contestant, stepMs, firstStepMs, dispatches, peakBytes }) => [
    workload,
    contestant,
    spread(stepMs),
    `${stepMs.runs}`,
    digits(firstStepMs),
    dispatches === null ? "–" : `${dispatches}`,
    digits(peakBytes && peakBytes / 1e6),
  ]);
  const header = [
    "workload",
    "library",
    "ms a step",
    "samples",
    "first step, ms",
    "kernels a step",
    "peak MB",
  ];
  return markdown([header, ...rows], 2);
}

/** Bytes by role in kB, activation bytes for each (t, b, unit), and peaks beside TensorFlow.js's: a row for each workload. */
export function memoryTable(figures: readonly Figures[]): string {
  const own = figures.filter(({ contestant, place }, _, all) => {
    const first = all.find((row) => row.contestant === OURS)!;
    return contestant === OURS && place === first.place;
  });
  const roles = [...new Set(own.flatMap(({ bytes }) => Object.keys(bytes)))];
  const peers = [...new Set(figures.map(({ contestant }) => contestant))].filter(
    (name) => name !== OURS && figures.some((row) => row.contestant === name && row.peakBytes !== null),
  );
  const header = [
    "workload",
    ...roles.map((role) => `${role}, kB`),
    "activation bytes a (t, b, unit)",
    "peak MB",
    ...peers.map((name) => `${name}'s peak MB`),
  ];
  const rows = own.map(({ workload, bytes, activationBytes, peakBytes }) => [
    workload,
    ...roles.map((role) => digits((bytes[role] ?? 0) / 1e3)),
    digits(activationBytes),
    digits(peakBytes && peakBytes / 1e6),
    ...peers.map((name) => {
      const peer = figures.find((row) => row.workload === workload && row.contestant === name);
      return digits(peer?.peakBytes ? peer.peakBytes / 1e6 : null);
    }),
  ]);
  return markdown([header, ...rows]);
}
