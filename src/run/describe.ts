import type { Dispatch } from "../ops/op.ts";
import type { Program } from "./program.ts";
import { table } from "./table.ts";

/** Consecutive dispatches of one kernel and grid, shown as one line. */
interface Line {
  readonly dispatch: Dispatch;
  count: number;
  flops: number;
  bytes: number;
}

/** A program's dispatches with kernel, grid, operations and bytes of each, and the totals. */
export function describeProgram(program: Program): string {
  const { dispatches } = program.source;
  const lines: Line[] = [];
  for (const dispatch of dispatches) {
    const last = lines[lines.length - 1];
    const { flops, bytes } = dispatch;
    if (last?.dispatch.kernel === dispatch.kernel && String(last.dispatch.grid) === String(dispatch.grid)) {
      last.count++;
      last.flops += flops;
      last.bytes += bytes;
    } else {
      lines.push({ dispatch, count: 1, flops, bytes });
    }
  }
  const total = { flops: 0, bytes: 0 };
  const rows = lines.map(({ dispatch, count, flops, bytes }) => {
    total.flops += flops;
    total.bytes += bytes;
    const { name, declaration } = dispatch.kernel;
    return [
      `${count}`,
      declaration.halves ? `${name} (f16)` : name,
      dispatch.grid.join("×"),
      mega(flops),
      mega(bytes),
    ];
  });
  const { facts } = program.context;
  const choices = program.source.choices.made.map(({ what, version, reason, micros }) => {
    const times = Object.entries(micros)
      .sort(([, a], [, b]) => a - b)
      .map(([name, time]) => `${name} ${time.toPrecision(3)}`);
    return [what, version, reason, times.join(", ")];
  });
  const wrong = program.source.choices.made.flatMap(({ what, version, wrong }) =>
    wrong.map((one) => {
      const status = one === version ? "pinned for" : "left out of";
      return `${status} ${what}, ${one === version ? "though" : "as"} wrong on this adapter: ${one}`;
    }),
  );
  return [
    table([["dispatches", "kernel", "workgroups", "MFLOP", "MB"], ...rows], [1, 2]),
    `total: ${dispatches.length} dispatches in ${program.submissions} submission(s), ${mega(total.flops)} MFLOP, ` +
      `${mega(total.bytes)} MB moved at least`,
    memoryLine(program),
    `planned for: ${facts.gflops.toFixed(1)} GFLOP/s, ${facts.gloads.toFixed(2)}·10⁹ loads a second, ` +
      `${facts.barrierMicros.toFixed(2)} µs a barrier, ${facts.dispatchMicros.toFixed(1)} µs a dispatch`,
    ...(choices.length > 0
      ? [
          table(
            [["version of", "chosen", "because", "predicted µs a dispatch, or a time step"], ...choices],
            [0, 1, 2, 3],
          ),
        ]
      : []),
    ...wrong,
  ].join("\n");
}

/** The program's memory, and its share per time step of a recurrent layer. */
function memoryLine({ memory, source }: Program): string {
  const { activation, input, output, uniform } = memory;
  const units = source.graph.nodes.reduce((sum, node) => {
    const recurrent = node.kind === "forward" ? node.op.units?.(node.inputs, node.attributes) : undefined;
    return sum + (recurrent ?? 0);
  }, 0);
  const each = units > 0 ? ` (${(activation / units).toFixed(1)} bytes a time step, batch row and unit)` : "";
  return (
    `held: ${mega(activation)} MB of activations${each}, ${mega(input)} of inputs, ${mega(output)} of scalar results, ` +
    `${mega(uniform)} of uniforms`
  );
}

function mega(value: number): string {
  return (value / 1e6).toFixed(3);
}
