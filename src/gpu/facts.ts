import barrierSource from "../../shaders/measure_barrier.wgsl?raw";
import fmaSource from "../../shaders/measure_fma.wgsl?raw";
import { checkInteger, checkNumber, checkOptions } from "../errors.ts";
import type { AdapterFacts, GpuContext } from "./context.ts";
import { BindGroups, Kernel, type PreparedDispatch, UNIFORM_ALIGNMENT } from "./kernel.ts";

export type { AdapterFacts };

export const measureBarrier = new Kernel({
  name: "measure_barrier",
  source: barrierSource,
  workgroup: [64, 1, 1],
  params: { count: "u32" },
  bindings: { out: "read_write" },
});

export const measureFma = new Kernel({
  name: "measure_fma",
  source: fmaSource,
  workgroup: [64, 1, 1],
  params: { count: "u32", factor: "f32" },
  bindings: { out: "read_write" },
});

/** Throws an OptionError unless `facts` is complete and every fact possible. */
export function checkFacts(where: string, facts: AdapterFacts): AdapterFacts {
  const names = ["gflops", "barrierMicros", "dispatchMicros"] as const;
  checkOptions(where, facts, [...names, "subgroupSize"]);
  checkInteger(where, "subgroupSize", facts.subgroupSize, 0);
  for (const name of names) checkNumber(where, name, facts[name], "a positive number", (n) => n > 0);
  return { ...facts };
}

/** A measured time must stand out of a browser's 2.5 ms answer granularity. */
const LONG_ENOUGH_MS = 8;

/** Workgroups that keep any adapter's cores busy while its FMA rate is measured. */
const FMA_GROUPS = 256;

/** Measures an adapter's facts, in about a tenth of a second. */
export async function measureFacts(context: GpuContext): Promise<AdapterFacts> {
  await context.kernels.compile([measureBarrier, measureFma]);
  const out = context.allocate("activation", FMA_GROUPS * 64 * 4, "measured facts");
  const uniforms = context.allocateUniforms(UNIFORM_ALIGNMENT, "measured facts");
  const groups = new BindGroups();
  const storage = [{ buffer: out, offset: 0, bytes: out.bytes }];

  /** Milliseconds from submission to the end of the work, the best of two. */
  const time = async (kernel: Kernel, params: Record<string, number>, grid: number, repeat = 1) => {
    const bytes = new DataView(new ArrayBuffer(kernel.paramBytes));
    kernel.packParams(params, bytes, 0);
    context.write(uniforms, 0, bytes);
    const dispatch = context.kernels.prepare(kernel, uniforms, 0, storage, [grid, 1, 1], groups);
    const work = new Array<PreparedDispatch>(repeat).fill(dispatch);
    let best = Number.POSITIVE_INFINITY;
    for (let i = 0; i < 2; i++) {
      const start = performance.now();
      context.submit(work);
      await context.idle();
      best = Math.min(best, performance.now() - start);
    }
    return best;
  };

  const empty = await time(measureFma, { count: 0, factor: 0.5 }, 1);
  /** Multiplies the work by four until it stands out; gives the time of one unit, in ms. */
  const unit = async (start: number, limit: number, run: (count: number) => Promise<number>) => {
    for (let count = start; ; count *= 4) {
      const ms = (await run(count)) - empty;
      if (ms > LONG_ENOUGH_MS || count * 4 > limit) return Math.max(ms, 1e-3) / count;
    }
  };
  try {
    const round = await unit(16, 1 << 16, (count) => time(measureFma, { count, factor: 0.5 }, FMA_GROUPS));
    // A round has two barriers.
    const barriers = await unit(256, 1 << 16, (count) => time(measureBarrier, { count }, 1));
    const dispatch = await unit(64, 1 << 12, (count) =>
      time(measureFma, { count: 0, factor: 0.5 }, 1, count),
    );
    return {
      gflops: (FMA_GROUPS * 64 * 64) / (round * 1e6),
      barrierMicros: (barriers * 1e3) / 2,
      dispatchMicros: dispatch * 1e3,
      subgroupSize: context.facts.subgroupSize,
    };
  } finally {
    out.dispose();
    uniforms.dispose();
  }
}
