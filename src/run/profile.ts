import type { GpuContext } from "../gpu/context.ts";
import { Timestamps } from "../gpu/timestamps.ts";
import type { Dispatch } from "../ops/op.ts";
import { table } from "./table.ts";

/** GPU time of one dispatch, in µs. */
export interface DispatchTime {
  /** The kernel's name. */
  readonly kernel: string;
  /** Begin, in µs since the first dispatch began. */
  readonly beginMicros: number;
  /** How long it ran, in µs. */
  readonly micros: number;
  /** Floating-point operations; a multiply-add counts 2. */
  readonly flops: number;
  /** Bytes that the algorithm reads and writes at least. */
  readonly bytes: number;
}

/** Totals of all dispatches of one kernel. */
export interface KernelTime {
  /** The kernel's name. */
  readonly kernel: string;
  /** How often it ran. */
  readonly dispatches: number;
  /** How long it ran in all, in µs. */
  readonly micros: number;
  /** Floating-point operations; a multiply-add counts 2. */
  readonly flops: number;
  /** Bytes that the algorithm reads and writes at least. */
  readonly bytes: number;
}

/** GPU times of one run, by dispatch and by kernel, from `step.profile()`. */
export class Profile {
  /** In the order of the program. */
  readonly dispatches: readonly DispatchTime[];

  /** @internal */
  constructor(dispatches: readonly Dispatch[], times: readonly { begin: number; end: number }[]) {
    this.dispatches = dispatches.map(({ kernel, flops, bytes }, i) => {
      const { begin, end } = times[i]!;
      return { kernel: kernel.name, beginMicros: begin, micros: Math.max(0, end - begin), flops, bytes };
    });
  }

  /** The kernels, slowest first. */
  get kernels(): readonly KernelTime[] {
    const kernels = new Map<string, KernelTime>();
    for (const { kernel, micros, flops, bytes } of this.dispatches) {
      const known = kernels.get(kernel) ?? { kernel, dispatches: 0, micros: 0, flops: 0, bytes: 0 };
      kernels.set(kernel, {
        kernel,
        dispatches: known.dispatches + 1,
        micros: known.micros + micros,
        flops: known.flops + flops,
        bytes: known.bytes + bytes,
      });
    }
    return [...kernels.values()].sort((a, b) => b.micros - a.micros);
  }

  /** GPU time of all dispatches, in µs, without the gaps between them. */
  get micros(): number {
    return this.dispatches.reduce((sum, { micros }) => sum + micros, 0);
  }

  /** A table of the kernels: time, share, rate of operations and of bytes. */
  toString(): string {
    const total = this.micros || 1;
    const rows = this.kernels.map(({ kernel, dispatches, micros, flops, bytes }) => [
      `${dispatches}`,
      kernel,
      (micros / 1e3).toFixed(3),
      `${((100 * micros) / total).toFixed(1)} %`,
      micros > 0 ? (flops / micros / 1e3).toFixed(2) : "",
      micros > 0 ? (bytes / micros / 1e3).toFixed(2) : "",
    ]);
    return [
      table([["dispatches", "kernel", "ms", "share", "GFLOP/s", "GB/s"], ...rows], [1]),
      `total: ${this.dispatches.length} dispatches, ${(this.micros / 1e3).toFixed(3)} ms on the GPU`,
    ].join("\n");
  }

  /** The run as a JSON trace for chrome://tracing or https://ui.perfetto.dev. */
  toChromeTrace(): string {
    const traceEvents = this.dispatches.map(({ kernel, beginMicros, micros, flops, bytes }, index) => ({
      name: kernel,
      cat: "gpu",
      ph: "X",
      ts: beginMicros,
      dur: micros,
      pid: 1,
      tid: 1,
      args: { index, flops, bytes },
    }));
    return JSON.stringify({ traceEvents, displayTimeUnit: "ms" });
  }
}

/** Runs a program of up to `count` dispatches between timestamps, and gives the times of those that ran. */
export async function profile(
  context: GpuContext,
  count: number,
  run: (timestamps: Timestamps) => { readonly dispatches: readonly Dispatch[] },
): Promise<Profile> {
  if (!context.gpu.features.has("timestamp-query")) {
    throw context.failure(
      "step.profile: this device has no timestamps; use one with the feature timestamp-query (Device.request asks for it where " +
        "the adapter has it; with Device.from, ask for it yourself)",
    );
  }
  const timestamps = new Timestamps(context, count);
  try {
    const { dispatches } = run(timestamps);
    return new Profile(dispatches, await timestamps.read(dispatches.length));
  } finally {
    timestamps.dispose();
  }
}
